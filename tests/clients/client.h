/* SPDX-License-Identifier: MIT */
/*
 * What every client shares. A client is an ordinary pthread program with a table of checks; `client NAME` runs
 * one, prints a transcript that is the same at each run and returns 0, or says on stderr what is wrong and
 * returns 1. `client --list` prints the names and how each has to end.
 */
#ifndef TESTS_CLIENTS_CLIENT_H
#define TESTS_CLIENTS_CLIENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct check {
	const char *name;
	void (*run)(void);
	const char *ends; /* NULL: "exit 0"; "mode": not a check, but what a check executes itself as */
};

/* Each client defines it; ends with an all-zero entry. */
extern const struct check checks[];

/* Of main(). */
extern int client_argc;
extern char **client_argv;

__attribute__((noreturn)) void client_fail(const char *file, int line, const char *what);
void client_equal(const char *file, int line, const char *what, long long got, long long wanted);

#define CHECK(condition)                                         \
	do {                                                     \
		if (!(condition))                                \
			client_fail(__FILE__, __LINE__, #condition); \
	} while (0)
#define CHECK_EQ(got, wanted) client_equal(__FILE__, __LINE__, #got, (long long)(got), (long long)(wanted))

/* One figure for the judge: not part of the transcript. */
void client_figure(const char *name, double value);

/* This machine cannot run the check: says why and ends the process with 77. */
__attribute__((noreturn)) void client_skip(const char *why);

long long now_us(clockid_t clock);
void sleep_ms(unsigned ms);

/* The absolute time ms from now; ms may be negative. */
struct timespec after_ms(clockid_t clock, long ms);

void start_thread(pthread_t *thread, void *(*run)(void *), void *arg);
void start_threads(pthread_t *threads, int n, void *(*run)(void *)); /* arg: the index */
void *join_thread(pthread_t thread);
void join_threads(pthread_t *threads, int n);

/* Work that the compiler cannot drop and that calls nothing. */
unsigned long burn(unsigned long rounds);
void burn_ms(unsigned ms);

int order_long(const void *a, const void *b);
long long median(long long *values, int n);

#ifdef __cplusplus
}
#else
#include "compat.h"
#endif
#endif
