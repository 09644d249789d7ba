/* SPDX-License-Identifier: MIT */
/* Cancellation in code without unwind tables: the unwinder stops at once, the libc's own list of handlers is all there is. */
#include "client.h"

#include <semaphore.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static sem_t reached, never;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int runs, handlers;

static void wait_for_ever(void)
{
	sem_post(&reached);
	CHECK_EQ(sem_wait(&never), 0);	/* no tail call: this frame is what the unwinder stops at */
}

static void first_waits(void)
{
	if (runs++ == 0)
		wait_for_ever();
}

static void *run_once(void *arg)
{
	CHECK_EQ(pthread_once(&once, first_waits), 0);
	return arg;
}

static void cancel_waiting(pthread_t t)
{
	sem_wait(&reached);
	CHECK_EQ(pthread_cancel(t), 0);
	CHECK(join_thread(t) == PTHREAD_CANCELED);
}

static void once_starts_over(void)
{
	pthread_t t;

	sem_init(&reached, 0, 0);
	start_thread(&t, run_once, NULL);
	cancel_waiting(t);
	run_once(NULL);
	CHECK_EQ(runs, 2);
}

/* A handler that waits may be continued on another kernel thread than the one that its thread ends on. */
static void lock_and_unlock(void *arg)
{
	__atomic_add_fetch(&handlers, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	sched_yield();
}

static void *wait_with_handler(void *arg)
{
	pthread_cleanup_push(lock_and_unlock, NULL);
	wait_for_ever();
	pthread_cleanup_pop(0);
	return arg;
}

static void handler_waits(void)
{
	pthread_t t[8];

	sem_init(&reached, 0, 0);
	start_threads(t, 8, wait_with_handler);
	pthread_mutex_lock(&m);
	for (int i = 0; i < 8; i++) {
		sem_wait(&reached);
		CHECK_EQ(pthread_cancel(t[i]), 0);
	}
	sleep_ms(20);
	pthread_mutex_unlock(&m);
	for (int i = 0; i < 8; i++)
		CHECK(join_thread(t[i]) == PTHREAD_CANCELED);
	CHECK_EQ(handlers, 8);
}

const struct check checks[] = {
	{ "once_starts_over", once_starts_over, NULL },
	{ "handler_waits", handler_waits, NULL },
	{ 0 },
};
