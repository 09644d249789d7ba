/* SPDX-License-Identifier: MIT */
/* Waits for a condition with a time limit, on both clocks: never early, and still woken by a signal. */
#include "client.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER, on_monotonic;
static int tickets;

struct way {
	clockid_t clock;
	pthread_cond_t *cond;
	bool by_clockwait;
	const char *figure;
};

static const struct way ways[] = {
	{ CLOCK_REALTIME, &c, false, "late_timedwait_us" },
	{ CLOCK_MONOTONIC, &on_monotonic, false, "late_timedwait_monotonic_us" },
	{ CLOCK_REALTIME, &c, true, "late_clockwait_us" },
	{ CLOCK_MONOTONIC, &c, true, "late_clockwait_monotonic_us" },
};

static void make_monotonic(void)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	CHECK_EQ(pthread_cond_init(&on_monotonic, &a), 0);
}

static int wait_until(const struct way *w, const struct timespec *end)
{
	return w->by_clockwait ? pthread_cond_clockwait(w->cond, &m, w->clock, end) :
				 pthread_cond_timedwait(w->cond, &m, end);
}

static void measure(const struct way *w)
{
	enum { TRIES = 9 };
	long long late[TRIES];

	pthread_mutex_lock(&m);
	for (int i = 0; i < TRIES; i++) {
		struct timespec end = after_ms(w->clock, 4 + i);
		int e;

		do
			e = wait_until(w, &end);
		while (!e);
		CHECK_EQ(e, ETIMEDOUT);
		check_held(&m);
		late[i] = now_us(w->clock) - (end.tv_sec * 1000000LL + end.tv_nsec / 1000);
		CHECK(late[i] >= 0);
	}
	pthread_mutex_unlock(&m);
	client_figure(w->figure, median(late, TRIES));
}

static void *measure_all(void *arg)
{
	for (int i = 0; i < 4; i++)
		measure(&ways[i]);
	return NULL;
}

static void time_out(void)
{
	pthread_t t;

	make_monotonic();
	start_thread(&t, measure_all, NULL);
	join_thread(t);
}

static void arguments(void)
{
	make_monotonic();
	pthread_mutex_lock(&m);
	for (int i = 0; i < 4; i++) {
		struct timespec past = after_ms(ways[i].clock, -100), bad = past;

		CHECK_EQ(wait_until(&ways[i], &past), ETIMEDOUT);
		bad.tv_nsec = 1000000000;
		CHECK_EQ(wait_until(&ways[i], &bad), EINVAL);
		bad.tv_nsec = -1;
		CHECK_EQ(wait_until(&ways[i], &bad), EINVAL);
		past.tv_sec = -5;
		CHECK_EQ(wait_until(&ways[i], &past), ETIMEDOUT);
	}
	CHECK_EQ(pthread_cond_clockwait(&c, &m, CLOCK_PROCESS_CPUTIME_ID, &(struct timespec){ 0 }), EINVAL);
	check_held(&m);
	pthread_mutex_unlock(&m);
}

static void *take_ticket(void *arg)
{
	const struct way *w = arg;
	struct timespec end = after_ms(w->clock, 10000);

	pthread_mutex_lock(&m);
	while (!tickets)
		CHECK_EQ(wait_until(w, &end), 0);
	tickets--;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void woken_in_time(void)
{
	pthread_t t[32];

	make_monotonic();
	for (int i = 0; i < 32; i++)
		start_thread(&t[i], take_ticket, (void *)&ways[i % 4]);
	for (int i = 0; i < 32; i++) {
		pthread_mutex_lock(&m);
		tickets++;
		pthread_cond_broadcast(&c);
		pthread_cond_broadcast(&on_monotonic);
		pthread_mutex_unlock(&m);
	}
	join_threads(t, 32);
	CHECK_EQ(tickets, 0);
}

/* A waiter whose time is over must not swallow the signal that was meant for one that stays. */
static void *impatient(void *arg)
{
	for (int i = 0; i < 50; i++) {
		struct timespec end = after_ms(CLOCK_REALTIME, 1);

		pthread_mutex_lock(&m);
		if (!tickets)
			pthread_cond_timedwait(&c, &m, &end);
		/* What was signalled to this one is passed on. */
		if (tickets)
			pthread_cond_signal(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void *patient(void *arg)
{
	for (int i = 0; i < 25; i++) {
		pthread_mutex_lock(&m);
		while (!tickets)
			pthread_cond_wait(&c, &m);
		tickets--;
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void timeouts_lose_no_signal(void)
{
	pthread_t t[8], u[4];

	start_threads(t, 8, impatient);
	start_threads(u, 4, patient);
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&m);
		tickets++;
		pthread_cond_signal(&c);
		pthread_mutex_unlock(&m);
		if (i % 5 == 0)
			sleep_ms(1);
	}
	join_threads(u, 4);
	join_threads(t, 8);
	CHECK_EQ(tickets, 0);
}

/* A wait that timed out takes the mutex again however long that lasts. */
static void *hold_over_the_end(void *arg)
{
	pthread_mutex_lock(&m);
	sleep_ms(40);
	tickets = 1;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void mutex_is_retaken(void)
{
	struct timespec end = after_ms(CLOCK_MONOTONIC, 10);
	pthread_t t;

	pthread_mutex_lock(&m);
	start_thread(&t, hold_over_the_end, NULL);
	while (!pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &end))
		continue;
	/* Either the holder came first and is done, or it has not begun. */
	check_held(&m);
	pthread_mutex_unlock(&m);
	join_thread(t);
	CHECK_EQ(tickets, 1);
}

const struct check checks[] = {
	{ "time_out", time_out, NULL },
	{ "arguments", arguments, NULL },
	{ "woken_in_time", woken_in_time, NULL },
	{ "timeouts_lose_no_signal", timeouts_lose_no_signal, NULL },
	{ "mutex_is_retaken", mutex_is_retaken, NULL },
	{ 0 },
};
