/* SPDX-License-Identifier: MIT */
/* Condition variables by each version of the libc's symbols: as old programs are linked, and as dlvsym() finds them. */
#include "client.h"

#include <dlfcn.h>
#include <stdint.h>

enum { TURNS = 200, THREADS = 4 };

struct functions {
	int (*init)(void *c, const void *attr);
	int (*destroy)(void *c);
	int (*wait)(void *c, pthread_mutex_t *m);
	int (*timedwait)(void *c, pthread_mutex_t *m, const struct timespec *abstime);
	int (*signal)(void *c);
	int (*broadcast)(void *c);
};

static struct functions f;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c;	/* of the older version: a pointer */
static int turn;

static void find(const char *version)
{
	*(void **)&f.init = dlvsym(RTLD_DEFAULT, "pthread_cond_init", version);
	*(void **)&f.destroy = dlvsym(RTLD_DEFAULT, "pthread_cond_destroy", version);
	*(void **)&f.wait = dlvsym(RTLD_DEFAULT, "pthread_cond_wait", version);
	*(void **)&f.timedwait = dlvsym(RTLD_DEFAULT, "pthread_cond_timedwait", version);
	*(void **)&f.signal = dlvsym(RTLD_DEFAULT, "pthread_cond_signal", version);
	*(void **)&f.broadcast = dlvsym(RTLD_DEFAULT, "pthread_cond_broadcast", version);
	CHECK(f.init && f.destroy && f.wait && f.timedwait && f.signal && f.broadcast);
}

static void *take_turns(void *arg)
{
	pthread_mutex_lock(&m);
	while (turn < TURNS) {
		if (turn % THREADS == (intptr_t)arg) {
			turn++;
			CHECK_EQ(f.broadcast(&c), 0);
		} else {
			CHECK_EQ(f.wait(&c, &m), 0);
		}
	}
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *signal_it(void *arg)
{
	pthread_mutex_lock(&m);
	turn = 0;
	CHECK_EQ(f.signal(&c), 0);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void rounds(void)
{
	struct timespec soon = after_ms(CLOCK_REALTIME, 20), later = after_ms(CLOCK_REALTIME, 20000);
	pthread_t t[THREADS];

	CHECK_EQ(f.init(&c, NULL), 0);
	start_threads(t, THREADS, take_turns);
	join_threads(t, THREADS);
	CHECK_EQ(turn, TURNS);
	pthread_mutex_lock(&m);
	CHECK_EQ(f.timedwait(&c, &m, &soon), ETIMEDOUT);
	start_thread(t, signal_it, NULL);
	while (turn)
		CHECK_EQ(f.timedwait(&c, &m, &later), 0);
	pthread_mutex_unlock(&m);
	join_thread(t[0]);
	CHECK_EQ(f.destroy(&c), 0);
}

static void newer(void)
{
	find("GLIBC_2.3.2");
	rounds();
}

static void older(void)
{
	find("GLIBC_2.2.5");
	rounds();
}

int old_wait(void *c, pthread_mutex_t *m);
__asm__(".symver old_wait, pthread_cond_wait@GLIBC_2.2.5");
int old_signal(void *c);
__asm__(".symver old_signal, pthread_cond_signal@GLIBC_2.2.5");

static void older_linked(void)
{
	find("GLIBC_2.2.5");
	f.wait = old_wait;
	f.signal = old_signal;
	rounds();
}

const struct check checks[] = {
	{ "newer", newer, NULL },
	{ "older", older, NULL },
	{ "older_linked", older_linked, NULL },
	{ 0 },
};
