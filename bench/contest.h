/* SPDX-License-Identifier: MIT */
/*
 * Threads that contend for one lock for a fixed time. Each thread keeps its
 * own operation count and histogram of waits. Exclusion is verified on the way:
 * a holder that is alone changes two plain counters at the two ends of its section.
 */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include <stdbool.h>

struct contest {
	const char *name;
	void (*enter)(bool exclusive);
	void (*leave)(void);
	unsigned exclusive;	/* the first so many threads exclude everybody, the others share */
};

/* Runs it and writes the whole report. */
void contest_run(const struct contest *contest);

#endif
