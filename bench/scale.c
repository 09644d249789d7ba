/* SPDX-License-Identifier: MIT */
/*
 * Finds the number of operations that lasts about as long as asked. The first
 * tries also warm up caches, stacks and the scheduler; only the last one counts.
 */
#include "bench.h"

/* A short try misjudges the speed, so no step trusts it for more than this. */
#define MAX_GROWTH 10.0
#define MIN_GROWTH 1.5

struct bench_scaled bench_scale(uint64_t (*measure)(size_t n), size_t first)
{
	double wanted = bench_options.seconds * 1e9;
	struct bench_scaled scaled = { .operations = first };

	for (;;) {
		double growth;

		scaled.ns = measure(scaled.operations);
		if ((double)scaled.ns >= wanted / 2)
			return scaled;
		growth = scaled.ns ? wanted / (double)scaled.ns : MAX_GROWTH;
		if (growth > MAX_GROWTH)
			growth = MAX_GROWTH;
		if (growth < MIN_GROWTH)
			growth = MIN_GROWTH;
		scaled.operations = (size_t)((double)scaled.operations * growth) + 1;
	}
}
