/* SPDX-License-Identifier: MIT */
/*
 * Order of queued signals. A real-time signal that is held back goes to the end
 * of the kernel's queue, behind those that were sent after it. So what its sender
 * said is kept here, oldest first, and what is queued again is a token: each
 * arrival, a token or not, delivers the oldest that is kept, and one that is no
 * token is kept itself. There are as many tokens pending as signals kept, or more:
 * one that finds nothing kept does nothing.
 *
 *  kernel's queue  kept   arrives   handler gets
 *  2 3 t           1      2         1
 *  3 t             2      3         2
 *  t               3      t         3
 *
 * A task's list is touched on its home only, with all signals blocked.
 */
#ifndef UMCG_SCHED_KEPT_H
#define UMCG_SCHED_KEPT_H

#include "core/task.h"

#include <signal.h>

enum { FIRST_QUEUED = 34 };	/* before it a signal that is pending is not queued again */

/* Hold sig back: keep info if it is no token, and queue a token to the calling kernel thread, t's home. */
void kept_hold_back(struct task *t, int sig, const siginfo_t *info);
/* sig has arrived, or has been taken by a wait or a descriptor, with info: make it that of the oldest. False: it was a token for nothing. */
bool kept_exchange(struct task *t, int sig, siginfo_t *info);
/* The kernel has dropped what was pending, tokens too: sig is ignored. */
void kept_flush(int sig);
/* t ends. */
void kept_clear(struct task *t);
void kept_after_fork_child(void);

#endif
