/* SPDX-License-Identifier: MIT */
/*
 * One test program, run apart from the rest of the machine: its own session, working directory, IPC
 * namespace and /dev/shm, no right to set the clock, a deadline, and nothing of it left behind.
 */
#ifndef SUITES_ISOLATE_H
#define SUITES_ISOLATE_H

#include <stddef.h>

struct isolate_run {
	const char *program;	/* absolute path */
	const char *preload;	/* absolute path of the library, or NULL for plain NPTL */
	const char *directory;	/* made by the caller; becomes the working directory */
	char *const *arguments;	/* after argv[0]; ends with NULL */
	int stop_after;		/* seconds until SIGUSR1 asks the program to end, or 0 */
	int deadline;		/* seconds, counted from that signal if there is one */
};

#define VERDICT_SIZE 16

/*
 * Runs the program and writes what became of it: PASS, FAIL, UNRESOLVED, UNSUPPORTED, UNTESTED, EXITn,
 * SIGNALn or TIMEOUT. Its output, and after a timeout the state of its threads, go to DIRECTORY.out.
 * The calling process becomes a child subreaper and must have no other children. Returns 0 or -errno.
 */
int isolate_run(const struct isolate_run *run, char verdict[VERDICT_SIZE]);

/* What this machine lets isolate_run() do, for the report: "ipc+shm" or "none". */
const char *isolate_kind(void);

#endif
