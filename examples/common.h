/* SPDX-License-Identifier: MIT */
/* What the examples of schedulers share: a check, the clock, work of a known length. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline void sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static inline void nap_us(uint64_t us)
{
	sleep_until(now() + 1000 * us);
}

/* For umcg_poll_worker() where a server is to see now and then whether it is time to end. */
static inline struct timespec in_a_second(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec++;
	return t;
}

/* Work is counted in loops, not in time: a thread that has been put aside does not compute. */
static unsigned loops_per_us = 100;

static inline void compute_us(unsigned us)
{
	for (volatile uint64_t i = 0; i < (uint64_t)us * loops_per_us; i++)
		;
}

static inline void calibrate(void)
{
	uint64_t spent = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	compute_us(100000);
	spent = clock_ns(CLOCK_THREAD_CPUTIME_ID) - spent;
	loops_per_us = (unsigned)(100 * 1e8 / (double)spent) + 1;
}

static inline int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

#endif
