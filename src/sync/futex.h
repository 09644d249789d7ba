/* SPDX-License-Identifier: MIT */
/*
 * Private futexes over the parking lot: programs that make their own locks out of
 * them get waits that cost no system call. The word is the program's, and the order
 * is the kernel's: a waker changes the word, then wakes; a waiter queues up and
 * looks at the word under the lock that the waker takes next.
 *
 * Who has made the system call in some other way than by syscall() waits in the
 * kernel: a wake that finds too few here goes on there.
 */
#ifndef UMCG_SYNC_FUTEX_H
#define UMCG_SYNC_FUTEX_H

#include "sync/waitq.h"

/* Sleep while *word is value. 0, -EAGAIN, -ETIMEDOUT, -EINTR. */
int futex_wait(uint32_t *word, uint32_t value, uint32_t bitset, struct task *t, struct wait_until until);

/* Wake up to n waiters that have a bit in common with bitset: how many. */
int futex_wake(uint32_t *word, int n, uint32_t bitset, struct task *t);

/*
 * Wake up to n, and have up to m others wait for to instead; if expected is not
 * NULL, only while *word is *expected, else -EAGAIN. *woken of them were woken; the
 * sum is returned.
 */
int futex_requeue(uint32_t *word, uint32_t *to, int n, int m, const uint32_t *expected, int *woken, struct task *t);

#endif
