/* SPDX-License-Identifier: MIT */
/*
 * One system call on every kernel thread of the runtime's own (carriers and
 * monitor): those that the libc does not know when it changes credentials.
 */
#ifndef UMCG_SCHED_BROADCAST_H
#define UMCG_SCHED_BROADCAST_H

#include <stdbool.h>

struct carrier;

/* Returns when all have done it. A carrier on which it fails would keep rights that were given up: panic. */
void broadcast_syscall(long nr, long a, long b, long c);

/* In a carrier's signal handler: do what is asked and not yet done. Async-signal-safe. */
void broadcast_answer(struct carrier *c);

/* Whether it reaches that kernel thread. */
bool broadcast_reaches(int tid);

/* A carrier has been made. */
void broadcast_join(struct carrier *c);

/* The monitor's part, once a tick. */
void broadcast_answer_monitor(void);

#endif
