/* SPDX-License-Identifier: MIT */
/*
 * Producers and consumers on a bounded queue: a mutex and two condition
 * variables, signalled once per item. One operation is one item through the queue.
 * The last producer to finish sends each consumer an item that ends it.
 */
#include "bench.h"

#include <stdatomic.h>

enum { CAPACITY = 64, END = 0 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	unsigned head, length;
	uint64_t item[CAPACITY];
} queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.not_empty = PTHREAD_COND_INITIALIZER,
	.not_full = PTHREAD_COND_INITIALIZER,
};

static size_t items_each;
static atomic_uint producing;
static atomic_uint_fast64_t sum;

static void push(uint64_t item)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.length == CAPACITY)
		pthread_cond_wait(&queue.not_full, &queue.lock);
	queue.item[(queue.head + queue.length++) % CAPACITY] = item;
	pthread_cond_signal(&queue.not_empty);
	pthread_mutex_unlock(&queue.lock);
}

static uint64_t pop(void)
{
	uint64_t item;

	pthread_mutex_lock(&queue.lock);
	while (queue.length == 0)
		pthread_cond_wait(&queue.not_empty, &queue.lock);
	item = queue.item[queue.head];
	queue.head = (queue.head + 1) % CAPACITY;
	queue.length--;
	pthread_cond_signal(&queue.not_full);
	pthread_mutex_unlock(&queue.lock);
	return item;
}

static void produce(void)
{
	for (size_t i = 1; i <= items_each; i++)
		push(i);
	if (atomic_fetch_sub(&producing, 1) == 1)
		for (unsigned i = 0; i < bench_options.threads; i++)
			push(END);
}

static void consume(void)
{
	uint64_t mine = 0, item;

	while ((item = pop()) != END)
		mine += item;
	atomic_fetch_add(&sum, mine);
}

static void body(unsigned index)
{
	if (index % 2)
		consume();
	else
		produce();
}

static uint64_t measure(size_t n)
{
	struct bench_times times;

	items_each = n;
	atomic_store(&producing, bench_options.threads);
	atomic_store(&sum, 0);
	times = bench_team(2 * bench_options.threads, body, NULL);
	if (atomic_load(&sum) != (uint64_t)n * (n + 1) / 2 * bench_options.threads)
		bench_fail("prodcons: items were lost or came twice");
	return times.finished - times.opened;
}

void bench_prodcons(void)
{
	struct bench_scaled scaled = bench_scale(measure, 100);

	scaled.operations *= bench_options.threads;
	bench_report_scaled("prodcons", scaled);
	bench_count("capacity", CAPACITY);
	bench_report_end();
}
