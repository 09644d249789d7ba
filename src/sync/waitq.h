/* SPDX-License-Identifier: MIT */
/*
 * The parking lot: queues of waiters keyed by the address they wait on.
 *
 * Protocol of one wait
 *   1. The waiter locks its key's bucket, looks at the object once more, joins
 *      the queue, unlocks, and calls waiter_wait().
 *   2. A waker changes the object, locks the bucket, takes a waiter off, sets
 *      its state, unlocks, and unparks its task. Nothing of the object is
 *      touched after that: it may be freed.
 *   3. Whoever finds state != QUEUED is off the queue. A waiter that gives up
 *      (deadline, signal) takes itself off under the lock, unless the waker
 *      was first; then it has been woken.
 * The state word decides every race: it changes once, under the bucket lock.
 *
 * Callers are inside the runtime (np > 0).
 */
#ifndef UMCG_SYNC_WAITQ_H
#define UMCG_SYNC_WAITQ_H

#include "base/list.h"
#include "base/lock.h"
#include "sched/sched.h"

enum waiter_state {
	WAITER_QUEUED,
	WAITER_WOKEN,
	WAITER_HANDED,		/* woken, and owns the lock */
};

struct waiter {
	struct list link;	/* guarded by the bucket's lock, as all up to state */
	const void *key;	/* changes when requeued */
	bool requeued;		/* from a condition variable to its mutex: the wait proper is over */
	bool signalled;		/* cond: requeued by a signal, not by a broadcast */
	bool exclusive;		/* rwlock: a writer */
	uint32_t state;		/* enum waiter_state; released by the waker */
	struct task *task;
	void *requeue_to;	/* cond: the mutex, if waiters may be requeued onto it */
	uint64_t since;		/* coarse ns: when it first joined; not 0 when it joins: it was woken in vain */
	uint32_t *count;	/* the object's own count of waiters, or NULL; written under the bucket's lock */
	uint32_t unit;		/* what one waiter adds to it */
	uint32_t bitset;	/* futex: which wakes are for it */
};

struct bucket {
	struct lock lock;
	uint32_t lent;		/* threads whose mutex of this bucket the libc unlocks and locks: see mutex_lend() */
	bool lent_handed;	/* the last unlock of such a mutex handed it to a waiter */
	struct list waiters;	/* of all keys that hash here; oldest first */
} __attribute__((aligned(64)));

enum wait_result { WAIT_WOKEN, WAIT_TIMEOUT, WAIT_INTERRUPTED };

/* Until when to wait: NO_DEADLINE and 0 for ever; realtime counts if it is not 0. */
struct wait_until {
	uint64_t deadline;	/* ns, CLOCK_MONOTONIC */
	uint64_t realtime;	/* ns, CLOCK_REALTIME */
	bool leave_on_signal;	/* take the waiter off before handlers run, and report it */
	bool cancellable;	/* and when cancellation may be due */
};
#define WAIT_FOREVER ((struct wait_until){ .deadline = NO_DEADLINE })

/* An absolute timeout of the pthread API (ts may be NULL: for ever). -EINVAL for a bad clock or tv_nsec. */
int wait_until_abs(struct wait_until *u, clockid_t clock, const struct timespec *ts);
bool wait_until_passed(const struct wait_until *u);

void waitq_init(void);
struct bucket *waitq_lock(const void *key);
struct bucket *waitq_trylock_second(const void *key, struct bucket *held);

static inline void waitq_unlock(struct bucket *b)
{
	lock_release(&b->lock);
}

/* Queue w last, or first if it was woken and has found the object taken by another. */
void waiter_join_locked(struct bucket *b, struct waiter *w, struct task *t, const void *key);
/* Take w off, in whatever way its wait ends; gives back its part of the object's count. */
void waiter_remove_locked(struct waiter *w);
/* The oldest waiter on key after prev (NULL: of all), or NULL. */
struct waiter *waitq_next_locked(struct bucket *b, const void *key, struct waiter *prev);
/* Take w off and mark it; the caller unparks the returned task after unlocking. */
struct task *waiter_wake_locked(struct waiter *w, enum waiter_state state);

/*
 * Sleep until woken, or as u says. If the result is not WAIT_WOKEN, w is off
 * its queue. next, if not NULL, is run at once if it is runnable here.
 */
enum wait_result waiter_wait(struct waiter *w, const struct wait_until *u, struct task *next);

/* Whether signal handlers wait to run in t. */
static inline bool signals_wait(struct task *t)
{
	return load_relaxed(&t->attn) & (ATTN_SIGNAL | ATTN_MASK);
}

static inline bool cancellation_waits(struct task *t)
{
	return load_relaxed(&t->attn) & ATTN_CANCEL;
}

/* Run what waits: leave the runtime and enter it again. */
void signals_run(struct task *t);

/* The same, and if cancellation is due, do not return: unwind, out of the runtime. */
void cancellation_point(struct task *t);

#endif
