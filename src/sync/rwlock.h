/* SPDX-License-Identifier: MIT */
/*
 * Read-write locks on the libc's object: one word (bits in host/rwlock.h), the
 * writer's tid, and the number of writers that want it.
 *
 * RW_WAITING is set under the bucket's lock by whoever joins the queue, and
 * cleared there when the queue has become empty; an unlock that finds it wakes
 * the first writer, or all readers, who compete again. As in glibc, readers
 * pass waiting writers unless the lock prefers writers.
 */
#ifndef UMCG_SYNC_RWLOCK_H
#define UMCG_SYNC_RWLOCK_H

#include "host/rwlock.h"
#include "sync/waitq.h"

/* All return 0 or a positive errno. */
int rwlock_rdlock(pthread_rwlock_t *l, struct task *t, clockid_t clock, const struct timespec *abstime);
int rwlock_wrlock(pthread_rwlock_t *l, struct task *t, clockid_t clock, const struct timespec *abstime);
int rwlock_tryrdlock(pthread_rwlock_t *l);
int rwlock_trywrlock(pthread_rwlock_t *l, struct task *t);
int rwlock_unlock(pthread_rwlock_t *l, struct task *t);

#endif
