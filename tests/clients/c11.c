/* SPDX-License-Identifier: MIT */
/* C11 threads: the same machinery under its second set of names. */
#include "client.h"

#include <stdatomic.h>
#include <stdint.h>
#include <threads.h>

enum { MOST = 32 };

static mtx_t lock;
static cnd_t changed;
static long counter;
static int turn;
static atomic_int runs;

static void join_all(thrd_t *t, int n, int wanted)
{
	for (int i = 0; i < n; i++) {
		int value = -1;

		CHECK_EQ(thrd_join(t[i], &value), thrd_success);
		CHECK_EQ(value, wanted < 0 ? i : wanted);
	}
}

static void create_all(thrd_t *t, int n, int (*run)(void *))
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(thrd_create(&t[i], run, (void *)(intptr_t)i), thrd_success);
}

static int return_index(void *arg)
{
	return (int)(intptr_t)arg;
}

static int exit_index(void *arg)
{
	thrd_yield();
	thrd_exit((int)(intptr_t)arg);
}

static thrd_t self_seen;

static int see_self(void *arg)
{
	self_seen = thrd_current();
	thrd_yield();
	CHECK(thrd_equal(self_seen, thrd_current()));
	return 0;
}

static int detach_and_count(void *arg)
{
	CHECK_EQ(thrd_detach(thrd_current()), thrd_success);
	atomic_fetch_add(&runs, 1);
	return 0;
}

static void threads(void)
{
	thrd_t t[MOST];

	create_all(t, MOST, return_index);
	join_all(t, MOST, -1);
	create_all(t, MOST, exit_index);
	join_all(t, MOST, -1);
	create_all(t, 1, see_self);
	join_all(t, 1, 0);
	CHECK(!thrd_equal(self_seen, thrd_current()));
	create_all(t, 10, detach_and_count);
	for (int i = 0; i < 5000 && runs < 10; i++)
		sleep_ms(1);
	CHECK_EQ(runs, 10);
}

static int count(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(mtx_lock(&lock), thrd_success);
		counter++;
		if (i % 100 == 0)
			thrd_yield();
		CHECK_EQ(mtx_unlock(&lock), thrd_success);
	}
	return 0;
}

static int try_it(void *arg)
{
	int e = mtx_trylock(&lock);

	if (e == thrd_success)
		mtx_unlock(&lock);
	return e;
}

static int in_another(int (*run)(void *))
{
	thrd_t t;
	int value = -1;

	CHECK_EQ(thrd_create(&t, run, NULL), thrd_success);
	CHECK_EQ(thrd_join(t, &value), thrd_success);
	return value;
}

static void mutexes(void)
{
	static const int types[] = { mtx_plain, mtx_timed, mtx_plain | mtx_recursive, mtx_timed | mtx_recursive };
	thrd_t t[8];

	for (int i = 0; i < 4; i++) {
		counter = 0;
		CHECK_EQ(mtx_init(&lock, types[i]), thrd_success);
		create_all(t, 8, count);
		join_all(t, 8, 0);
		CHECK_EQ(counter, 8000);
		CHECK_EQ(mtx_lock(&lock), thrd_success);
		CHECK_EQ(in_another(try_it), thrd_busy);
		if (types[i] & mtx_recursive) {
			CHECK_EQ(mtx_trylock(&lock), thrd_success);
			CHECK_EQ(mtx_unlock(&lock), thrd_success);
			CHECK_EQ(in_another(try_it), thrd_busy);
		}
		CHECK_EQ(mtx_unlock(&lock), thrd_success);
		CHECK_EQ(in_another(try_it), thrd_success);
		mtx_destroy(&lock);
	}
}

static int lock_timed(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 20);

	CHECK_EQ(mtx_timedlock(&lock, &end), thrd_timedout);
	CHECK(now_us(CLOCK_REALTIME) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
	return 0;
}

static int lock_in_time(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 10000);

	CHECK_EQ(mtx_timedlock(&lock, &end), thrd_success);
	CHECK_EQ(mtx_unlock(&lock), thrd_success);
	return 0;
}

static void timed_mutex(void)
{
	thrd_t t[4];

	CHECK_EQ(mtx_init(&lock, mtx_timed), thrd_success);
	CHECK_EQ(mtx_lock(&lock), thrd_success);
	create_all(t, 4, lock_timed);
	join_all(t, 4, 0);
	create_all(t, 4, lock_in_time);
	thrd_yield();
	CHECK_EQ(mtx_unlock(&lock), thrd_success);
	join_all(t, 4, 0);
}

static int take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 50; i++) {
		mtx_lock(&lock);
		while (turn % 4 != me)
			CHECK_EQ(cnd_wait(&changed, &lock), thrd_success);
		turn++;
		CHECK_EQ(cnd_broadcast(&changed), thrd_success);
		mtx_unlock(&lock);
	}
	return 0;
}

static int take_one(void *arg)
{
	mtx_lock(&lock);
	while (!counter)
		cnd_wait(&changed, &lock);
	counter--;
	mtx_unlock(&lock);
	return 0;
}

static void conditions(void)
{
	struct timespec end;
	thrd_t t[16];

	CHECK_EQ(mtx_init(&lock, mtx_plain), thrd_success);
	CHECK_EQ(cnd_init(&changed), thrd_success);
	create_all(t, 4, take_turns);
	join_all(t, 4, 0);
	CHECK_EQ(turn, 200);
	create_all(t, 16, take_one);
	for (int i = 0; i < 16; i++) {
		mtx_lock(&lock);
		counter++;
		CHECK_EQ(cnd_signal(&changed), thrd_success);
		mtx_unlock(&lock);
	}
	join_all(t, 16, 0);
	mtx_lock(&lock);
	end = after_ms(CLOCK_REALTIME, 20);
	while (cnd_timedwait(&changed, &lock, &end) == thrd_success)
		continue;
	CHECK(now_us(CLOCK_REALTIME) >= end.tv_sec * 1000000LL + end.tv_nsec / 1000);
	mtx_unlock(&lock);
	cnd_destroy(&changed);
	mtx_destroy(&lock);
}

static once_flag once = ONCE_FLAG_INIT;
static atomic_int ready;

static void initialise(void)
{
	atomic_fetch_add(&runs, 1);
	thrd_yield();
	ready = 1;
}

static int use_once(void *arg)
{
	call_once(&once, initialise);
	CHECK_EQ(ready, 1);
	return 0;
}

static void once_only(void)
{
	thrd_t t[MOST];

	create_all(t, MOST, use_once);
	join_all(t, MOST, 0);
	CHECK_EQ(runs, 1);
}

static tss_t key;

static void note_end(void *value)
{
	atomic_fetch_add(&runs, (int)(intptr_t)value);
}

static int use_key(void *arg)
{
	CHECK(tss_get(key) == NULL);
	CHECK_EQ(tss_set(key, (void *)2L), thrd_success);
	thrd_yield();
	CHECK(tss_get(key) == (void *)2L);
	return 0;
}

static void specific_storage(void)
{
	thrd_t t[MOST];

	CHECK_EQ(tss_create(&key, note_end), thrd_success);
	create_all(t, MOST, use_key);
	join_all(t, MOST, 0);
	CHECK_EQ(runs, 2 * MOST);
	tss_delete(key);
}

static int sleep_in_thread(void *arg)
{
	struct timespec t = { 0, 10000000 }, left = { 9, 9 };
	long long begin = now_us(CLOCK_MONOTONIC);

	CHECK_EQ(thrd_sleep(&t, &left), 0);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 10000);
	t.tv_nsec = -1;
	CHECK(thrd_sleep(&t, NULL) < -1);
	return 0;
}

static void sleeping(void)
{
	thrd_t t[8];

	create_all(t, 8, sleep_in_thread);
	join_all(t, 8, 0);
}

const struct check checks[] = {
	{ "threads", threads, NULL },
	{ "mutexes", mutexes, NULL },
	{ "timed_mutex", timed_mutex, NULL },
	{ "conditions", conditions, NULL },
	{ "once_only", once_only, NULL },
	{ "specific_storage", specific_storage, NULL },
	{ "sleeping", sleeping, NULL },
	{ 0 },
};
