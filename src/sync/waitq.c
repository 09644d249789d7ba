/* SPDX-License-Identifier: MIT */
/* The parking lot. Protocol in waitq.h. */
#include "sync/waitq.h"

#include <errno.h>
#include <pthread.h>

enum { BUCKETS = 1024 };

static struct bucket buckets[BUCKETS];

void waitq_init(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		buckets[i].lock.word = 0;
		buckets[i].lent = 0;
		list_init(&buckets[i].waiters);
	}
}

static struct bucket *bucket_of(const void *key)
{
	/* Fibonacci hashing: objects lie at multiples of 8 and more. */
	return &buckets[((uintptr_t)key >> 3) * 0x9e3779b97f4a7c15ull >> 54];
}
_Static_assert(BUCKETS == 1 << (64 - 54), "the hash's shift");

struct bucket *waitq_lock(const void *key)
{
	struct bucket *b = bucket_of(key);

	lock_acquire(&b->lock);
	return b;
}

/* A second bucket while one is held: never waits, as two callers could want each other's. NULL if it is busy. */
struct bucket *waitq_trylock_second(const void *key, struct bucket *held)
{
	struct bucket *b = bucket_of(key);

	if (b != held && swap_acquire(&b->lock.word, 1))
		return NULL;
	return b;
}

void waiter_join_locked(struct bucket *b, struct waiter *w, struct task *t, const void *key)
{
	w->task = t;
	w->key = key;
	w->state = WAITER_QUEUED;
	if (w->count)
		store_relaxed(w->count, load_relaxed(w->count) + w->unit);
	if (w->since) {
		list_push_head(&b->waiters, &w->link);
	} else {
		w->since = load_relaxed(&umcg_rt.coarse_now);
		list_push_tail(&b->waiters, &w->link);
	}
}

void waiter_remove_locked(struct waiter *w)
{
	list_remove(&w->link);
	if (w->count)
		store_relaxed(w->count, load_relaxed(w->count) - w->unit);
	w->count = NULL;
}

struct waiter *waitq_next_locked(struct bucket *b, const void *key, struct waiter *prev)
{
	struct list *l = prev ? prev->link.next : b->waiters.next;

	for (; l != &b->waiters; l = l->next) {
		struct waiter *w = container_of(l, struct waiter, link);

		if (w->key == key)
			return w;
	}
	return NULL;
}

struct task *waiter_wake_locked(struct waiter *w, enum waiter_state state)
{
	struct task *t = w->task;

	waiter_remove_locked(w);
	/* From here on the waiter may return and its stack frame be gone. Pairs with waiter_wait(). */
	store_release(&w->state, state);
	return t;
}

/* The bucket that w is on now; a requeue may change it until it is locked. */
static struct bucket *lock_bucket_of_waiter(struct waiter *w)
{
	for (;;) {
		const void *key = load_relaxed(&w->key);
		struct bucket *b = waitq_lock(key);

		if (load_relaxed(&w->key) == key)
			return b;
		waitq_unlock(b);
	}
}

/* Give up unless woken or, for a deadline, requeued meanwhile. */
static bool leave(struct waiter *w, bool timeout)
{
	struct bucket *b = lock_bucket_of_waiter(w);
	bool left = w->state == WAITER_QUEUED && !(timeout && w->requeued);

	if (left)
		waiter_remove_locked(w);
	waitq_unlock(b);
	return left;
}

static void abandon(void *arg)
{
	struct waiter *w = arg;

	np_enter(w->task);
	leave(w, false);
	np_leave(w->task);
}

/* Handlers run while w stays queued; one that ends the thread takes it off. */
static void signals_run_queued(struct waiter *w)
{
	pthread_cleanup_push(abandon, w);
	signals_run(w->task);
	pthread_cleanup_pop(0);
}

enum wait_result waiter_wait(struct waiter *w, const struct wait_until *u, struct task *next)
{
	struct wait_until until = *u;

	for (;;) {
		if (load_acquire(&w->state) != WAITER_QUEUED)	/* pairs with waiter_wake_locked() */
			return WAIT_WOKEN;
		if (until.cancellable && cancellation_waits(w->task)) {
			if (leave(w, false))
				return WAIT_INTERRUPTED;
		} else if (signals_wait(w->task)) {
			if (!until.leave_on_signal)
				signals_run_queued(w);
			else if (leave(w, false))
				return WAIT_INTERRUPTED;
		} else if (wait_until_passed(&until)) {
			if (leave(w, true))
				return WAIT_TIMEOUT;
			until.deadline = NO_DEADLINE;
			until.realtime = 0;
		} else {
			task_park(w->task, until.deadline, until.realtime, next);
			next = NULL;
		}
	}
}

void signals_run(struct task *t)
{
	uint32_t np = t->np;

	t->np = 1;
	np_leave(t);
	np_enter(t);
	t->np = np;
}

void cancellation_point(struct task *t)
{
	uint32_t np = t->np;

	and_acq_rel(&t->attn, ~(uint32_t)ATTN_CANCEL);
	t->np = 1;
	np_leave(t);
	t->ends = true;
	pthread_testcancel();
	t->ends = false;
	np_enter(t);
	t->np = np;
}

int wait_until_abs(struct wait_until *u, clockid_t clock, const struct timespec *ts)
{
	*u = WAIT_FOREVER;
	if (!ts)
		return 0;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	if (ts->tv_nsec < 0 || ts->tv_nsec >= (long)NSEC_PER_SEC)
		return -EINVAL;
	if (clock == CLOCK_MONOTONIC)
		u->deadline = timespec_to_ns(ts);
	else if (!(u->realtime = timespec_to_ns(ts)))
		u->deadline = 0;	/* before 1970: passed */
	return 0;
}

bool wait_until_passed(const struct wait_until *u)
{
	if (u->realtime)
		return host_clock_ns(CLOCK_REALTIME) >= u->realtime;
	return u->deadline != NO_DEADLINE && (u->deadline == 0 || host_now() >= u->deadline);
}
