/* SPDX-License-Identifier: MIT */
/*
 * What the families of umcg-bench share: options, clock, scaling, thread teams
 * and the one-line JSON report. Plain POSIX threads; nothing here knows which
 * thread library it runs on, so the same binary measures all of them.
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_options {
	double seconds;		/* wanted length of the measured part */
	unsigned threads;	/* meaning depends on the family, see its default */
	unsigned section_ns;	/* length of a critical section */
	unsigned conds;		/* condition variables of the ping-pong: 1 or 2 */
	size_t stack;		/* bytes for each thread; 0: the system's default */
};

extern struct bench_options bench_options;

void bench_yield(void);
void bench_condvar(void);
void bench_semaphore(void);
void bench_pipe(void);
void bench_mutex(void);
void bench_rwlock(void);
void bench_create_join(void);
void bench_create_many(void);
void bench_barrier(void);
void bench_prodcons(void);
void bench_echo(void);
void bench_echo_pipes(void);
void bench_blocked(void);
void bench_asleep(void);
void bench_sleepers(void);
void bench_stuck_futex(void);
void bench_stuck_read(void);
void bench_beside(void);

/* Failure of the benchmark itself: one line on stderr, exit status 1. */
void bench_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* For functions that return an error number (pthread_*). */
void bench_check(int error, const char *what);
/* For functions that return -1 and set errno. */
void bench_check_errno(long result, const char *what);
void *bench_alloc(size_t count, size_t size);

/* clock.c */
uint64_t bench_now(void);
double bench_clock_cost(void);
void bench_sleep(double seconds);
unsigned bench_spin_loops(double ns);
uint64_t bench_spin(unsigned loops);

/* scale.c: run measure(n) with growing n until it lasts about --seconds. */
struct bench_scaled {
	size_t operations;
	uint64_t ns;
};

struct bench_scaled bench_scale(uint64_t (*measure)(size_t n), size_t first);

/* team.c: threads that start together behind a gate. */
struct bench_times {
	uint64_t opened, finished;
};

pthread_t bench_thread(void *(*start)(void *), void *arg);
/* `conduct`, if any, runs in the caller while the team works. */
struct bench_times bench_team(unsigned size, void (*body)(unsigned index),
			      void (*conduct)(void));

/* report.c: bench_report(name), figures, bench_report_end(). */
void bench_report(const char *name);
void bench_figure(const char *key, double value);
void bench_count(const char *key, uint64_t value);
void bench_report_scaled(const char *name, struct bench_scaled scaled);
void bench_report_end(void);

#endif
