/* SPDX-License-Identifier: MIT */
/* Thread-specific data: values per thread, destructors in several rounds that themselves wait for others. */
#include "client.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 32 };

static pthread_key_t key, other_key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long rounds_run;
static atomic_int wrong;

/* Returns its value to the key, one less, until none is left: another round of destructors each time. */
static void count_down(void *value)
{
	intptr_t left = (intptr_t)value;

	pthread_mutex_lock(&lock);
	rounds_run++;
	sched_yield();
	pthread_mutex_unlock(&lock);
	if (pthread_getspecific(key))
		atomic_fetch_add(&wrong, 1);
	if (left > 1)
		pthread_setspecific(key, (void *)(left - 1));
}

static void *set_three(void *arg)
{
	CHECK(pthread_getspecific(key) == NULL);
	CHECK_EQ(pthread_setspecific(key, (void *)3L), 0);
	sched_yield();
	CHECK(pthread_getspecific(key) == (void *)3L);
	if ((intptr_t)arg & 1)
		pthread_exit(NULL);
	return NULL;
}

static void destructor_rounds(void)
{
	pthread_t t[THREADS];

	CHECK_EQ(pthread_key_create(&key, count_down), 0);
	start_threads(t, THREADS, set_three);
	join_threads(t, THREADS);
	CHECK_EQ(rounds_run, 3 * THREADS);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(pthread_key_delete(key), 0);
}

static void for_ever(void *value)
{
	pthread_mutex_lock(&lock);
	rounds_run++;
	pthread_mutex_unlock(&lock);
	pthread_setspecific(key, value);
}

static void *set_once(void *arg)
{
	pthread_setspecific(key, &key);
	return arg;
}

static void rounds_are_limited(void)
{
	pthread_t t;

	CHECK_EQ(pthread_key_create(&key, for_ever), 0);
	start_thread(&t, set_once, NULL);
	join_thread(t);
	CHECK_EQ(rounds_run, PTHREAD_DESTRUCTOR_ITERATIONS);
}

static void set_other(void *value)
{
	if (pthread_self() != *(pthread_t *)value)
		atomic_fetch_add(&wrong, 1);
	pthread_setspecific(other_key, strdup("late"));
	errno = 77;
	sched_yield();
	if (errno != 77)
		atomic_fetch_add(&wrong, 1);
}

static void *own_self(void *arg)
{
	static __thread pthread_t self;

	self = pthread_self();
	pthread_setspecific(key, &self);
	return NULL;
}

static void destructor_sets_another_key(void)
{
	pthread_t t[THREADS];

	CHECK_EQ(pthread_key_create(&key, set_other), 0);
	CHECK_EQ(pthread_key_create(&other_key, free), 0);
	start_threads(t, THREADS, own_self);
	join_threads(t, THREADS);
	CHECK_EQ(wrong, 0);
}

enum { MANY = PTHREAD_KEYS_MAX < 200 ? PTHREAD_KEYS_MAX / 2 : 200 };

static pthread_key_t many[MANY];

static void *fill_many(void *arg)
{
	intptr_t base = (intptr_t)arg * 1000 + 1;

	for (int i = 0; i < MANY; i++)
		CHECK_EQ(pthread_setspecific(many[i], (void *)(base + i)), 0);
	for (int round = 0; round < 20; round++) {
		sched_yield();
		for (int i = 0; i < MANY; i++)
			CHECK(pthread_getspecific(many[i]) == (void *)(base + i));
	}
	return NULL;
}

static void many_keys(void)
{
	pthread_t t[THREADS];

	for (int i = 0; i < MANY; i++)
		CHECK_EQ(pthread_key_create(&many[i], NULL), 0);
	start_threads(t, THREADS, fill_many);
	join_threads(t, THREADS);
	for (int i = 0; i < MANY; i++) {
		CHECK(pthread_getspecific(many[i]) == NULL);
		CHECK_EQ(pthread_key_delete(many[i]), 0);
	}
#ifdef __GLIBC__	/* musl does not look */
	CHECK_EQ(pthread_key_delete(many[0]), EINVAL);
#endif
}

/* What is created first is the libc's affair; how many there are is the program's. */
static void all_keys(void)
{
	static pthread_key_t keys[PTHREAD_KEYS_MAX + 1];
	pthread_t t[THREADS];
	int n = 0;

#ifdef __GLIBC__	/* musl does not look */
	printf("unknown key: %s\n", strerror(pthread_setspecific(0, &n)));
#endif
	start_threads(t, THREADS, own_self);
	while (n <= PTHREAD_KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0)
		n++;
	printf("%d keys\n", n);
	join_threads(t, THREADS);
	start_threads(t, THREADS, own_self);
	join_threads(t, THREADS);
	while (n-- > 0)
		CHECK_EQ(pthread_key_delete(keys[n]), 0);
	start_threads(t, THREADS, own_self);
	join_threads(t, THREADS);
}

static void mark_ended(void *value)
{
	sleep_ms(20);
	atomic_store((atomic_int *)value, 1);
}

static void *set_slot(void *arg)
{
	pthread_setspecific(key, arg);
	return NULL;
}

static void join_waits_for_destructors(void)
{
	atomic_int ended[4] = { 0 };
	pthread_t t[4];

	CHECK_EQ(pthread_key_create(&key, mark_ended), 0);
	for (int i = 0; i < 4; i++)
		start_thread(&t[i], set_slot, &ended[i]);
	for (int i = 0; i < 4; i++) {
		join_thread(t[i]);
		CHECK_EQ(ended[i], 1);
	}
}

const struct check checks[] = {
	{ "destructor_rounds", destructor_rounds, NULL },
	{ "rounds_are_limited", rounds_are_limited, NULL },
	{ "destructor_sets_another_key", destructor_sets_another_key, NULL },
	{ "all_keys", all_keys, NULL },
	{ "many_keys", many_keys, NULL },
	{ "join_waits_for_destructors", join_waits_for_destructors, NULL },
	{ 0 },
};
