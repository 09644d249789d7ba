/* SPDX-License-Identifier: MIT */
/* Many threads on one mutex: exclusion, and release by the last user. */
#include "client.h"

#include <stdatomic.h>

enum { MOST = 64 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long counter, per_thread;
static int inside;

static void *count(void *arg)
{
	for (long i = 0; i < per_thread; i++) {
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		CHECK_EQ(inside++, 0);
		counter++;
		if (i % 64 == 0)
			sched_yield();
		CHECK_EQ(--inside, 0);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
	}
	return NULL;
}

static void count_with(int threads, int type)
{
	pthread_mutexattr_t a;
	pthread_t t[MOST];

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	pthread_mutex_init(&m, &a);
	counter = 0;
	per_thread = 64000 / threads;
	start_threads(t, threads, count);
	join_threads(t, threads);
	CHECK_EQ(counter, per_thread * threads);
	CHECK_EQ(pthread_mutex_destroy(&m), 0);
}

static void counter_of_2(void)
{
	count_with(2, PTHREAD_MUTEX_NORMAL);
	count_with(2, PTHREAD_MUTEX_RECURSIVE);
}

static void counter_of_8(void)
{
	count_with(8, PTHREAD_MUTEX_NORMAL);
	count_with(8, PTHREAD_MUTEX_ADAPTIVE_NP);
}

static void counter_of_64(void)
{
	count_with(64, PTHREAD_MUTEX_NORMAL);
	count_with(64, PTHREAD_MUTEX_ERRORCHECK);
}

static void *count_by_trying(void *arg)
{
	for (long i = 0; i < per_thread;) {
		if (pthread_mutex_trylock(&m)) {
			sched_yield();
			continue;
		}
		CHECK_EQ(inside++, 0);
		counter++;
		i++;
		CHECK_EQ(--inside, 0);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void trylock_loop(void)
{
	pthread_t t[8];

	per_thread = 1000;
	start_threads(t, 8, count_by_trying);
	join_threads(t, 8);
	CHECK_EQ(counter, 8000);
}

/*
 * The last user frees the object as soon as it has the lock and sees that nobody else is left: an unlock that
 * still wrote to the mutex after letting it go would show in what the object was overwritten with.
 */
struct shared {
	pthread_mutex_t lock;
	int users;
	char room[200];
};

static atomic_int freed;

static void *use_and_maybe_free(void *arg)
{
	struct shared *s = arg;
	int left;

	pthread_mutex_lock(&s->lock);
	left = --s->users;
	if (left % 2)
		sched_yield();
	pthread_mutex_unlock(&s->lock);
	if (left)
		return NULL;
	CHECK_EQ(pthread_mutex_destroy(&s->lock), 0);
	memset(s, 0xee, sizeof(*s));
	/* A late write by an unlock would be seen here. */
	for (int i = 0; i < 3; i++) {
		sched_yield();
		for (size_t b = 0; b < sizeof(*s); b++)
			CHECK(((unsigned char *)s)[b] == 0xee);
	}
	free(s);
	atomic_fetch_add(&freed, 1);
	return NULL;
}

static void last_user_frees(void)
{
	enum { OBJECTS = 300, USERS = 4 };
	pthread_t t[USERS];

	for (int i = 0; i < OBJECTS; i++) {
		struct shared *s = calloc(1, sizeof(*s));

		pthread_mutex_init(&s->lock, NULL);
		s->users = USERS;
		for (int u = 0; u < USERS; u++)
			start_thread(&t[u], use_and_maybe_free, s);
		join_threads(t, USERS);
	}
	CHECK_EQ(freed, OBJECTS);
}

const struct check checks[] = {
	{ "counter_of_2", counter_of_2, NULL },
	{ "counter_of_8", counter_of_8, NULL },
	{ "counter_of_64", counter_of_64, NULL },
	{ "trylock_loop", trylock_loop, NULL },
	{ "last_user_frees", last_user_frees, NULL },
	{ 0 },
};
