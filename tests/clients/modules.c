/* SPDX-License-Identifier: MIT */
/* Shared libraries with variables of each thread, opened and closed while threads run. */
#include "client.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 12, ROUNDS = 50, OPENERS = 6, OPENINGS = 30 };

struct module {
	void *handle;
	int *(*number)(void);
	char *(*room)(void);
	void (*visit)(atomic_int *gone);
};

static struct module module;
static sem_t opened, begun, leave;
static atomic_bool is_open, over;
static atomic_int gone;

static struct module open_module(void)
{
	/* Beside this program, where libtool puts it. */
	const char *slash = strrchr(client_argv[0], '/');
	struct module m = { 0 };
	char path[4096];

	CHECK(slash);
	snprintf(path, sizeof(path), "%.*s/.libs/module.so", (int)(slash - client_argv[0]), client_argv[0]);
	m.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (m.handle) {
		m.number = (int *(*)(void))dlsym(m.handle, "module_number");
		m.room = (char *(*)(void))dlsym(m.handle, "module_room");
		m.visit = (void (*)(atomic_int *))dlsym(m.handle, "module_visit");
	}
	if (!m.number || !m.room || !m.visit)
		client_fail(__FILE__, __LINE__, dlerror());
	return m;
}

static void use_own(int me)
{
	int *n = module.number();
	char *room = module.room();

	CHECK_EQ(*n, 42);
	for (int i = 0; i < 5000; i++)
		CHECK_EQ(room[i], 0);
	for (int round = 0; round < ROUNDS; round++) {
		*n = me * 1000 + round;
		memset(room, me + 1, 5000);
		if (round % 3 == 0)
			sched_yield();
		else if (round % 3 == 1)
			usleep(100);
		else
			burn(1000);
		CHECK(module.number() == n && module.room() == room);
		CHECK_EQ(*n, me * 1000 + round);
		CHECK_EQ(room[round * 99], me + 1);
	}
}

/* Asleep, parked, yielding or computing when the module comes. */
static void *use_what_comes(void *arg)
{
	int me = (int)(intptr_t)arg;

	sem_post(&begun);
	while (!is_open) {
		switch (me % 4) {
		case 0: usleep(500); break;
		case 1: sem_wait(&opened); break;
		case 2: sched_yield(); break;
		case 3: burn(1000); break;
		}
	}
	use_own(me);
	return NULL;
}

static void opened_beside_running(void)
{
	pthread_t t[THREADS];

	sem_init(&opened, 0, 0);
	sem_init(&begun, 0, 0);
	start_threads(t, THREADS, use_what_comes);
	for (int i = 0; i < THREADS; i++)
		sem_wait(&begun);
	sleep_ms(5);
	module = open_module();
	is_open = true;
	for (int i = 0; i < THREADS; i++)
		sem_post(&opened);
	join_threads(t, THREADS);
	CHECK_EQ(*module.number(), 42);
	CHECK_EQ(dlclose(module.handle), 0);
}

static void *visit(void *arg)
{
	if ((intptr_t)arg % 2)
		sched_yield();
	module.visit(&gone);
	sem_post(&begun);
	if ((intptr_t)arg % 3)
		sem_wait(&leave);
	else
		while (!over)
			sched_yield();
	return NULL;
}

/* The module is closed while threads have objects of it: it stays until their destructors have run. */
static void closed_before_destructors(void)
{
	pthread_t t[THREADS];

	sem_init(&begun, 0, 0);
	sem_init(&leave, 0, 0);
	for (int round = 1; round <= 3; round++) {
		over = false;
		module = open_module();
		start_threads(t, THREADS, visit);
		for (int i = 0; i < THREADS; i++)
			sem_wait(&begun);
		CHECK_EQ(dlclose(module.handle), 0);
		CHECK_EQ(gone, (round - 1) * THREADS);
		over = true;
		for (int i = 0; i < THREADS; i++)
			sem_post(&leave);
		join_threads(t, THREADS);
		CHECK_EQ(gone, round * THREADS);
		while (sem_trywait(&leave) == 0)
			continue;
	}
}

static void *open_and_close(void *arg)
{
	for (int i = 0; i < OPENINGS; i++) {
		struct module m = open_module();

		CHECK_EQ(*m.number(), 42);
		if (i % 3 == 0)
			sched_yield();
		else if (i % 3 == 1)
			usleep(100);
		*m.number() = 42;
		memset(m.room(), 1, 5000);
		m.visit(&gone);
		CHECK_EQ(dlclose(m.handle), 0);
	}
	return NULL;
}

/* All at once: it comes and goes, and with it everybody's variables. */
static void opened_and_closed_by_threads(void)
{
	pthread_t t[OPENERS];

	start_threads(t, OPENERS, open_and_close);
	join_threads(t, OPENERS);
	CHECK_EQ(gone, OPENERS);
}

const struct check checks[] = {
	{ "opened_beside_running", opened_beside_running, NULL },
	{ "closed_before_destructors", closed_before_destructors, NULL },
	{ "opened_and_closed_by_threads", opened_and_closed_by_threads, NULL },
	{ 0 },
};
