/* SPDX-License-Identifier: MIT */
/*
 * One run of one command: environment, affinity, deadline, captured output.
 * Every child ends before child_run returns; nothing is killed but that child.
 */
#ifndef RUNNER_CHILD_H
#define RUNNER_CHILD_H

#include <stdbool.h>

enum outcome {
	OUTCOME_OK,
	OUTCOME_HANG,		/* killed at the deadline */
	OUTCOME_DIED,		/* of signal `detail` */
	OUTCOME_EXIT,		/* exit status `detail`, not 0 */
	OUTCOME_BAD_OUTPUT,	/* ended well, but said something else than it should */
};

struct child {
	const char *const *argv;
	const char *preload;	/* NULL: no LD_PRELOAD at all */
	unsigned servers;	/* UMCG_SERVERS, unless the environment has it; 0: as it is */
	bool trace_objects;	/* have the dynamic linker list what it loads, run nothing */
	bool pinned;		/* to the first CPU that this process may use */
	int input, output;	/* descriptors; -1: /dev/null, and `output` captured */
	double deadline;	/* seconds */
};

struct child_result {
	enum outcome outcome;
	int detail;
	double seconds, cpu_seconds;
	char output[16384];	/* captured text, cut when it is longer */
	char errors[1024];	/* the first part of standard error */
};

void child_run(const struct child *child, struct child_result *result);
/* "hang", "died (SIGSEGV)", "exit 1"… */
const char *child_outcome_text(enum outcome outcome, int detail);

#endif
