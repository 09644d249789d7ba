/* SPDX-License-Identifier: MIT */
/*
 * Clock and calibrated spinning. A critical section must last a known time
 * without reading the clock, because a clock read is itself half of a 50 ns
 * section; so the length of a dependent chain of arithmetic is calibrated once.
 */
#include "bench.h"

#include <errno.h>
#include <time.h>

enum { CALIBRATION_TRIES = 40, CALIBRATION_LOOPS = 4000 };

uint64_t bench_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void bench_sleep(double seconds)
{
	struct timespec left;

	left.tv_sec = (time_t)seconds;
	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

uint64_t bench_spin(unsigned loops)
{
	uint64_t x = loops;

	while (loops--) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		/* The compiler must neither skip nor vectorise the chain. */
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static void read_clock(unsigned times)
{
	while (times--)
		bench_now();
}

static void spin(unsigned loops)
{
	bench_spin(loops);
}

/* The shortest of many tries: whatever disturbs a try can only lengthen it. */
static double unit_cost(void (*work)(unsigned))
{
	double best = 0;

	for (int try = 0; try < CALIBRATION_TRIES; try++) {
		uint64_t start = bench_now();
		double ns;

		work(CALIBRATION_LOOPS);
		ns = (double)(bench_now() - start);
		if (try == 0 || ns < best)
			best = ns;
	}
	return best / CALIBRATION_LOOPS;
}

double bench_clock_cost(void)
{
	return unit_cost(read_clock);
}

unsigned bench_spin_loops(double ns)
{
	return ns > 0 ? (unsigned)(ns / unit_cost(spin) + 0.5) : 0;
}
