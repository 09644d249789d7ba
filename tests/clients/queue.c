/* SPDX-License-Identifier: MIT */
/* Bounded queues between producers and consumers: everything arrives once, nothing is lost, nobody stays asleep. */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

enum { ROOM = 8, MOST = 64 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static sem_t free_slots, full_slots;
static long slots[ROOM], items_each;
static unsigned head, tail;
static bool by_semaphores;
static atomic_long sum, taken;

static void put(long item)
{
	if (by_semaphores)
		CHECK_EQ(sem_wait(&free_slots), 0);
	pthread_mutex_lock(&m);
	while (!by_semaphores && head - tail == ROOM)
		pthread_cond_wait(&not_full, &m);
	CHECK(head - tail < ROOM);
	slots[head++ % ROOM] = item;
	if (!by_semaphores)
		pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&m);
	if (by_semaphores)
		CHECK_EQ(sem_post(&full_slots), 0);
}

static long take(void)
{
	long item;

	if (by_semaphores)
		CHECK_EQ(sem_wait(&full_slots), 0);
	pthread_mutex_lock(&m);
	while (!by_semaphores && head == tail)
		pthread_cond_wait(&not_empty, &m);
	CHECK(head != tail);
	item = slots[tail++ % ROOM];
	if (!by_semaphores)
		pthread_cond_signal(&not_full);
	pthread_mutex_unlock(&m);
	if (by_semaphores)
		CHECK_EQ(sem_post(&free_slots), 0);
	return item;
}

static void *produce(void *arg)
{
	intptr_t me = (intptr_t)arg;

	for (long i = 0; i < items_each; i++)
		put(me * items_each + i);
	return NULL;
}

static void *consume(void *arg)
{
	for (long i = 0; i < items_each; i++) {
		atomic_fetch_add(&sum, take());
		atomic_fetch_add(&taken, 1);
	}
	return NULL;
}

static void run(int each, long items, bool semaphores)
{
	pthread_t producers[MOST], consumers[MOST];
	long all = each * items;

	by_semaphores = semaphores;
	items_each = items;
	sem_init(&free_slots, 0, ROOM);
	sem_init(&full_slots, 0, 0);
	start_threads(consumers, each, consume);
	start_threads(producers, each, produce);
	join_threads(producers, each);
	join_threads(consumers, each);
	CHECK_EQ(taken, all);
	CHECK_EQ(sum, all * (all - 1) / 2);
	CHECK_EQ(head, tail);
}

static void conditions_1x1(void)
{
	run(1, 20000, false);
}

static void conditions_4x4(void)
{
	run(4, 5000, false);
}

static void conditions_64x64(void)
{
	run(64, 300, false);
}

static void semaphores_4x4(void)
{
	run(4, 5000, true);
}

static void semaphores_64x64(void)
{
	run(64, 300, true);
}

const struct check checks[] = {
	{ "conditions_1x1", conditions_1x1, NULL },
	{ "conditions_4x4", conditions_4x4, NULL },
	{ "conditions_64x64", conditions_64x64, NULL },
	{ "semaphores_4x4", semaphores_4x4, NULL },
	{ "semaphores_64x64", semaphores_64x64, NULL },
	{ 0 },
};
