/* SPDX-License-Identifier: MIT */
/*
 * A team of threads that begin together: each waits at a gate that opens when
 * all have arrived. The time ends when the last body returns, so neither
 * creation nor joining is measured.
 */
#include "bench.h"

#include <stdlib.h>

struct member {
	pthread_t thread;
	unsigned index;
	uint64_t finished;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t all_arrived, opened;
	unsigned size, arrived;
	bool open;
	void (*body)(unsigned index);
} gate = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.all_arrived = PTHREAD_COND_INITIALIZER,
	.opened = PTHREAD_COND_INITIALIZER,
};

pthread_t bench_thread(void *(*start)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	bench_check(pthread_attr_init(&attr), "pthread_attr_init");
	if (bench_options.stack)
		bench_check(pthread_attr_setstacksize(&attr, bench_options.stack),
			    "pthread_attr_setstacksize");
	bench_check(pthread_create(&thread, bench_options.stack ? &attr : NULL, start, arg),
		    "pthread_create");
	pthread_attr_destroy(&attr);
	return thread;
}

static void gate_arrive(void)
{
	pthread_mutex_lock(&gate.lock);
	if (++gate.arrived == gate.size)
		pthread_cond_signal(&gate.all_arrived);
	while (!gate.open)
		pthread_cond_wait(&gate.opened, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static uint64_t gate_open(void)
{
	uint64_t now;

	pthread_mutex_lock(&gate.lock);
	while (gate.arrived < gate.size)
		pthread_cond_wait(&gate.all_arrived, &gate.lock);
	gate.open = true;
	now = bench_now();
	pthread_cond_broadcast(&gate.opened);
	pthread_mutex_unlock(&gate.lock);
	return now;
}

static void *member_start(void *arg)
{
	struct member *member = arg;

	gate_arrive();
	gate.body(member->index);
	member->finished = bench_now();
	return NULL;
}

struct bench_times bench_team(unsigned size, void (*body)(unsigned index),
			      void (*conduct)(void))
{
	struct member *members = bench_alloc(size, sizeof *members);
	struct bench_times times = { 0 };

	gate.size = size;
	gate.arrived = 0;
	gate.open = false;
	gate.body = body;
	for (unsigned i = 0; i < size; i++) {
		members[i].index = i;
		members[i].thread = bench_thread(member_start, &members[i]);
	}
	times.opened = gate_open();
	if (conduct)
		conduct();
	for (unsigned i = 0; i < size; i++) {
		bench_check(pthread_join(members[i].thread, NULL), "pthread_join");
		if (members[i].finished > times.finished)
			times.finished = members[i].finished;
	}
	free(members);
	return times;
}
