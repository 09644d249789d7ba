/* SPDX-License-Identifier: MIT */
/* Spin locks, also with their owner descheduled, and pthread_once. */
#include "client.h"

#include <stdatomic.h>
#include <stdint.h>

static pthread_spinlock_t lock;
static long counter;

static void *count(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		CHECK_EQ(pthread_spin_lock(&lock), 0);
		counter++;
		CHECK_EQ(pthread_spin_unlock(&lock), 0);
	}
	return NULL;
}

static void counter_of_8(void)
{
	pthread_t t[8];

	CHECK_EQ(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE), 0);
	start_threads(t, 8, count);
	join_threads(t, 8);
	CHECK_EQ(counter, 24000);
	CHECK_EQ(pthread_spin_destroy(&lock), 0);
}

static void *hold_and_yield(void *arg)
{
	for (int i = 0; i < 30; i++) {
		pthread_spin_lock(&lock);
		counter++;
		sched_yield();
		if (i % 10 == 0)
			sleep_ms(1);
		pthread_spin_unlock(&lock);
	}
	return NULL;
}

/* Spinners must not keep the owner from the CPU for ever. */
static void owner_switches_away(void)
{
	pthread_t t[4];

	pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
	start_threads(t, 4, hold_and_yield);
	join_threads(t, 4);
	CHECK_EQ(counter, 120);
}

static void *try_it(void *arg)
{
	return (void *)(intptr_t)pthread_spin_trylock(&lock);
}

static void try_lock(void)
{
	pthread_t t;

	pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
	CHECK_EQ(pthread_spin_trylock(&lock), 0);
	CHECK_EQ(pthread_spin_trylock(&lock), EBUSY);
	start_thread(&t, try_it, NULL);
	CHECK_EQ((intptr_t)join_thread(t), EBUSY);
	CHECK_EQ(pthread_spin_unlock(&lock), 0);
	start_thread(&t, try_it, NULL);
	CHECK_EQ((intptr_t)join_thread(t), 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int runs, ready;

static void initialise(void)
{
	atomic_fetch_add(&runs, 1);
	sched_yield();
	sleep_ms(5);
	ready = 1;
}

static void *use(void *arg)
{
	CHECK_EQ(pthread_once(&once, initialise), 0);
	CHECK_EQ(ready, 1);
	CHECK_EQ(runs, 1);
	return NULL;
}

static void once_of_64(void)
{
	pthread_t t[64];

	start_threads(t, 64, use);
	join_threads(t, 64);
	CHECK_EQ(runs, 1);
}

static pthread_once_t left = PTHREAD_ONCE_INIT;

static void leave_the_first_time(void)
{
	if (atomic_fetch_add(&runs, 1) == 0)
		pthread_exit(NULL);
}

static void *use_left(void *arg)
{
	pthread_once(&left, leave_the_first_time);
	return arg;
}

/* An initialiser that does not return leaves the control as if it had never been called. */
static void once_left_by_exit(void)
{
	pthread_t t[8];
	int returned = 0;

	start_threads(t, 8, use_left);
	for (int i = 0; i < 8; i++)
		returned += join_thread(t[i]) != NULL;
	CHECK_EQ(runs, 2);
	CHECK(returned >= 6);
}

static pthread_once_t inner = PTHREAD_ONCE_INIT;

static void run_inner(void)
{
	pthread_once(&inner, initialise);
}

static void *use_nested(void *arg)
{
	CHECK_EQ(pthread_once(&once, run_inner), 0);
	CHECK_EQ(ready, 1);
	return NULL;
}

static void once_nested(void)
{
	pthread_t t[16];

	start_threads(t, 16, use_nested);
	join_threads(t, 16);
	CHECK_EQ(runs, 1);
}

const struct check checks[] = {
	{ "counter_of_8", counter_of_8, NULL },
	{ "owner_switches_away", owner_switches_away, NULL },
	{ "try_lock", try_lock, NULL },
	{ "once_of_64", once_of_64, NULL },
	{ "once_left_by_exit", once_left_by_exit, NULL },
	{ "once_nested", once_nested, NULL },
	{ 0 },
};
