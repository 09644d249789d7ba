/* SPDX-License-Identifier: MIT */
/*
 * Unnamed, process-private semaphores on the libc's object: one 64-bit word,
 * the value below, the number of waiters above.
 *
 * A post adds one and, if the word counts waiters, wakes one of the parking
 * lot; the woken waiter competes for the value. Waiters are counted off by
 * whoever takes them off their queue, so that a count without a waiter here
 * means one in the kernel: code of the libc that was not interposed.
 */
#ifndef UMCG_SYNC_SEM_H
#define UMCG_SYNC_SEM_H

#include "host/sem.h"
#include "sync/waitq.h"

/* 0 or -errno. */
int sem_take(sem_t *s, struct task *t, clockid_t clock, const struct timespec *abstime);
int sem_try_take(sem_t *s);
int sem_give(sem_t *s, struct task *t);

#endif
