/* SPDX-License-Identifier: MIT */
/* sched_yield() by several threads: wall time over the yields of all of them. */
#include "bench.h"

#include <sched.h>

static size_t yields_each;

static void body(unsigned index)
{
	for (size_t i = 0; i < yields_each; i++)
		sched_yield();
}

static uint64_t measure(size_t rounds)
{
	struct bench_times times;

	yields_each = rounds;
	times = bench_team(bench_options.threads, body, NULL);
	return times.finished - times.opened;
}

void bench_yield(void)
{
	struct bench_scaled scaled = bench_scale(measure, 100);

	scaled.operations *= bench_options.threads;
	bench_report_scaled("yield", scaled);
	bench_report_end();
}
