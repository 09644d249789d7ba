/* SPDX-License-Identifier: MIT */
/*
 * A program that puts functions of its own before the libc's, as Erlang does with sigaction(), and in them calls the
 * libc's by another name or as the next. Only its own calls come to them.
 */
#include "client.h"

#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);
ssize_t __read(int fd, void *buf, size_t n);
int __nanosleep(const struct timespec *wanted, struct timespec *rest);
int __sched_yield(void);

static int (*next_of(const char *name))(pthread_mutex_t *)
{
	return (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, name);
}

static atomic_int actions, reads, locks, unlocks, sleeps, yields;

int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	actions++;
	return __sigaction(sig, act, old);
}

ssize_t read(int fd, void *buf, size_t n)
{
	reads++;
	return __read(fd, buf, n);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	locks++;
	return next_of("pthread_mutex_lock")(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	unlocks++;
	return next_of("pthread_mutex_unlock")(mutex);
}

int nanosleep(const struct timespec *wanted, struct timespec *rest)
{
	sleeps++;
	return __nanosleep(wanted, rest);
}

int sched_yield(void)
{
	yields++;
	return __sched_yield();
}

static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void of_signals(void)
{
	struct sigaction act = { .sa_handler = handler };
	sigset_t set;

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	CHECK(signal(SIGUSR2, handler) == SIG_DFL);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(raise(SIGUSR2), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	CHECK_EQ(handled, 2);
	printf("%d calls of sigaction\n", actions);
}

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int turn;
static int ends[2];

enum { TURNS = 100 };

static void nothing(void)
{
}

static void *take_turns(void *arg)
{
	int mine = (int)(intptr_t)arg;

	pthread_once(&once, nothing);
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&m);
		while (turn % 2 != mine)
			pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void *write_late(void *arg)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	CHECK_EQ(nanosleep(&ms, NULL), 0);
	CHECK_EQ(usleep(1000), 0);
	CHECK_EQ(sched_yield(), 0);
	CHECK_EQ(write(ends[1], "some text\n", 10), 10);
	close(ends[1]);
	return arg;
}

static void of_locks(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		start_thread(&threads[i], take_turns, (void *)(intptr_t)i);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	printf("%d times locked, %d unlocked\n", locks, unlocks);
}

static void of_descriptors(void)
{
	char text[16] = "", line[32];
	pthread_t thread;
	FILE *stream;

	CHECK_EQ(pipe(ends), 0);
	start_thread(&thread, write_late, NULL);
	CHECK_EQ(read(ends[0], text, 5), 5);
	stream = fdopen(ends[0], "r");
	CHECK(stream && fgets(line, sizeof line, stream));
	CHECK_EQ(pthread_join(thread, NULL), 0);
	printf("%s|%s%d reads, %d sleeps, %d yields\n", text, line, reads, sleeps, yields);
	fclose(stream);
}

const struct check checks[] = {
	{ "of_signals", of_signals },
	{ "of_locks", of_locks },
	{ "of_descriptors", of_descriptors },
	{ 0 },
};
