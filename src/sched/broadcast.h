/* SPDX-License-Identifier: MIT */
/*
 * One system call on every kernel thread of the runtime's own (carriers, monitor
 * and watchers): those that the libc does not know when it changes credentials.
 */
#ifndef UMCG_SCHED_BROADCAST_H
#define UMCG_SCHED_BROADCAST_H

#include <stdbool.h>
#include <stdint.h>

struct carrier;
struct server;

/* Returns when all have done it. A carrier on which it fails would keep rights that were given up: panic. */
void broadcast_syscall(long nr, long a, long b, long c);

/* In a carrier's signal handler: do what is asked and not yet done. Async-signal-safe. */
void broadcast_answer(struct carrier *c);

/* Whether it reaches that kernel thread. */
bool broadcast_reaches(int tid);

/* A kernel thread is about to be made: what it notes as done. */
void broadcast_join(uint32_t *done);

/* The monitor's part, once a tick. */
void broadcast_answer_monitor(void);

/* That of the watcher of s, when it wakes. */
void broadcast_answer_watcher(struct server *s);

#endif
