/* SPDX-License-Identifier: MIT */
/*
 * Threads that sleep. "asleep": what many of them cost while nothing happens; "sleepers": how late they wake from
 * sleeps of random length. Both with nanosleep, which a program's own timing usually is.
 */
#include "bench.h"
#include "histogram.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* From the last one's announcement until all are asleep. */
#define SETTLE_SECONDS 0.3
#define FOR_EVER 1e6

/* So many times as long as asked: what is looked for is less than the error of a short look. */
#define ASLEEP_FACTOR 5

enum { MIN_SLEEP_US = 10000, SLEEP_SPAN_US = 90000 };

static atomic_uint missing;
static struct histogram *late;	/* one for each thread */
static uint64_t end_at;

static void *sleep_on(void *arg)
{
	atomic_fetch_sub(&missing, 1);
	bench_sleep(FOR_EVER);
	return arg;
}

/* Asked of the kernel itself. */
static double cpu_seconds(clockid_t clock)
{
	struct timespec time;

	bench_check_errno(syscall(SYS_clock_gettime, clock, &time), "clock_gettime");
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Of all kernel threads of the process, less what adding them up took: milliseconds, for so many. */
static double cpu_since(double before)
{
	double begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
	double all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);

	return all - before - (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - begin);
}

void bench_asleep(void)
{
	unsigned count = bench_options.threads;
	double cpu, seconds;
	uint64_t begin;

	atomic_store(&missing, count);
	for (unsigned i = 0; i < count; i++)
		bench_thread(sleep_on, NULL);
	while (atomic_load(&missing))
		bench_sleep(0.001);
	bench_sleep(SETTLE_SECONDS);
	begin = bench_now();
	cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
	bench_sleep(ASLEEP_FACTOR * bench_options.seconds);
	cpu = cpu_since(cpu);
	seconds = (double)(bench_now() - begin) / 1e9;
	bench_report("asleep");
	bench_figure("cpu_us_per_second", cpu > 0 ? cpu * 1e6 / seconds : 0);
	bench_figure("seconds", seconds);
	bench_report_end();
	/* Nobody wakes the threads: the process ends around them. */
	_Exit(0);
}

static void sleeper(unsigned index)
{
	uint64_t seed = index + 1, begin = bench_now();

	while (begin < end_at) {
		uint64_t wanted, now;
		struct timespec time;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		wanted = 1000 * (MIN_SLEEP_US + (seed >> 33) % SLEEP_SPAN_US);
		time = (struct timespec){ 0, (long)wanted };
		bench_check_errno(nanosleep(&time, NULL), "nanosleep");
		now = bench_now();
		if (now < begin + wanted)
			bench_fail("sleepers: awake too early");
		histogram_record(&late[index], now - begin - wanted);
		begin = bench_now();
	}
}

void bench_sleepers(void)
{
	unsigned count = bench_options.threads;
	struct histogram all = { 0 };

	late = bench_alloc(count, sizeof *late);
	end_at = bench_now() + (uint64_t)(bench_options.seconds * 1e9) + 1000 * SLEEP_SPAN_US;
	bench_team(count, sleeper, NULL);
	for (unsigned i = 0; i < count; i++)
		histogram_merge(&all, &late[i]);
	if (!all.total)
		bench_fail("sleepers: nobody slept in time");
	bench_report("sleepers");
	bench_figure("late_p50_ns", (double)histogram_quantile(&all, 0.50));
	bench_figure("late_p99_ns", (double)histogram_quantile(&all, 0.99));
	bench_figure("late_max_ns", (double)all.max);
	bench_count("operations", all.total);
	bench_report_end();
	free(late);
}
