/* SPDX-License-Identifier: MIT */
/*
 * A program for tools to run or to look at: "work" uses each way to wait, says what came of it and ends with 7.
 * The others have one defect each, or none, for sanitizers to find in a thread.
 */
#include "client.h"

#include <semaphore.h>
#include <stdint.h>

/* A debugger sees arguments only where the compiler keeps them. */
#pragma GCC optimize("O0")

enum { THREADS = 4, ROUNDS = 60 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t ended, never;
static pthread_spinlock_t spin;
static __thread int own;
static long total, written;
static int turn;

__attribute__((noinline)) static void add(int id, int round)
{
	pthread_mutex_lock(&m);
	total += id;
	if (round % 10 == 0)
		sched_yield();
	pthread_mutex_unlock(&m);
}

__attribute__((noinline)) static void take_turns(int id)
{
	pthread_mutex_lock(&m);
	for (int i = 0; i < ROUNDS; i++) {
		while (turn % THREADS != id)
			pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
	}
	pthread_mutex_unlock(&m);
}

static void use_rwlock(int round)
{
	if (round % 8 == 0) {
		pthread_rwlock_wrlock(&rw);
		pthread_spin_lock(&spin);
		written++;
		pthread_spin_unlock(&spin);
	} else {
		pthread_rwlock_rdlock(&rw);
	}
	pthread_rwlock_unlock(&rw);
}

static void *work_in_thread(void *arg)
{
	int id = (int)(intptr_t)arg;

	for (own = 0; own < ROUNDS; own++) {
		char *p = malloc(64 + own);

		memset(p, own, 64 + own);
		add(id, own);
		use_rwlock(own);
		if (own % 20 == 0)
			usleep(100);
		free(p);
	}
	pthread_barrier_wait(&barrier);
	take_turns(id);
	sem_post(&ended);
	return (void *)(intptr_t)own;
}

static void work(void)
{
	pthread_t t[THREADS];
	long owns = 0;

	sem_init(&ended, 0, 0);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_barrier_init(&barrier, NULL, THREADS);
	start_threads(t, THREADS, work_in_thread);
	for (int i = 0; i < THREADS; i++)
		sem_wait(&ended);
	for (int i = 0; i < THREADS; i++)
		owns += (intptr_t)join_thread(t[i]);
	printf("total %ld written %ld turns %d own %ld\n", total, written, turn, owns);
	exit(7);
}

static void *add_in_thread(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		add((int)(intptr_t)arg, i);
	return NULL;
}

/* ltrace loses threads that make calls at the same time. */
static void one_by_one(void)
{
	pthread_t t;

	for (intptr_t i = 0; i < THREADS; i++) {
		start_thread(&t, add_in_thread, (void *)i);
		join_thread(t);
	}
	printf("total %ld\n", total);
	exit(7);
}

static void in_thread(void *(*run)(void *))
{
	pthread_t t;

	start_thread(&t, run, NULL);
	join_thread(t);
}

static volatile int shared, limit = 0x7fffffff;
static char *volatile gone;

static void *write_unlocked(void *arg)
{
	shared++;
	return NULL;
}

static void race(void)
{
	pthread_t t[2];

	start_threads(t, 2, write_unlocked);
	join_threads(t, 2);
}

static void *read_behind(void *arg)
{
	char *volatile p = malloc(10);

	add(1, 0);
	shared = p[10];
	free(p);
	return NULL;
}

static void behind(void)
{
	in_thread(read_behind);
}

static void *overflow_in_thread(void *arg)
{
	add(1, 0);
	shared = limit + 1;
	return NULL;
}

static void overflow(void)
{
	in_thread(overflow_in_thread);
}

static void *lose(void *arg)
{
	gone = malloc(1000);
	add(1, 0);
	gone = NULL;
	return NULL;
}

static void leak(void)
{
	in_thread(lose);
}

/* Half of them wait, half of them compute when the process ends. */
static void *hold(void *arg)
{
	char *volatile p = malloc(100);

	p[0] = 0;
	sem_post(&ended);
	if ((intptr_t)arg % 2)
		sem_wait(&never);
	for (;;)
		p[0]++;
	return NULL;
}

static void held(void)
{
	pthread_t t[6];

	sem_init(&ended, 0, 0);
	sem_init(&never, 0, 0);
	start_threads(t, 6, hold);
	for (int i = 0; i < 6; i++)
		sem_wait(&ended);
}

const struct check checks[] = {
	{ "work", work, "exit 7" },
	{ "one_by_one", one_by_one, "exit 7" },
	{ "race", race, "mode" },
	{ "behind", behind, "mode" },
	{ "overflow", overflow, "mode" },
	{ "leak", leak, "mode" },
	{ "held", held, "mode" },
	{ 0 },
};
