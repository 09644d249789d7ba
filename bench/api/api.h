/* SPDX-License-Identifier: MIT */
/*
 * What the rows of umcg-api share: a group whose server is the calling thread,
 * its workers, a helper that is no task, and samples.
 */
#ifndef BENCH_API_H
#define BENCH_API_H

#include <umcg/libumcg.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_WORKERS = 64 };

/* What one run of a row has found. tail: 99th percentile of a latency, else 0. */
struct figure {
	double value, tail;
};

/* cost.c, raw.c: ns per operation. */
struct figure cost_bare_switch(void);
struct figure cost_swap(void);
struct figure cost_run_yield(void);
struct figure cost_run_wait(void);
struct figure cost_run_raw(void);
struct figure cost_swap_raw(void);
struct figure cost_queued_wake(void);
struct figure cost_wake_consume(void);
struct figure cost_group(void);
struct figure cost_worker(void);

/* latency.c: ns from one event to another. */
struct figure latency_plain_wake(void);
struct figure latency_block(void);
struct figure latency_wake_call(void);
struct figure latency_wake_point(void);
struct figure latency_wake(void);
struct figure latency_preempt(void);

/* team.c. Failure of the benchmark itself: one line on stderr, exit status 1. */
void fail(const char *what) __attribute__((noreturn));
void must(bool ok, const char *what);
uint64_t now(void);
void nap(unsigned us);

/* A group with the caller as its server and n workers: each registers and waits to be run into body(index). */
void team_open(unsigned n, void (*body)(unsigned index));
void team_close(void);		/* all have returned from body */
extern umcg_tid team_worker[MAX_WORKERS];
extern umcg_t team_group;
umcg_tid team_poll(void);
void team_run(umcg_tid worker);

/* A plain thread that does act() each time it is told to, a while later. */
void helper_open(void (*act)(void));
void helper_go(void);
void helper_close(void);

void sample_add(uint64_t ns);
struct figure sample_figure(void);	/* their median and tail; forgets them */

enum { BATCHES = 25, BATCH = 20000 };

/*
 * ns for one of the operations of which each call does so many: the median of
 * batches that are short against the time for which the kernel puts a thread aside.
 */
static inline __attribute__((always_inline)) struct figure cost_of(void (*call)(void), double operations)
{
	for (int i = 0; i < BATCHES; i++) {
		uint64_t start = now();

		for (int n = 0; n < BATCH; n++)
			call();
		sample_add(now() - start);
	}
	return (struct figure){ .value = sample_figure().value / BATCH / operations };
}

#endif
