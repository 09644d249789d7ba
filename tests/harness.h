/* SPDX-License-Identifier: MIT */
/*
 * Children under observation: start an unmodified program in a session of its own, with or without the
 * preload, under a deadline; keep what it wrote, how it ended and what it used. A child that outlives its
 * deadline is described thread by thread before its session is killed.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct child_spec {
	const char *const *argv; /* ends with NULL; argv[0] is the path of the program */
	const char *const *env;  /* NAME=VALUE, ends with NULL; added to a clean environment; may be NULL */
	const char *preload;     /* NULL: no LD_PRELOAD */
	unsigned servers;        /* 0: UMCG_SERVERS is not set */
	unsigned deadline_ms;
};

struct child_result {
	bool started;
	bool hang;
	int status; /* as from wait() */
	struct rusage usage;
	double seconds;
	char *out; /* both end with a NUL that is not counted */
	size_t out_len;
	char *err;
	size_t err_len;
	char *hang_report; /* NULL unless hang */
};

struct child;

struct child *child_start(const struct child_spec *spec);
pid_t child_pid(const struct child *c);

/* Waits until the child's standard output holds text. False: it ended or its time was over. */
bool child_expect(struct child *c, const char *text);
const char *child_out(const struct child *c);

/* Waits for the end and releases the child; the strings of the result are freed by child_result_free. */
void child_finish(struct child *c, struct child_result *result);
void child_result_free(struct child_result *result);

/* Every thread of every process of the session: name, state, wait channel, system call. malloc'ed. */
char *child_describe(pid_t session);

/* CPU time of a running process in microseconds, from its threads' schedstat. */
long long child_cpu_us(pid_t pid);

#ifdef __cplusplus
}
#endif
#endif
