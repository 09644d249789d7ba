/* SPDX-License-Identifier: MIT */
/* Read-write locks. Protocol in rwlock.h. */
#include "sync/rwlock.h"

#include <errno.h>

static bool readers_must_wait(pthread_rwlock_t *l, uint32_t v)
{
	if (rw_has_writer(v))
		return true;
	return rwlock_prefers_writers(l) && v & RW_WAITING && load_relaxed(rwlock_writers(l));
}

int rwlock_tryrdlock(pthread_rwlock_t *l)
{
	uint32_t *word = rwlock_word(l), v = load_relaxed(word);

	while (!readers_must_wait(l, v)) {
		if (rw_is_full(v))
			return EAGAIN;
		if (cas_update(word, &v, rw_add_reader(v)))
			return 0;
	}
	return EBUSY;
}

int rwlock_trywrlock(pthread_rwlock_t *l, struct task *t)
{
	uint32_t *word = rwlock_word(l), v = load_relaxed(word);

	while (!rw_is_held(v)) {
		if (cas_update(word, &v, rw_add_writer(v))) {
			store_relaxed(rwlock_owner(l), t->tid);
			return 0;
		}
	}
	return EBUSY;
}

static int try_lock(pthread_rwlock_t *l, struct task *t, bool write)
{
	return write ? rwlock_trywrlock(l, t) : rwlock_tryrdlock(l);
}

/* Announce a waiter, so that no unlock after this look passes it by. True: the lock can be had after all. */
static bool announce_locked(pthread_rwlock_t *l, bool write)
{
	uint32_t *word = rwlock_word(l), v = load_relaxed(word);

	do {
		if (write ? !rw_is_held(v) : !readers_must_wait(l, v))
			return true;
	} while (!(v & RW_WAITING) && !cas_update(word, &v, v | RW_WAITING));
	return false;
}

/* The caller is out of the queue: if it was the last, unlocks, and readers, need not look any more. */
static void tidy(pthread_rwlock_t *l)
{
	struct bucket *b = waitq_lock(l);

	if (!waitq_next_locked(b, l, NULL) && !load_relaxed(rwlock_writers(l)))
		and_acq_rel(rwlock_word(l), ~(uint32_t)RW_WAITING);
	waitq_unlock(b);
}

/* Who is to be woken first: the oldest waiter, but any writer before readers if the lock is so minded. */
static struct waiter *first_in_line(struct bucket *b, pthread_rwlock_t *l, bool writers_first)
{
	struct waiter *oldest = waitq_next_locked(b, l, NULL), *w = oldest;

	while (writers_first && w && !w->exclusive)
		w = waitq_next_locked(b, l, w);
	return w ? w : oldest;
}

/* Wake one writer, or every reader that waits. l is an address here: it may be gone. */
static void wake_waiters(pthread_rwlock_t *l, struct task *t, bool writers_first)
{
	struct unpark_batch batch;
	struct waiter *w, *next;
	struct bucket *b;
	bool write;

	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock(l);
	w = first_in_line(b, l, writers_first);
	write = w && w->exclusive;
	for (; w; w = next) {
		next = waitq_next_locked(b, l, w);
		if (w->exclusive == write)
			unpark_batch_add(&batch, waiter_wake_locked(w, WAITER_WOKEN));
		if (write)
			break;
	}
	waitq_unlock(b);
	unpark_batch_run(&batch);
	np_leave(t);
}

/* From when it begins to wait until it has the lock, not only until it is woken: no reader may come in between. */
static void count_writer(pthread_rwlock_t *l, bool write, int change)
{
	if (write)
		add_acq_rel(rwlock_writers(l), (uint32_t)change);
}

static int lock_waiting(pthread_rwlock_t *l, struct task *t, bool write, const struct wait_until *u)
{
	struct wait_until until = *u;
	bool waited = false;
	int ret;

	until.leave_on_signal = true;
	np_enter(t);
	count_writer(l, write, 1);
	while ((ret = try_lock(l, t, write)) == EBUSY) {
		struct waiter w = { .exclusive = write };
		struct bucket *b = waitq_lock(l);
		struct task *owner;

		if (announce_locked(l, write)) {
			waitq_unlock(b);
			continue;
		}
		waiter_join_locked(b, &w, t, l);
		waitq_unlock(b);
		owner = task_of_tid(load_relaxed(rwlock_owner(l)));
		waited = true;
		ret = waiter_wait(&w, &until, owner);
		if (ret == WAIT_TIMEOUT) {
			ret = ETIMEDOUT;
			break;
		}
		if (ret == WAIT_INTERRUPTED) {
			count_writer(l, write, -1);	/* the handler may leave by siglongjmp() */
			signals_run(t);
			count_writer(l, write, 1);
		}
	}
	count_writer(l, write, -1);
	if (waited || write)
		tidy(l);
	/* Readers may have waited for nothing but a writer that has given up. */
	if (ret == ETIMEDOUT && write && !rw_has_writer(load_relaxed(rwlock_word(l))))
		wake_waiters(l, t, rwlock_prefers_writers(l));
	np_leave(t);
	return ret;
}

static int lock(pthread_rwlock_t *l, struct task *t, bool write, clockid_t clock, const struct timespec *abstime)
{
	struct wait_until u;
	int ret = try_lock(l, t, write);

	if (ret != EBUSY)
		return ret;
	if (RWLOCK_TELLS_DEADLOCK && load_relaxed(rwlock_owner(l)) == t->tid)
		return EDEADLK;
	ret = wait_until_abs(&u, clock, abstime);
	return ret ? -ret : lock_waiting(l, t, write, &u);
}

int rwlock_rdlock(pthread_rwlock_t *l, struct task *t, clockid_t clock, const struct timespec *abstime)
{
	return lock(l, t, false, clock, abstime);
}

int rwlock_wrlock(pthread_rwlock_t *l, struct task *t, clockid_t clock, const struct timespec *abstime)
{
	return lock(l, t, true, clock, abstime);
}

/* RW_WAITING stays for the woken waiter to clear: after the release nothing of the lock is touched here. */
int rwlock_unlock(pthread_rwlock_t *l, struct task *t)
{
	uint32_t *word = rwlock_word(l), v = load_relaxed(word), left;
	bool writers_first = rwlock_prefers_writers(l);

	if (rw_has_writer(v))
		store_relaxed(rwlock_owner(l), 0);
	do {
		left = rw_drop(v);
	} while (!cas_update(word, &v, left));
	if (left & RW_WAITING && !rw_is_held(left))
		wake_waiters(l, t, writers_first);
	return 0;
}
