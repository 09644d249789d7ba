/* SPDX-License-Identifier: MIT */
/* Mutexes with a time limit: never early, late by little, and right about their arguments. */
#include "client.h"

#include <semaphore.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static sem_t held, let_go;

static void *hold(void *arg)
{
	pthread_mutex_lock(&m);
	sem_post(&held);
	sem_wait(&let_go);
	pthread_mutex_unlock(&m);
	return NULL;
}

static pthread_t start_holder(void)
{
	pthread_t t;

	sem_init(&held, 0, 0);
	sem_init(&let_go, 0, 0);
	start_thread(&t, hold, NULL);
	sem_wait(&held);
	return t;
}

static void end_holder(pthread_t t)
{
	sem_post(&let_go);
	join_thread(t);
}

static int lock_until(clockid_t clock, const struct timespec *end)
{
	return clock < 0 ? pthread_mutex_timedlock(&m, end) : pthread_mutex_clocklock(&m, clock, end);
}

/* clock -1: pthread_mutex_timedlock. */
static void time_out_on(clockid_t clock, const char *figure)
{
	enum { TRIES = 9 };
	clockid_t measured = clock < 0 ? CLOCK_REALTIME : clock;
	long long late[TRIES];

	for (int i = 0; i < TRIES; i++) {
		struct timespec end = after_ms(measured, 5 + i);
		long long due = end.tv_sec * 1000000LL + end.tv_nsec / 1000;

		CHECK_EQ(lock_until(clock, &end), ETIMEDOUT);
		late[i] = now_us(measured) - due;
		CHECK(late[i] >= 0);
	}
	client_figure(figure, median(late, TRIES));
}

static void time_out(void)
{
	pthread_t t = start_holder();

	time_out_on(-1, "late_timedlock_us");
	time_out_on(CLOCK_REALTIME, "late_realtime_us");
	time_out_on(CLOCK_MONOTONIC, "late_monotonic_us");
	end_holder(t);
}

static void arguments(void)
{
	struct timespec past = after_ms(CLOCK_REALTIME, -1000), bad[2] = { past, past };
	pthread_t t;

	bad[0].tv_nsec = 1000000000;
	bad[1].tv_nsec = -1;
	/* A free lock is taken whatever the time says. */
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(pthread_mutex_timedlock(&m, &bad[i]), 0);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	}
	CHECK_EQ(pthread_mutex_timedlock(&m, &past), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	t = start_holder();
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(pthread_mutex_timedlock(&m, &bad[i]), EINVAL);
		CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &bad[i]), EINVAL);
	}
	CHECK_EQ(pthread_mutex_timedlock(&m, &past), ETIMEDOUT);
	past = after_ms(CLOCK_MONOTONIC, -1);
	CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past), ETIMEDOUT);
	CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	end_holder(t);
}

static void *lock_in_time(void *arg)
{
	struct timespec end = after_ms(CLOCK_MONOTONIC, 10000);

	CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &end), 0);
	sched_yield();
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

static void lock_before_the_end(void)
{
	pthread_t t = start_holder(), waiters[16];

	start_threads(waiters, 16, lock_in_time);
	sleep_ms(10);
	end_holder(t);
	join_threads(waiters, 16);
}

static void *relock_until(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 20);

	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(pthread_mutex_timedlock(&m, &end), ETIMEDOUT);
	CHECK(now_us(CLOCK_REALTIME) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

static void relock_times_out(void)
{
	pthread_t t[3];

	start_threads(t, 3, relock_until);
	join_threads(t, 3);
}

/* Those that gave up must not be woken in place of one that still waits. */
static void *give_up(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 2);

	for (int i = 0; i < 20; i++) {
		int e = pthread_mutex_timedlock(&m, &end);

		CHECK(e == 0 || e == ETIMEDOUT);
		if (!e)
			pthread_mutex_unlock(&m);
		end = after_ms(CLOCK_REALTIME, 1);
	}
	return NULL;
}

static void *insist(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		if (i % 20 == 0)
			sleep_ms(1);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
		sched_yield();
	}
	return NULL;
}

static void timeouts_lose_no_wakeup(void)
{
	pthread_t t[12], u[4];

	start_threads(t, 12, give_up);
	start_threads(u, 4, insist);
	join_threads(t, 12);
	join_threads(u, 4);
	CHECK_EQ(pthread_mutex_trylock(&m), 0);
}

const struct check checks[] = {
	{ "time_out", time_out, NULL },
	{ "arguments", arguments, NULL },
	{ "lock_before_the_end", lock_before_the_end, NULL },
	{ "relock_times_out", relock_times_out, NULL },
	{ "timeouts_lose_no_wakeup", timeouts_lose_no_wakeup, NULL },
	{ 0 },
};
