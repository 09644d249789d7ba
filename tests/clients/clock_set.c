/* SPDX-License-Identifier: MIT */
/*
 * Time limits while CLOCK_REALTIME is set: waits on that clock follow it, waits for a time and on CLOCK_MONOTONIC
 * do not. Runs under own_clock only: the machine's clock is not ours to set.
 */
#include "client.h"

#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { BURNERS = 4, HALF_AN_HOUR_MS = 1800000, HOUR_S = 3600 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t none, begun;
static atomic_int ended;
static atomic_bool over;
static long limit_ms;	/* of the waits on CLOCK_REALTIME */

static int cond_until(clockid_t clock, const struct timespec *end)
{
	int e;

	pthread_mutex_lock(&m);
	do
		e = clock < 0 ? pthread_cond_timedwait(&c, &m, end) : pthread_cond_clockwait(&c, &m, clock, end);
	while (!e);
	pthread_mutex_unlock(&m);
	return e;
}

static int by_cond_timedwait(const struct timespec *end) { return cond_until(-1, end); }
static int by_cond_clockwait(const struct timespec *end) { return cond_until(CLOCK_REALTIME, end); }
static int by_sem_timedwait(const struct timespec *end) { return sem_timedwait(&none, end) ? errno : 0; }
static int by_mutex_timedlock(const struct timespec *end) { return pthread_mutex_timedlock(&held, end); }
static int by_rwlock_timedrdlock(const struct timespec *end) { return pthread_rwlock_timedrdlock(&written, end); }

static int by_clock_nanosleep(const struct timespec *end)
{
	int e = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, end, NULL);

	return e ? e : ETIMEDOUT;
}

static int (*const dated[])(const struct timespec *) = {
	by_cond_timedwait, by_cond_clockwait, by_sem_timedwait, by_mutex_timedlock, by_rwlock_timedrdlock, by_clock_nanosleep,
};
enum { DATED = sizeof(dated) / sizeof(dated[0]) };

static void *wait_for_date(void *arg)
{
	int (*const *way)(const struct timespec *) = arg;
	struct timespec end = after_ms(CLOCK_REALTIME, limit_ms);

	sem_post(&begun);
	CHECK_EQ((*way)(&end), ETIMEDOUT);
	CHECK(now_us(CLOCK_REALTIME) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
	ended++;
	return NULL;
}

static void until_cond(const struct timespec *end) { CHECK_EQ(cond_until(CLOCK_MONOTONIC, end), ETIMEDOUT); }

static void until_sem(const struct timespec *end)
{
	CHECK_EQ(sem_clockwait(&none, CLOCK_MONOTONIC, end), -1);
	CHECK_EQ(errno, ETIMEDOUT);
}

static void for_nanosleep(const struct timespec *end) { sleep_ms(1500); }

static void for_clock_nanosleep(const struct timespec *end)
{
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){ 1, 500000000 }, NULL), 0);
}

static void (*const timed[])(const struct timespec *) = { until_cond, until_sem, for_nanosleep, for_clock_nanosleep };
enum { TIMED = sizeof(timed) / sizeof(timed[0]) };

static void *wait_for_time(void *arg)
{
	void (*const *way)(const struct timespec *) = arg;
	struct timespec end = after_ms(CLOCK_MONOTONIC, 1500);

	sem_post(&begun);
	(*way)(&end);
	CHECK(now_us(CLOCK_MONOTONIC) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
	return NULL;
}

static void step_clock(long seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &t), 0);
}

/* In the kernel, and long enough for all of the library to fall asleep. */
static void block_ms(int ms)
{
	CHECK_EQ(poll(NULL, 0, ms), 0);
}

static void prepare(void)
{
	if (!getenv("OWN_CLOCK"))
		client_skip("not under own_clock");
	sem_init(&none, 0, 0);
	sem_init(&begun, 0, 0);
	pthread_mutex_lock(&held);
	pthread_rwlock_wrlock(&written);
}

static void start_dated(pthread_t *t, long ms)
{
	limit_ms = ms;
	for (int i = 0; i < DATED; i++)
		start_thread(&t[i], wait_for_date, (void *)&dated[i]);
	for (int i = 0; i < DATED; i++)
		sem_wait(&begun);
}

static void set_forward(void)
{
	pthread_t d[DATED], t[TIMED];
	long long begin;

	prepare();
	start_dated(d, HALF_AN_HOUR_MS);
	for (int i = 0; i < TIMED; i++)
		start_thread(&t[i], wait_for_time, (void *)&timed[i]);
	for (int i = 0; i < TIMED; i++)
		sem_wait(&begun);
	block_ms(100);
	CHECK_EQ(ended, 0);
	begin = now_us(CLOCK_MONOTONIC);
	step_clock(HOUR_S);
	/* Without a time limit of its own: that would have somebody look at the clock. */
	join_threads(d, DATED);
	client_figure("late_us", now_us(CLOCK_MONOTONIC) - begin);
	join_threads(t, TIMED);
}

static void *burn_on(void *arg)
{
	while (!over)
		burn(1000);
	return NULL;
}

/* No server sleeps, so none watches the timers. */
static void set_forward_busy(void)
{
	pthread_t t[BURNERS];

	start_threads(t, BURNERS, burn_on);
	set_forward();
	over = true;
	join_threads(t, BURNERS);
}

/* The waits outlast their first deadline, and do not spin meanwhile. */
static void set_back(void)
{
	pthread_t d[DATED];
	long long begin, cpu;

	prepare();
	start_dated(d, 1000);
	step_clock(-HOUR_S);
	cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
	block_ms(1500);
	CHECK_EQ(ended, 0);
	client_figure("cpu_us", now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	begin = now_us(CLOCK_MONOTONIC);
	step_clock(HOUR_S);
	join_threads(d, DATED);
	client_figure("late_us", now_us(CLOCK_MONOTONIC) - begin);
}

const struct check checks[] = {
	{ "set_forward", set_forward, NULL },
	{ "set_forward_busy", set_forward_busy, NULL },
	{ "set_back", set_back, NULL },
	{ 0 },
};
