/* SPDX-License-Identifier: MIT */
/* Barriers: nobody passes early, one serial thread per phase, and the object may go away at once. */
#include "client.h"

#include <stdatomic.h>
#include <stdint.h>

enum { MOST = 64, PHASES = 50 };

static pthread_barrier_t b;
static atomic_int serials, arrived[PHASES];
static int members;

static void *go_through(void *arg)
{
	for (int phase = 0; phase < PHASES; phase++) {
		int e;

		atomic_fetch_add(&arrived[phase], 1);
		e = pthread_barrier_wait(&b);
		CHECK(e == 0 || e == PTHREAD_BARRIER_SERIAL_THREAD);
		if (e)
			atomic_fetch_add(&serials, 1);
		CHECK_EQ(arrived[phase], members);
	}
	return NULL;
}

static void phases_of(int n)
{
	pthread_t t[MOST];

	members = n;
	serials = 0;
	for (int i = 0; i < PHASES; i++)
		arrived[i] = 0;
	CHECK_EQ(pthread_barrier_init(&b, NULL, n), 0);
	start_threads(t, n, go_through);
	join_threads(t, n);
	CHECK_EQ(serials, PHASES);
	CHECK_EQ(pthread_barrier_destroy(&b), 0);
}

static void phases(void)
{
	static const int counts[] = { 1, 2, 3, 8, 64 };

	for (int i = 0; i < 5; i++)
		phases_of(counts[i]);
}

static void *meet_once(void *arg)
{
	pthread_barrier_t *own = arg;

	if (pthread_barrier_wait(own) != PTHREAD_BARRIER_SERIAL_THREAD)
		return NULL;
	/* The one that POSIX lets clean up: others may not have returned from their wait yet. */
	CHECK_EQ(pthread_barrier_destroy(own), 0);
	memset(own, 0xee, sizeof(*own));
	sched_yield();
	for (size_t i = 0; i < sizeof(*own); i++)
		CHECK(((unsigned char *)own)[i] == 0xee);
	free(own);
	return own;
}

static void destroyed_by_serial(void)
{
	pthread_t t[8];

	for (int round = 0; round < 100; round++) {
		pthread_barrier_t *own = malloc(sizeof(*own));
		int cleaned = 0;

		CHECK_EQ(pthread_barrier_init(own, NULL, 8), 0);
		for (int i = 0; i < 8; i++)
			start_thread(&t[i], meet_once, own);
		for (int i = 0; i < 8; i++)
			cleaned += join_thread(t[i]) != NULL;
		CHECK_EQ(cleaned, 1);
	}
}

static atomic_int meetings = 360;

/* More threads than members: groups form as they come. */
static void *meet_many(void *arg)
{
	while (atomic_fetch_sub(&meetings, 1) > 0)
		if (pthread_barrier_wait(&b))
			atomic_fetch_add(&serials, 1);
	return NULL;
}

static void more_threads_than_members(void)
{
	pthread_t t[12];

	CHECK_EQ(pthread_barrier_init(&b, NULL, 3), 0);
	start_threads(t, 12, meet_many);
	join_threads(t, 12);
	CHECK_EQ(serials, 360 / 3);
}

static void arguments(void)
{
	pthread_barrierattr_t a;
	int shared = -1;

	CHECK_EQ(pthread_barrier_init(&b, NULL, 0), EINVAL);
	CHECK_EQ(pthread_barrierattr_init(&a), 0);
	CHECK_EQ(pthread_barrierattr_getpshared(&a, &shared), 0);
	CHECK_EQ(shared, PTHREAD_PROCESS_PRIVATE);
	CHECK_EQ(pthread_barrier_init(&b, &a, 1), 0);
	CHECK_EQ(pthread_barrier_wait(&b), PTHREAD_BARRIER_SERIAL_THREAD);
	CHECK_EQ(pthread_barrier_destroy(&b), 0);
}

const struct check checks[] = {
	{ "phases", phases, NULL },
	{ "destroyed_by_serial", destroyed_by_serial, NULL },
	{ "more_threads_than_members", more_threads_than_members, NULL },
	{ "arguments", arguments, NULL },
	{ 0 },
};
