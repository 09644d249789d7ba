/* SPDX-License-Identifier: MIT */
/* Condition variables: who is woken by what, what the mutex looks like afterwards, and how they end. */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

enum { MOST = 64 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int waiting, tickets, through;

static void *take_ticket(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	waiting++;
	while (!tickets)
		CHECK_EQ(pthread_cond_wait(&c, &m), 0);
	tickets--;
	through++;
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

static void until_waiting(int n)
{
	for (;;) {
		pthread_mutex_lock(&m);
		if (waiting == n)
			return;
		pthread_mutex_unlock(&m);
		sched_yield();
	}
}

/* One signal for each of n waiters: each ticket lets exactly one through. */
static void signal_each_of(int n)
{
	pthread_t t[MOST];

	waiting = tickets = through = 0;
	start_threads(t, n, take_ticket);
	until_waiting(n);
	pthread_mutex_unlock(&m);
	for (int i = 0; i < n; i++) {
		pthread_mutex_lock(&m);
		tickets++;
		CHECK_EQ(pthread_cond_signal(&c), 0);
		pthread_mutex_unlock(&m);
	}
	join_threads(t, n);
	CHECK_EQ(through, n);
	CHECK_EQ(tickets, 0);
}

static void signal_each(void)
{
	static const int counts[] = { 1, 2, 3, 8, 64 };

	for (int i = 0; i < 5; i++)
		signal_each_of(counts[i]);
}

/* Signals sent without the mutex, after the state was changed under it. */
static void signal_without_mutex(void)
{
	pthread_t t[8];

	for (int round = 0; round < 20; round++) {
		waiting = tickets = through = 0;
		start_threads(t, 8, take_ticket);
		for (int i = 0; i < 8; i++) {
			pthread_mutex_lock(&m);
			tickets++;
			pthread_mutex_unlock(&m);
			pthread_cond_signal(&c);
		}
		join_threads(t, 8);
		CHECK_EQ(through, 8);
	}
}

static void broadcast(void)
{
	static const int counts[] = { 1, 2, 8, 64 };
	pthread_t t[MOST];

	CHECK_EQ(pthread_cond_signal(&c), 0);
	CHECK_EQ(pthread_cond_broadcast(&c), 0);
	for (int i = 0; i < 4; i++) {
		waiting = tickets = through = 0;
		start_threads(t, counts[i], take_ticket);
		until_waiting(counts[i]);
		tickets = counts[i];
		CHECK_EQ(pthread_cond_broadcast(&c), 0);
		pthread_mutex_unlock(&m);
		join_threads(t, counts[i]);
		CHECK_EQ(through, counts[i]);
	}
}

/* A signal that wakes one must leave the others asleep: only the ticket's taker goes on. */
static void one_signal_wakes_few(void)
{
	pthread_t t[16];

	waiting = tickets = through = 0;
	start_threads(t, 16, take_ticket);
	until_waiting(16);
	tickets = 1;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	sleep_ms(20);
	pthread_mutex_lock(&m);
	CHECK_EQ(through, 1);
	tickets = 15;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	join_threads(t, 16);
}

struct event {
	pthread_mutex_t lock;
	pthread_cond_t happened;
	int users;
	bool set;
};

static void *wait_for_event(void *arg)
{
	struct event *e = arg;

	pthread_mutex_lock(&e->lock);
	e->users++;
	while (!e->set)
		pthread_cond_wait(&e->happened, &e->lock);
	e->users--;
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* POSIX allows to destroy a condition variable as soon as all its waiters are unblocked by a broadcast. */
static void destroyed_after_broadcast(void)
{
	pthread_t t[4];

	for (int round = 0; round < 200; round++) {
		struct event *e = calloc(1, sizeof(*e));
		int ready = 0;

		pthread_mutex_init(&e->lock, NULL);
		pthread_cond_init(&e->happened, NULL);
		for (int i = 0; i < 4; i++)
			start_thread(&t[i], wait_for_event, e);
		while (ready < 4) {
			pthread_mutex_lock(&e->lock);
			ready = e->users;
			if (ready == 4) {
				e->set = true;
				CHECK_EQ(pthread_cond_broadcast(&e->happened), 0);
			}
			pthread_mutex_unlock(&e->lock);
			sched_yield();
		}
		CHECK_EQ(pthread_cond_destroy(&e->happened), 0);
		memset(&e->happened, 0xee, sizeof(e->happened));
		join_threads(t, 4);
		for (size_t b = 0; b < sizeof(e->happened); b++)
			CHECK(((unsigned char *)&e->happened)[b] == 0xee);
		CHECK_EQ(pthread_mutex_destroy(&e->lock), 0);
		free(e);
	}
}

static void *wait_and_report(void *arg)
{
	int e;

	CHECK_EQ(pthread_mutex_lock(&m), 0);
	waiting++;
	do
		e = pthread_cond_wait(&c, &m);
	while (!e && !tickets);
	CHECK_EQ(e, 0);
	tickets--;
	/* The mutex is this thread's, as a kind that knows its owner can tell. */
#ifdef __GLIBC__
	CHECK_EQ(m.__data.__owner, gettid());
#endif
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
	return NULL;
}

static void with_mutex_type(int type)
{
	pthread_mutexattr_t a;
	pthread_t t[4];

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	CHECK_EQ(pthread_mutex_init(&m, &a), 0);
	waiting = tickets = 0;
	start_threads(t, 4, wait_and_report);
	until_waiting(4);
	tickets = 4;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	join_threads(t, 4);
}

static void recursive_mutex(void)
{
	with_mutex_type(PTHREAD_MUTEX_RECURSIVE);
}

static void *wait_unowned(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 50);

	CHECK_EQ(pthread_cond_wait(&c, &m), EPERM);
	CHECK_EQ(pthread_cond_timedwait(&c, &m, &end), EPERM);
	return NULL;
}

static void errorcheck_mutex(void)
{
	pthread_t t;

	with_mutex_type(PTHREAD_MUTEX_ERRORCHECK);
	wait_unowned(NULL);
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	start_thread(&t, wait_unowned, NULL);
	join_thread(t);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
}

static void attributes(void)
{
	pthread_condattr_t a;
	pthread_cond_t local;
	clockid_t clock = -1;

	CHECK_EQ(pthread_condattr_init(&a), 0);
	CHECK_EQ(pthread_condattr_getclock(&a, &clock), 0);
	CHECK_EQ(clock, CLOCK_REALTIME);
	CHECK_EQ(pthread_condattr_setclock(&a, CLOCK_PROCESS_CPUTIME_ID), EINVAL);
	CHECK_EQ(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
	CHECK_EQ(pthread_cond_init(&local, &a), 0);
	CHECK_EQ(pthread_condattr_destroy(&a), 0);
	CHECK_EQ(pthread_cond_destroy(&local), 0);
}

/* The libc's own wait, of another process perhaps, with a mutex that threads wait for as they wait for any. */
enum { TURNS = 60, TAKERS = 6 };

static pthread_cond_t shared;
static int turn, locked_times;
static bool all_done;

static void *take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < TURNS; i++) {
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		waiting++;
		while (turn % TAKERS != me)
			CHECK_EQ(pthread_cond_wait(&shared, &m), 0);
		turn++;
		CHECK_EQ(pthread_cond_broadcast(&shared), 0);
		if (i % 8 == 7)
			sched_yield();		/* others come to wait for the mutex */
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	}
	return NULL;
}

static void *lock_often(void *arg)
{
	struct timespec never;

	for (bool over = false; !over;) {
		never = after_ms(CLOCK_REALTIME, 1000000);
		CHECK_EQ(arg ? pthread_mutex_lock(&m) : pthread_mutex_timedlock(&m, &never), 0);
		locked_times++;
		over = all_done;
		if (locked_times % 4 == 0)
			sched_yield();
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	}
	return NULL;
}

static void init_shared(void)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	CHECK_EQ(pthread_condattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_cond_init(&shared, &a), 0);
}

static void shared_with_private_mutex(void)
{
	pthread_t t[TAKERS], u[2];

	init_shared();
	start_threads(t, TAKERS, take_turns);
	start_thread(&u[0], lock_often, NULL);
	start_thread(&u[1], lock_often, &m);
	join_threads(t, TAKERS);
	CHECK_EQ(turn, TURNS * TAKERS);
	all_done = true;
	join_threads(u, 2);
	CHECK_EQ(pthread_cond_destroy(&shared), 0);
}

static void *lock_then_signal(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	tickets++;
	if (tickets == MOST)
		CHECK_EQ(pthread_cond_signal(&shared), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

/* All wait for the mutex when its owner begins to wait, and nobody else will unlock it. */
static void shared_lets_waiters_in(void)
{
	pthread_t t[MOST];

	init_shared();
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	start_threads(t, MOST, lock_then_signal);
	sleep_ms(20);
	while (tickets < MOST)
		CHECK_EQ(pthread_cond_wait(&shared, &m), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	join_threads(t, MOST);
}

const struct check checks[] = {
	{ "signal_each", signal_each, NULL },
	{ "signal_without_mutex", signal_without_mutex, NULL },
	{ "broadcast", broadcast, NULL },
	{ "one_signal_wakes_few", one_signal_wakes_few, NULL },
	{ "destroyed_after_broadcast", destroyed_after_broadcast, NULL },
	{ "recursive_mutex", recursive_mutex, NULL },
	{ "errorcheck_mutex", errorcheck_mutex, NULL },
	{ "attributes", attributes, NULL },
	{ "shared_with_private_mutex", shared_with_private_mutex, NULL },
	{ "shared_lets_waiters_in", shared_lets_waiters_in, NULL },
	{ 0 },
};
