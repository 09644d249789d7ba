/* SPDX-License-Identifier: MIT */
/* The kinds of mutexes: what each allows, and the error that each names otherwise. */
#include "client.h"

#include <semaphore.h>
#include <stdint.h>

/* musl does not look. */
#ifdef __GLIBC__
enum { DESTROYING = EBUSY };
#else
enum { DESTROYING = 0 };
#endif

static pthread_mutex_t m;
static sem_t step, stepped;

static void make(int type)
{
	pthread_mutexattr_t a;
	int got;

	CHECK_EQ(pthread_mutexattr_init(&a), 0);
	CHECK_EQ(pthread_mutexattr_settype(&a, type), 0);
	CHECK_EQ(pthread_mutexattr_gettype(&a, &got), 0);
	CHECK_EQ(got, type);
	CHECK_EQ(pthread_mutex_init(&m, &a), 0);
	CHECK_EQ(pthread_mutexattr_destroy(&a), 0);
}

static void *try_lock(void *arg)
{
	int e = pthread_mutex_trylock(&m);

	if (!e)
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return (void *)(intptr_t)e;
}

static void *try_unlock(void *arg)
{
	return (void *)(intptr_t)pthread_mutex_unlock(&m);
}

static int in_another(void *(*what)(void *))
{
	pthread_t t;

	start_thread(&t, what, NULL);
	return (int)(intptr_t)join_thread(t);
}

static void *relock_errors(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
	CHECK_EQ(in_another(try_lock), EBUSY);
	CHECK_EQ(pthread_mutex_destroy(&m), DESTROYING);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	CHECK_EQ(in_another(try_lock), 0);
	return NULL;
}

static void normal(void)
{
	make(PTHREAD_MUTEX_NORMAL);
	relock_errors(NULL);
	CHECK_EQ(in_another(relock_errors), 0);
	CHECK_EQ(pthread_mutex_destroy(&m), 0);
}

static void adaptive(void)
{
	make(PTHREAD_MUTEX_ADAPTIVE_NP);
	relock_errors(NULL);
	CHECK_EQ(in_another(relock_errors), 0);
	CHECK_EQ(pthread_mutex_destroy(&m), 0);
}

static void *recursive_steps(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 1000);

	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(pthread_mutex_trylock(&m), 0);
	CHECK_EQ(pthread_mutex_timedlock(&m, &end), 0);
	CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &end), 0);
	for (int held = 5; held; held--) {
		CHECK_EQ(in_another(try_lock), EBUSY);
		CHECK_EQ(in_another(try_unlock), EPERM);
		CHECK_EQ(pthread_mutex_destroy(&m), DESTROYING);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	}
	CHECK_EQ(in_another(try_lock), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	return NULL;
}

static void recursive(void)
{
	make(PTHREAD_MUTEX_RECURSIVE);
	recursive_steps(NULL);
	CHECK_EQ(in_another(recursive_steps), 0);
	CHECK_EQ(pthread_mutex_destroy(&m), 0);
}

static void *errorcheck_steps(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 1000);

	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);
	CHECK_EQ(pthread_mutex_timedlock(&m, &end), EDEADLK);
	CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &end), EDEADLK);
	CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
	CHECK_EQ(in_another(try_lock), EBUSY);
	CHECK_EQ(in_another(try_unlock), EPERM);
	CHECK_EQ(pthread_mutex_destroy(&m), DESTROYING);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	return NULL;
}

static void errorcheck(void)
{
	make(PTHREAD_MUTEX_ERRORCHECK);
	errorcheck_steps(NULL);
	CHECK_EQ(in_another(errorcheck_steps), 0);
	CHECK_EQ(pthread_mutex_destroy(&m), 0);
}

/* musl has a static initialiser for the normal kind only. */
#ifdef __GLIBC__
static pthread_mutex_t st_normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t st_recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t st_errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t st_adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

static void *use_static(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(pthread_mutex_lock(&st_normal), 0);
		CHECK_EQ(pthread_mutex_lock(&st_recursive), 0);
		CHECK_EQ(pthread_mutex_lock(&st_recursive), 0);
		CHECK_EQ(pthread_mutex_lock(&st_errorcheck), 0);
		CHECK_EQ(pthread_mutex_lock(&st_errorcheck), EDEADLK);
		CHECK_EQ(pthread_mutex_lock(&st_adaptive), 0);
		sched_yield();
		CHECK_EQ(pthread_mutex_unlock(&st_adaptive), 0);
		CHECK_EQ(pthread_mutex_unlock(&st_errorcheck), 0);
		CHECK_EQ(pthread_mutex_unlock(&st_recursive), 0);
		CHECK_EQ(pthread_mutex_unlock(&st_recursive), 0);
		CHECK_EQ(pthread_mutex_unlock(&st_normal), 0);
	}
	return NULL;
}

static void static_initialisers(void)
{
	pthread_t t[8];

	start_threads(t, 8, use_static);
	join_threads(t, 8);
	CHECK_EQ(pthread_mutex_unlock(&st_recursive), EPERM);
	CHECK_EQ(pthread_mutex_unlock(&st_errorcheck), EPERM);
}
#endif

static void *hold_until_told(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	sem_post(&stepped);
	sem_wait(&step);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

static void *tell(void *arg)
{
	sem_post(&step);
	return NULL;
}

/* Each kind: main waits in lock() for a holder that itself waits for a third. */
static void blocked_lock(void)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
				     PTHREAD_MUTEX_ADAPTIVE_NP };
	pthread_t holder, third;

	sem_init(&step, 0, 0);
	sem_init(&stepped, 0, 0);
	for (int i = 0; i < 4; i++) {
		make(types[i]);
		start_thread(&holder, hold_until_told, NULL);
		sem_wait(&stepped);
		CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
		start_thread(&third, tell, NULL);
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
		join_thread(third);
		join_thread(holder);
		CHECK_EQ(pthread_mutex_destroy(&m), 0);
	}
}

const struct check checks[] = {
	{ "normal", normal, NULL },
	{ "adaptive", adaptive, NULL },
	{ "recursive", recursive, NULL },
	{ "errorcheck", errorcheck, NULL },
#ifdef __GLIBC__
	{ "static_initialisers", static_initialisers, NULL },
#endif
	{ "blocked_lock", blocked_lock, NULL },
	{ 0 },
};
