/* SPDX-License-Identifier: MIT */
/* One-time initialisation on the libc's word (values in host/rwlock.h). */
#ifndef UMCG_SYNC_ONCE_H
#define UMCG_SYNC_ONCE_H

#include "core/task.h"
#include "host/rwlock.h"

/* True: the caller runs the routine, then calls once_end(). False: it has been run. */
bool once_begin(pthread_once_t *o, struct task *t);
/* done false: the routine was left by an exception or cancellation; the next caller runs it. */
void once_end(pthread_once_t *o, struct task *t, bool done);
void once_after_fork_child(void);

#endif
