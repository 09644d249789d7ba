/* SPDX-License-Identifier: MIT */
/*
 * Condition variables on the libc's object.
 *
 * Of the object we use __wrefs, as the libc lays it out: bit 0 process-shared,
 * bit 1 CLOCK_MONOTONIC, and above them the number of waiters, which changes
 * under the bucket's lock only. A signal without waiters is one load.
 *
 * A signalled waiter is queued on its mutex if that is held (no herd at the
 * mutex), and is off the condition variable, object and all, at once.
 */
#ifndef UMCG_SYNC_COND_H
#define UMCG_SYNC_COND_H

#include "host/cond.h"
#include "sync/waitq.h"

#include <pthread.h>

/* The mutex's own lock and unlock, for kinds that waiters cannot be queued on. */
struct cond_mutex_ops {
	int (*lock)(pthread_mutex_t *m);
	int (*unlock)(pthread_mutex_t *m);
};

/* Return 0 or a positive errno. ops NULL: m is one of ours. */
int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, struct task *t, clockid_t clock,
	      const struct timespec *abstime, const struct cond_mutex_ops *ops);
void cond_wake(pthread_cond_t *c, struct task *t, bool all);

#endif
