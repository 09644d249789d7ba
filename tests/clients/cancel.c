/* SPDX-License-Identifier: MIT */
/* Cancellation: where it strikes, where it has to wait, and what runs on the way out. */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t begun, never, go;
static int ends[2];
static pthread_t sleeper;
static pthread_key_t key;
static atomic_int cleaned, destroyed;

static void note_cleaned(void *arg)
{
	atomic_fetch_add(&cleaned, 1);
}

static void note_destroyed(void *arg)
{
	atomic_fetch_add(&destroyed, 1);
}

static void wait_sem(void) { sem_wait(&never); }
static void wait_sem_timed(void) { sem_timedwait(&never, &(struct timespec){ 4000000000, 0 }); }
static void wait_sleep(void) { sleep(1000); }
static void wait_usleep(void) { usleep(900000000); }
static void wait_nanosleep(void) { nanosleep(&(struct timespec){ 1000, 0 }, NULL); }
static void wait_clock(void) { clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ 1000, 0 }, NULL); }
static void wait_join(void) { pthread_join(sleeper, NULL); }
static void wait_pause(void) { pause(); }

static void wait_read(void)
{
	char byte;

	CHECK(read(ends[0], &byte, 1) != 1);
}

static void wait_test(void)
{
	for (;;) {
		pthread_testcancel();
		sched_yield();
	}
}

static void (*const waits[])(void) = { wait_sem,   wait_sem_timed, wait_sleep, wait_usleep, wait_nanosleep,
				       wait_clock, wait_join,	   wait_pause, wait_read,   wait_test };

static void *wait_cancellably(void *arg)
{
	pthread_setspecific(key, &key);
	pthread_cleanup_push(note_cleaned, NULL);
	sem_post(&begun);
	for (;;)
		waits[(intptr_t)arg]();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *sleep_for_ever(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void prepare(void)
{
	sem_init(&begun, 0, 0);
	sem_init(&never, 0, 0);
	sem_init(&go, 0, 0);
	CHECK_EQ(pipe(ends), 0);
	CHECK_EQ(pthread_key_create(&key, note_destroyed), 0);
}

/* Each wait is struck twice: once surely inside it, and once at about its beginning. */
static void in_each_wait(void)
{
	enum { WAYS = sizeof(waits) / sizeof(*waits) };

	prepare();
	start_thread(&sleeper, sleep_for_ever, NULL);
	for (int i = 0; i < 2 * WAYS; i++) {
		pthread_t t;

		start_thread(&t, wait_cancellably, (void *)(intptr_t)(i / 2));
		sem_wait(&begun);
		if (i % 2)
			sleep_ms(5);
		CHECK_EQ(pthread_cancel(t), 0);
		CHECK(join_thread(t) == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, i + 1);
		CHECK_EQ(destroyed, i + 1);
	}
	CHECK_EQ(pthread_cancel(sleeper), 0);
	CHECK(join_thread(sleeper) == PTHREAD_CANCELED);
}

static void unlock_owned(void *arg)
{
	/* A cancelled wait for a condition takes the mutex again first. */
	check_held(&m);
	pthread_mutex_unlock(&m);
	atomic_fetch_add(&cleaned, 1);
}

static void *wait_cond(void *arg)
{
	struct timespec far = after_ms(CLOCK_REALTIME, 1000000);

	pthread_mutex_lock(&m);
	pthread_cleanup_push(unlock_owned, NULL);
	sem_post(&begun);
	for (;;) {
		if (arg)
			pthread_cond_timedwait(&c, &m, &far);
		else
			pthread_cond_wait(&c, &m);
	}
	pthread_cleanup_pop(0);
	return NULL;
}

static void in_cond_wait(void)
{
	pthread_t t[8];

	prepare();
	for (int i = 0; i < 8; i++)
		start_thread(&t[i], wait_cond, i & 1 ? &c : NULL);
	for (int i = 0; i < 8; i++)
		sem_wait(&begun);
	sleep_ms(5);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(pthread_cancel(t[i]), 0);
	for (int i = 0; i < 8; i++)
		CHECK(join_thread(t[i]) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 8);
	CHECK_EQ(pthread_mutex_trylock(&m), 0);
}

static atomic_int returned;

static void *wait_once(void *arg)
{
	pthread_mutex_lock(&m);
	pthread_cleanup_push(unlock_owned, NULL);
	sem_post(&begun);
	pthread_cond_wait(&c, &m);
	atomic_fetch_add(&returned, 1);
	pthread_cleanup_pop(1);
	return NULL;
}

static void start_waiting(pthread_t *t)
{
	start_thread(t, wait_once, NULL);
	sem_wait(&begun);
	pthread_mutex_lock(&m);			/* it has given it up: it waits */
	pthread_mutex_unlock(&m);
}

/* Who is cancelled after all takes no signal along: the other that waits gets it. */
static void after_a_signal(void)
{
	prepare();
	for (int i = 0; i < 100; i++) {
		pthread_t first, second;

		returned = 0;
		start_waiting(&first);
		start_waiting(&second);
		pthread_mutex_lock(&m);
		CHECK_EQ(pthread_cond_signal(&c), 0);
		CHECK_EQ(pthread_cancel(first), 0);
		pthread_mutex_unlock(&m);
		join_thread(first);
		for (int ms = 0; !returned && ms < 10000; ms++)
			sleep_ms(1);
		CHECK_EQ(returned, 1);
		pthread_mutex_lock(&m);
		CHECK_EQ(pthread_cond_broadcast(&c), 0);
		pthread_mutex_unlock(&m);
		join_thread(second);
	}
}

static void *want_lock(void *arg)
{
	sem_post(&begun);
	CHECK_EQ(pthread_mutex_lock(&held), 0);
	atomic_fetch_add(&cleaned, 1);
	CHECK_EQ(pthread_mutex_unlock(&held), 0);
	pthread_testcancel();
	return NULL;
}

/* Locking is no cancellation point: it goes on, and the next point acts. */
static void not_in_lock(void)
{
	pthread_t t;

	prepare();
	pthread_mutex_lock(&held);
	start_thread(&t, want_lock, NULL);
	sem_wait(&begun);
	sleep_ms(5);
	CHECK_EQ(pthread_cancel(t), 0);
	sleep_ms(5);
	CHECK_EQ(cleaned, 0);
	pthread_mutex_unlock(&held);
	CHECK(join_thread(t) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

static void *disable_for_a_while(void *arg)
{
	int before, type;

	CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before), 0);
	CHECK_EQ(before, PTHREAD_CANCEL_ENABLE);
	CHECK_EQ(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type), 0);
	CHECK_EQ(type, PTHREAD_CANCEL_DEFERRED);
	sem_post(&begun);
	while (sem_wait(&go))
		continue;
	usleep(1000);
	pthread_testcancel();
	atomic_fetch_add(&cleaned, 1);
	CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL), 0);
	pthread_testcancel();
	return NULL;
}

static void while_disabled(void)
{
	pthread_t t;

	prepare();
	start_thread(&t, disable_for_a_while, NULL);
	sem_wait(&begun);
	sleep_ms(5);
	CHECK_EQ(pthread_cancel(t), 0);
	sleep_ms(5);
	sem_post(&go);
	CHECK(join_thread(t) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

static void *spin_cancellably(void *arg)
{
	pthread_cleanup_push(note_cleaned, NULL);
	CHECK_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL), 0);
	sem_post(&begun);
	while (burn(1000))
		continue;
	pthread_cleanup_pop(0);
	return NULL;
}

static void anywhere(void)
{
	prepare();
	for (int i = 1; i <= 10; i++) {
		pthread_t t;

		start_thread(&t, spin_cancellably, NULL);
		sem_wait(&begun);
		CHECK_EQ(pthread_cancel(t), 0);
		CHECK(join_thread(t) == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, i);
	}
}

static void *cancel_self(void *arg)
{
	CHECK_EQ(pthread_cancel(pthread_self()), 0);
	atomic_fetch_add(&cleaned, 1);
	sched_yield();
	pthread_testcancel();
	return NULL;
}

static void of_itself(void)
{
	pthread_t t[16];

	start_threads(t, 16, cancel_self);
	for (int i = 0; i < 16; i++)
		CHECK(join_thread(t[i]) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 16);
}

const struct check checks[] = {
	{ "in_each_wait", in_each_wait, NULL },
	{ "in_cond_wait", in_cond_wait, NULL },
	{ "after_a_signal", after_a_signal, NULL },
	{ "not_in_lock", not_in_lock, NULL },
	{ "while_disabled", while_disabled, NULL },
	{ "anywhere", anywhere, NULL },
	{ "of_itself", of_itself, NULL },
	{ 0 },
};
