/* SPDX-License-Identifier: MIT */
/*
 * Threads for a debugger to look at: each waits in its own way inside a function of a telling name, whose argument
 * is given on standard output with the thread's tid. `park parked` then says "ready" and waits to be killed.
 */
#include "client.h"

#include <semaphore.h>
#include <stdint.h>
#include <sys/prctl.h>

/* A debugger sees arguments only where the compiler keeps them. */
#pragma GCC optimize("O0")

static sem_t never, told;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, of_cond = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_t sleeper;
static int ends[2];

static void tell(const char *function, int tag)
{
	printf("tid=%d function=%s tag=%d\n", (int)gettid(), function, tag);
	sem_post(&told);
}

__attribute__((noinline)) static void park_in_sem(int tag)
{
	tell(__func__, tag);
	sem_wait(&never);
}

__attribute__((noinline)) static void park_in_cond(int tag)
{
	tell(__func__, tag);
	pthread_mutex_lock(&of_cond);
	for (;;)
		pthread_cond_wait(&c, &of_cond);
}

__attribute__((noinline)) static void park_in_mutex(int tag)
{
	tell(__func__, tag);
	pthread_mutex_lock(&held);
}

__attribute__((noinline)) static void park_in_rwlock(int tag)
{
	tell(__func__, tag);
	pthread_rwlock_rdlock(&rw);
}

__attribute__((noinline)) static void park_in_barrier(int tag)
{
	tell(__func__, tag);
	pthread_barrier_wait(&barrier);
}

__attribute__((noinline)) static void park_in_sleep(int tag)
{
	tell(__func__, tag);
	sleep(1000);
}

__attribute__((noinline)) static void park_in_read(int tag)
{
	char byte;

	tell(__func__, tag);
	if (read(ends[0], &byte, 1) < 0)
		perror("read");
}

__attribute__((noinline)) static void park_in_join(int tag)
{
	tell(__func__, tag);
	pthread_join(sleeper, NULL);
}

__attribute__((noinline)) static void park_deep(int tag, int depth)
{
	if (depth > 0)
		park_deep(tag, depth - 1);
	else
		park_in_sem(tag);
}

__attribute__((noinline)) static void run_computing(int tag)
{
	tell(__func__, tag);
	for (;;)
		burn(1000);
}

static void *run(void *arg)
{
	int nth = (int)(intptr_t)arg, tag = 100 + nth;

	switch (nth % 10) {
	case 0: park_in_sem(tag); break;
	case 1: park_in_cond(tag); break;
	case 2: park_in_mutex(tag); break;
	case 3: park_in_rwlock(tag); break;
	case 4: park_in_barrier(tag); break;
	case 5: park_in_sleep(tag); break;
	case 6: park_in_read(tag); break;
	case 7: park_in_join(tag); break;
	case 8: park_deep(tag, 5); break;
	default: run_computing(tag); break;
	}
	return NULL;
}

static void prepare(void)
{
	pthread_attr_t a;

	/* A core file holds every stack in full. */
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 256 * 1024);
	CHECK_EQ(pthread_setattr_default_np(&a), 0);
	pthread_attr_destroy(&a);
	/* Where ptrace is limited to descendants, the judge's debugger is none. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	sem_init(&never, 0, 0);
	sem_init(&told, 0, 0);
	pthread_mutex_lock(&held);
	pthread_rwlock_wrlock(&rw);
	pthread_barrier_init(&barrier, NULL, 1000);
	CHECK_EQ(pipe(ends), 0);
}

static void parked(void)
{
	enum { THREADS = 10 };
	pthread_t t;

	prepare();
	start_thread(&sleeper, run, (void *)5L);
	for (intptr_t i = 0; i < THREADS; i++)
		start_thread(&t, run, (void *)i);
	for (int i = 0; i < THREADS + 1; i++)
		sem_wait(&told);
	/* Time to get from the telling to the wait. */
	sleep_ms(100);
	printf("ready\n");
	sem_wait(&never);
}

const struct check checks[] = {
	{ "parked", parked, "mode" },
	{ 0 },
};
