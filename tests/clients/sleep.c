/* SPDX-License-Identifier: MIT */
/* Sleeping: for a time, until a time, on both clocks, interrupted, and with wrong arguments. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

static sem_t begun;

static void sleep_until(clockid_t clock, long ms)
{
	struct timespec end = after_ms(clock, ms);

	CHECK_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &end, NULL), 0);
	CHECK(now_us(clock) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
}

static void sleep_for(clockid_t clock, long ms)
{
	struct timespec t = { 0, ms * 1000000 };
	long long begin = now_us(CLOCK_MONOTONIC);

	CHECK_EQ(clock_nanosleep(clock, 0, &t, NULL), 0);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= ms * 1000);
}

static void *sleep_each_way(void *arg)
{
	struct timespec t = { 0, 7000000 };
	long long begin = now_us(CLOCK_MONOTONIC);

	CHECK_EQ(usleep(5000), 0);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 5000);
	CHECK_EQ(nanosleep(&t, NULL), 0);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 12000);
	sleep_for(CLOCK_MONOTONIC, 3);
	sleep_for(CLOCK_REALTIME, 4);
	sleep_until(CLOCK_MONOTONIC, 5);
	sleep_until(CLOCK_REALTIME, 6);
	sleep_until(CLOCK_MONOTONIC, -5);
	CHECK_EQ(usleep(0), 0);
	CHECK_EQ(sleep(0), 0);
	return NULL;
}

static void each_way(void)
{
	pthread_t t[16];

	start_threads(t, 16, sleep_each_way);
	sleep_each_way(NULL);
	join_threads(t, 16);
}

static void *measure(void *arg)
{
	enum { TRIES = 15 };
	long long after_time[TRIES], after_date[TRIES];

	for (int i = 0; i < TRIES; i++) {
		struct timespec t = { 0, (2 + i % 5) * 1000000L }, end;
		long long begin = now_us(CLOCK_MONOTONIC);

		CHECK_EQ(nanosleep(&t, NULL), 0);
		after_time[i] = now_us(CLOCK_MONOTONIC) - begin - t.tv_nsec / 1000;
		end = after_ms(CLOCK_MONOTONIC, 2 + i % 5);
		CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL), 0);
		after_date[i] = now_us(CLOCK_MONOTONIC) - (end.tv_sec * 1000000LL + end.tv_nsec / 1000);
		CHECK(after_time[i] >= 0 && after_date[i] >= 0);
	}
	client_figure("late_nanosleep_us", median(after_time, TRIES));
	client_figure("late_clock_nanosleep_us", median(after_date, TRIES));
	return NULL;
}

static void punctual(void)
{
	pthread_t t;

	start_thread(&t, measure, NULL);
	join_thread(t);
}

static void *sleep_second(void *arg)
{
	long long begin = now_us(CLOCK_MONOTONIC);

	CHECK_EQ(sleep(1), 0);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 1000000);
	return NULL;
}

/* Together they take one second, not one after the other. */
static void together(void)
{
	long long begin = now_us(CLOCK_MONOTONIC);
	pthread_t t[50];

	start_threads(t, 50, sleep_second);
	join_threads(t, 50);
	CHECK(now_us(CLOCK_MONOTONIC) - begin < 10000000);
}

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static int woken[6], woken_count;
static struct timespec origin;

static void *sleep_in_order(void *arg)
{
	struct timespec end = origin;

	/* 60 ms apart, and started in another order. */
	end.tv_nsec += (intptr_t)arg * 60000000L;
	end.tv_sec += end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL), 0);
	pthread_mutex_lock(&order_lock);
	woken[woken_count++] = (int)(intptr_t)arg;
	pthread_mutex_unlock(&order_lock);
	return NULL;
}

static void in_order(void)
{
	static const int start_order[] = { 5, 0, 2, 4, 1, 3 };
	pthread_t t[6];

	origin = after_ms(CLOCK_MONOTONIC, 50);
	for (int i = 0; i < 6; i++)
		start_thread(&t[i], sleep_in_order, (void *)(intptr_t)start_order[i]);
	join_threads(t, 6);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(woken[i], i);
}

static void arguments(void)
{
	struct timespec bad[] = { { 0, 1000000000 }, { 0, -1 }, { -1, 0 } };

	for (int i = 0; i < 3; i++) {
		CHECK_EQ(nanosleep(&bad[i], NULL), -1);
		CHECK_EQ(errno, EINVAL);
		CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad[i], NULL), EINVAL);
	}
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &bad[0], NULL), EINVAL);
	CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){ 0 }, NULL), EINVAL);
	CHECK(clock_nanosleep(12345, 0, &(struct timespec){ 0 }, NULL) != 0);
}

static void *arguments_in_thread(void *arg)
{
	arguments();
	return NULL;
}

static void wrong_arguments(void)
{
	pthread_t t;

	arguments();
	start_thread(&t, arguments_in_thread, NULL);
	join_thread(t);
}

static void do_nothing(int sig)
{
}

static atomic_int interrupted;

static void *long_nanosleep(void *arg)
{
	struct timespec t = { 20, 0 }, left = { 0, 0 };

	sem_post(&begun);
	CHECK_EQ(nanosleep(&t, &left), -1);
	CHECK_EQ(errno, EINTR);
	CHECK(left.tv_sec >= 5 && left.tv_sec < 20);
	interrupted = 1;
	return NULL;
}

static void *long_clock_nanosleep(void *arg)
{
	struct timespec t = { 20, 0 }, left = { 0, 0 };

	sem_post(&begun);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &left), EINTR);
	CHECK(left.tv_sec >= 5 && left.tv_sec < 20);
	interrupted = 1;
	return NULL;
}

static void *long_absolute(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 20000), left = { 7, 7 };

	sem_post(&begun);
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, &left), EINTR);
	CHECK(left.tv_sec == 7 && left.tv_nsec == 7);
	interrupted = 1;
	return NULL;
}

static void *long_sleep(void *arg)
{
	sem_post(&begun);
	CHECK(sleep(20) >= 5);
	interrupted = 1;
	return NULL;
}

static void *long_usleep(void *arg)
{
	sem_post(&begun);
	CHECK_EQ(usleep(20000000), -1);
	CHECK_EQ(errno, EINTR);
	interrupted = 1;
	return NULL;
}

/* A handler ends the sleep, also one set with SA_RESTART, and the rest of the time is told. */
static void interruption(void)
{
	static void *(*const kinds[])(void *) = { long_nanosleep, long_clock_nanosleep, long_absolute, long_sleep,
						  long_usleep };
	struct sigaction a = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &a, NULL);
	for (int i = 0; i < 5; i++) {
		pthread_t t;

		sem_init(&begun, 0, 0);
		interrupted = 0;
		start_thread(&t, kinds[i], NULL);
		sem_wait(&begun);
		for (int n = 0; n < 500 && !interrupted; n++) {
			sleep_ms(10);
			pthread_kill(t, SIGUSR1);
		}
		join_thread(t);
	}
}

const struct check checks[] = {
	{ "each_way", each_way, NULL },
	{ "punctual", punctual, NULL },
	{ "together", together, NULL },
	{ "in_order", in_order, NULL },
	{ "wrong_arguments", wrong_arguments, NULL },
	{ "interruption", interruption, NULL },
	{ 0 },
};
