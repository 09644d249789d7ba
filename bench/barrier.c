/* SPDX-License-Identifier: MIT */
/* Phases of a barrier without work between them: one operation is one phase of all threads. */
#include "bench.h"

#include <stdatomic.h>

static pthread_barrier_t barrier;
static size_t phases;
static atomic_size_t serials;

static void body(unsigned index)
{
	size_t mine = 0;

	for (size_t i = 0; i < phases; i++) {
		int result = pthread_barrier_wait(&barrier);

		if (result == PTHREAD_BARRIER_SERIAL_THREAD)
			mine++;
		else
			bench_check(result, "pthread_barrier_wait");
	}
	atomic_fetch_add(&serials, mine);
}

static uint64_t measure(size_t n)
{
	struct bench_times times;

	phases = n;
	atomic_store(&serials, 0);
	times = bench_team(bench_options.threads, body, NULL);
	if (atomic_load(&serials) != n)
		bench_fail("barrier: %zu serial threads in %zu phases", atomic_load(&serials), n);
	return times.finished - times.opened;
}

void bench_barrier(void)
{
	bench_check(pthread_barrier_init(&barrier, NULL, bench_options.threads),
		    "pthread_barrier_init");
	bench_report_scaled("barrier", bench_scale(measure, 20));
	bench_report_end();
}
