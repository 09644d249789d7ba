/* SPDX-License-Identifier: MIT */
/* Joining and detaching in every order and by every call, and what a thread leaves behind when it exits. */
#include "client.h"

#include <semaphore.h>
#include <stdint.h>

static sem_t go;

static void *echo(void *arg)
{
	return arg;
}

static void *wait_then_echo(void *arg)
{
	CHECK_EQ(sem_wait(&go), 0);
	return arg;
}

static void before_and_after_end(void)
{
	pthread_t t;

	sem_init(&go, 0, 0);
	start_thread(&t, echo, (void *)11L);
	sleep_ms(20);
	CHECK(join_thread(t) == (void *)11L);
	for (int i = 0; i < 100; i++) {
		start_thread(&t, wait_then_echo, (void *)12L);
		sem_post(&go);
		CHECK(join_thread(t) == (void *)12L);
	}
}

static void *join_other(void *arg)
{
	return join_thread(*(pthread_t *)arg);
}

static void by_another(void)
{
	pthread_t a, b;

	sem_init(&go, 0, 0);
	start_thread(&a, wait_then_echo, (void *)21L);
	start_thread(&b, join_other, &a);
	sleep_ms(10);
	sem_post(&go);
	CHECK(join_thread(b) == (void *)21L);
}

static void chain(void)
{
	enum { N = 64 };
	static pthread_t t[N];

	sem_init(&go, 0, 0);
	start_thread(&t[0], wait_then_echo, (void *)31L);
	for (int i = 1; i < N; i++)
		start_thread(&t[i], join_other, &t[i - 1]);
	sem_post(&go);
	CHECK(join_thread(t[N - 1]) == (void *)31L);
}

static void try_join(void)
{
	void *value = NULL;
	pthread_t t;
	int e;

	sem_init(&go, 0, 0);
	start_thread(&t, wait_then_echo, (void *)41L);
	CHECK_EQ(pthread_tryjoin_np(t, &value), EBUSY);
	sem_post(&go);
	while ((e = pthread_tryjoin_np(t, &value)) == EBUSY)
		sleep_ms(1);
	CHECK_EQ(e, 0);
	CHECK(value == (void *)41L);
}

static void timed_join_on(clockid_t clock)
{
	struct timespec end = after_ms(clock, 30), past = after_ms(clock, -10);
	long long begin = now_us(clock);
	void *value = NULL;
	pthread_t t;

	start_thread(&t, wait_then_echo, (void *)51L);
	CHECK_EQ(pthread_clockjoin_np(t, &value, clock, &past), ETIMEDOUT);
	CHECK_EQ(pthread_clockjoin_np(t, &value, clock, &end), ETIMEDOUT);
	CHECK(now_us(clock) - begin >= 30000);
	if (clock == CLOCK_REALTIME)
		CHECK_EQ(pthread_timedjoin_np(t, &value, &past), ETIMEDOUT);
	sem_post(&go);
	end = after_ms(clock, 10000);
	CHECK_EQ(pthread_clockjoin_np(t, &value, clock, &end), 0);
	CHECK(value == (void *)51L);
}

static void timed_join(void)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 10000);
	void *value = NULL;
	pthread_t t;

	sem_init(&go, 0, 0);
	timed_join_on(CLOCK_REALTIME);
	timed_join_on(CLOCK_MONOTONIC);
	start_thread(&t, echo, (void *)52L);
	CHECK_EQ(pthread_clockjoin_np(t, &value, CLOCK_PROCESS_CPUTIME_ID, &end), EINVAL);
	CHECK_EQ(pthread_timedjoin_np(t, &value, &end), 0);
	CHECK(value == (void *)52L);
}

#ifdef __GLIBC__	/* musl's waits for itself for ever */
static void *join_self(void *arg)
{
	CHECK_EQ(pthread_join(pthread_self(), NULL), EDEADLK);
	return arg;
}

static void self_join(void)
{
	pthread_t t;

	join_self(NULL);
	start_thread(&t, join_self, NULL);
	join_thread(t);
}
#endif

static void *join_main(void *main_thread)
{
	pthread_join((pthread_t)main_thread, NULL);
	client_fail(__FILE__, __LINE__, "the main thread has ended");
}

/* Each joins the other, but one of them will not wait for long. */
static void cancelled_joiner(void)
{
	pthread_t t;

	start_thread(&t, join_main, (void *)pthread_self());
	sleep_ms(20);
	CHECK_EQ(pthread_cancel(t), 0);
	CHECK(join_thread(t) == PTHREAD_CANCELED);
}

static void *detach_self(void *arg)
{
	CHECK_EQ(pthread_detach(pthread_self()), 0);
	sem_post(&go);
	return NULL;
}

static void detach(void)
{
	pthread_t t;

	sem_init(&go, 0, 0);
	for (int i = 0; i < 50; i++)
		start_thread(&t, detach_self, NULL);
	for (int i = 0; i < 50; i++)
		CHECK_EQ(sem_wait(&go), 0);
	start_thread(&t, wait_then_echo, NULL);
	CHECK_EQ(pthread_detach(t), 0);
#ifdef __GLIBC__	/* musl crashes on purpose */
	CHECK_EQ(pthread_detach(t), EINVAL);
	CHECK_EQ(pthread_join(t, NULL), EINVAL);
#endif
	sem_post(&go);
	start_thread(&t, echo, NULL);
	sleep_ms(10);
	CHECK_EQ(pthread_detach(t), 0);
}

static int unwound[8], unwound_count;

static void note(void *arg)
{
	unwound[unwound_count++] = (int)(intptr_t)arg;
	sched_yield();
}

static volatile int deepest = 5;

__attribute__((noinline)) static void leave_from(intptr_t depth)
{
	pthread_cleanup_push(note, (void *)depth);
	if (depth >= 5)
		pthread_exit((void *)61L);
	if (depth < deepest)
		leave_from(depth + 1);
	pthread_cleanup_pop(0);
}

static void *leave_deep(void *arg)
{
	pthread_cleanup_push(note, (void *)-1L);
	pthread_cleanup_pop(0);
	leave_from(1);
	return NULL;
}

static void exit_from_nested_frames(void)
{
	pthread_t t;

	start_thread(&t, leave_deep, NULL);
	CHECK(join_thread(t) == (void *)61L);
	CHECK_EQ(unwound_count, 5);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(unwound[i], 5 - i);
}

static void *run_popped(void *arg)
{
	pthread_cleanup_push(note, (void *)6L);
	pthread_cleanup_push(note, (void *)7L);
	sched_yield();
	pthread_cleanup_pop(1);
	sched_yield();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cleanup_pop_runs(void)
{
	pthread_t t;

	start_thread(&t, run_popped, NULL);
	join_thread(t);
	CHECK_EQ(unwound_count, 1);
	CHECK_EQ(unwound[0], 7);
}

const struct check checks[] = {
	{ "before_and_after_end", before_and_after_end, NULL },
	{ "by_another", by_another, NULL },
	{ "chain", chain, NULL },
	{ "try_join", try_join, NULL },
	{ "timed_join", timed_join, NULL },
#ifdef __GLIBC__
	{ "self_join", self_join, NULL },
#endif
	{ "cancelled_joiner", cancelled_joiner, NULL },
	{ "detach", detach, NULL },
	{ "exit_from_nested_frames", exit_from_nested_frames, NULL },
	{ "cleanup_pop_runs", cleanup_pop_runs, NULL },
	{ 0 },
};
