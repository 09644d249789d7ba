/* SPDX-License-Identifier: MIT */
/*
 * Mutexes on the libc's own object and protocol.
 *
 *  word     glibc  musl                    meaning
 *  0                                       free
 *  held     1      16, or the owner's tid  locked
 *  contended 2     the same with bit 31    locked, and somebody may wait
 *
 * Owner (the tid of its home), depth of a recursive mutex and number of users
 * as the libc keeps them: host/mutex.h.
 *
 * A waiter makes the word contended under its bucket's lock and joins the queue
 * there. An unlock that finds it so takes the first waiter: normally the word
 * becomes 0 and the waiter competes (barging: whoever runs keeps running); a
 * waiter that has waited for long is handed the lock, the word stays contended.
 * Code inside the libc that was not interposed waits in the kernel instead: an
 * unlock of a contended word that finds nobody here wakes the futex.
 */
#ifndef UMCG_SYNC_MUTEX_H
#define UMCG_SYNC_MUTEX_H

#include "host/mutex.h"
#include "sync/waitq.h"

/* All return 0 or a positive errno, as the pthread functions do. */
int mutex_lock_contended(pthread_mutex_t *m, struct task *t, const struct wait_until *u, bool waited);
void mutex_unlock_contended(pthread_mutex_t *m, struct task *t, bool will_park);
int mutex_lock(pthread_mutex_t *m, struct task *t, clockid_t clock, const struct timespec *ts);
int mutex_trylock(pthread_mutex_t *m, struct task *t);
int mutex_unlock(pthread_mutex_t *m, struct task *t, bool will_park);

/*
 * A condition variable's waiter w (on no queue) goes on to wait for m if m is
 * held; false: it must be woken. force: even if m is free, because the caller
 * is going to wake another that locks m.
 */
bool mutex_requeue_locked(pthread_mutex_t *m, struct bucket *mb, struct waiter *w, bool force);

/*
 * From lend to reclaim the libc unlocks m, which t holds, and locks it again: the wait for a
 * process-shared condition variable. It wakes nobody here, and waits in the kernel. So
 * meanwhile who wants m looks at it now and then, nobody is handed it, and each
 * contended unlock wakes the futex too.
 */
void mutex_lend(pthread_mutex_t *m, struct task *t);
void mutex_reclaim(pthread_mutex_t *m, struct task *t);

#endif
