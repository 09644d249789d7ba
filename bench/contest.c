/* SPDX-License-Identifier: MIT */
/*
 * The contest: lock, spin for the length of a section, unlock, again. The wait
 * is taken from one clock read before the lock and one just inside it; the one
 * inside counts as part of the section, whose spin is shortened by as much.
 */
#include "bench.h"
#include "contest.h"
#include "histogram.h"

#include <stdatomic.h>
#include <stdlib.h>

struct contender {
	uint64_t operations;	/* finished before the stop: what the shares are computed from */
	uint64_t sections;	/* all of them: what the counters must add up to */
	struct histogram waits;
} __attribute__((aligned(64)));

static const struct contest *contest;
static struct contender *contenders;
static unsigned section_loops;
static uint64_t stopped_at;
/* Own cache line each: the flag is read in every turn, the counters change in every section. */
static _Alignas(64) atomic_bool stop;
static _Alignas(64) struct {
	uint64_t before, after;
} guarded;

static void section(bool exclusive)
{
	uint64_t before = guarded.before;

	if (exclusive)
		guarded.before = before + 1;
	bench_spin(section_loops);
	if (guarded.after != before)
		bench_fail("%s: two threads were inside at once", contest->name);
	if (exclusive)
		guarded.after = before + 1;
}

static void body(unsigned index)
{
	struct contender *self = &contenders[index];
	bool exclusive = index < contest->exclusive;

	/* One turn at least, also when the stop came first: its wait belongs to the statistics. */
	do {
		uint64_t start = bench_now(), entered;

		contest->enter(exclusive);
		entered = bench_now();
		section(exclusive);
		contest->leave();
		self->sections++;
		if (!atomic_load_explicit(&stop, memory_order_relaxed))
			self->operations++;
		histogram_record(&self->waits, entered - start);
	} while (!atomic_load_explicit(&stop, memory_order_relaxed));
}

static void conduct(void)
{
	bench_sleep(bench_options.seconds);
	stopped_at = bench_now();
	atomic_store_explicit(&stop, true, memory_order_relaxed);
}

/* Jain's index of the counts: 1 when all are equal, 1/n when one thread did everything. */
static double jain_index(unsigned from, unsigned to)
{
	double sum = 0, squares = 0;

	for (unsigned i = from; i < to; i++) {
		double count = (double)contenders[i].operations;

		sum += count;
		squares += count * count;
	}
	return squares > 0 ? sum * sum / (squares * (to - from)) : 0;
}

static uint64_t sum_operations(unsigned from, unsigned to)
{
	uint64_t sum = 0;

	for (unsigned i = from; i < to; i++)
		sum += contenders[i].operations;
	return sum;
}

static void check_counters(void)
{
	uint64_t sections = 0;

	for (unsigned i = 0; i < contest->exclusive; i++)
		sections += contenders[i].sections;
	if (guarded.before != sections || guarded.after != sections)
		bench_fail("%s: sections were lost", contest->name);
}

static void report_waits(unsigned threads)
{
	struct histogram *waits = bench_alloc(1, sizeof *waits);
	unsigned unserved = 0;

	for (unsigned i = 0; i < threads; i++) {
		histogram_merge(waits, &contenders[i].waits);
		unserved += contenders[i].operations == 0;
	}
	bench_count("wait_p50_ns", histogram_quantile(waits, 0.50));
	bench_count("wait_p99_ns", histogram_quantile(waits, 0.99));
	bench_count("wait_max_ns", waits->max);
	bench_count("unserved", unserved);
	free(waits);
}

static void report(double ns)
{
	unsigned threads = bench_options.threads;
	uint64_t operations = sum_operations(0, threads);
	uint64_t exclusive = sum_operations(0, contest->exclusive);

	if (!operations)
		bench_fail("%s: no operation was finished in time", contest->name);
	bench_report(contest->name);
	bench_count("section_ns", bench_options.section_ns);
	bench_figure("ns_per_op", ns / (double)operations);
	bench_count("operations", operations);
	bench_figure("seconds", ns / 1e9);
	report_waits(threads);
	bench_figure("jain", jain_index(0, threads));
	if (contest->exclusive < threads) {
		bench_figure("write_share", (double)exclusive / (double)operations);
		bench_figure("write_jain", jain_index(0, contest->exclusive));
		bench_figure("read_jain", jain_index(contest->exclusive, threads));
	}
	bench_report_end();
}

void contest_run(const struct contest *which)
{
	struct bench_times times;

	contest = which;
	section_loops = bench_spin_loops(bench_options.section_ns - bench_clock_cost());
	/* Allocated by hand: calloc keeps no promise about cache lines. */
	if (posix_memalign((void **)&contenders, 64, bench_options.threads * sizeof *contenders))
		bench_fail("out of memory");
	for (unsigned i = 0; i < bench_options.threads; i++)
		contenders[i] = (struct contender){ 0 };
	times = bench_team(bench_options.threads, body, conduct);
	check_counters();
	report((double)(stopped_at - times.opened));
	free(contenders);
}
