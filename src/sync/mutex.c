/* SPDX-License-Identifier: MIT */
/* Mutexes. Protocol in mutex.h. */
#include "sync/mutex.h"

#include <errno.h>

enum {
	SPINS = 40,			/* about a microsecond, while the owner runs on another server */
	HANDOFF_AFTER_MS = 1,		/* a waiter that old is handed the lock */
	LENT_LOOK_MS = 1,		/* between looks at a mutex that the libc may have unlocked */
};

static void own(pthread_mutex_t *m, struct task *t)
{
	mutex_set_owner(m, t->tid);
	mutex_count_users(m, 1);
}

/* The task that holds m if it executes on some CPU right now. */
static bool owner_runs(pthread_mutex_t *m, struct task *self)
{
	struct task *o = task_of_tid(mutex_owner(m));

	return o && o != self && load_relaxed(&o->run) != RUN_PARKED && !load_relaxed(&o->queued_on);
}

static bool spin(pthread_mutex_t *m, struct task *t)
{
	uint32_t *word = mutex_word(m);

	if (umcg_rt.nservers < 2)
		return false;
	for (int i = 0; i < SPINS; i++) {
		uint32_t v = load_relaxed(word);

		if (v == 0 && cas_acquire(word, 0, mutex_held(m, t->tid)))
			return true;
		if (i % 8 == 0 && !owner_runs(m, t))
			return false;
		cpu_relax();
	}
	return false;
}

/* Whether the word says, or now says, that somebody may wait; v: what it was. */
static bool mark(uint32_t *word, uint32_t v)
{
	return v == mutex_contended(v) || cas_acquire(word, v, mutex_contended(v));
}

/* Take the free lock or mark the held one as contended. Bucket locked. waited: others may wait unseen. */
static bool take_or_mark_locked(pthread_mutex_t *m, struct task *t, bool waited)
{
	uint32_t *word = mutex_word(m), held = mutex_held(m, t->tid);

	for (;;) {
		uint32_t v = load_relaxed(word);

		if (v == 0 ? cas_acquire(word, 0, waited ? mutex_contended(held) : held) : mark(word, v))
			return v == 0;
	}
}

static struct wait_until next_look(void)
{
	return (struct wait_until){ .deadline = host_now() + LENT_LOOK_MS * NSEC_PER_MSEC, .leave_on_signal = true };
}

/*
 * Wait for m. waited: the caller was woken from m's queue or is a condition
 * variable's waiter, so others may be queued and the word must say so.
 */
int mutex_lock_contended(pthread_mutex_t *m, struct task *t, const struct wait_until *u, bool waited)
{
	struct wait_until until = *u;
	uint64_t since = 0;
	int ret = 0;

	until.leave_on_signal = true;
	np_enter(t);
	if (waited ? cas_acquire(mutex_word(m), 0, mutex_contended(mutex_held(m, t->tid))) : spin(m, t))
		goto out;
	for (;;) {
		struct waiter w = { .since = since };
		struct bucket *b = waitq_lock(m);
		struct wait_until look;
		bool lent = b->lent;
		enum wait_result r;

		if (take_or_mark_locked(m, t, waited)) {
			waitq_unlock(b);
			break;
		}
		t->rival_for = mutex_word(m);
		waiter_join_locked(b, &w, t, m);
		waitq_unlock(b);
		/* An owner that waits for a CPU of ours gets this one at once. */
		look = lent ? next_look() : until;
		r = waiter_wait(&w, &look, task_of_tid(mutex_owner(m)));
		t->rival_for = NULL;
		if (r == WAIT_TIMEOUT && (!lent || wait_until_passed(&until))) {
			ret = ETIMEDOUT;
			break;
		}
		if (r == WAIT_WOKEN && w.state == WAITER_HANDED)
			break;
		since = w.since;
		if (r == WAIT_INTERRUPTED)
			signals_run(t);		/* may end the thread, or leave by siglongjmp */
		else
			waited = true;
	}
out:
	np_leave(t);
	return ret;
}

/* Who was handed the lock needs no other, but is best run by its waker's server still: that may want the lock soon. */
static const uint32_t free_lock = 0;

static bool is_old(const struct waiter *w)
{
	return load_relaxed(&umcg_rt.coarse_now) - w->since > HANDOFF_AFTER_MS * NSEC_PER_MSEC;
}

/*
 * Unlock m, whose word says that somebody may wait. will_park: the caller is about to sleep, so the
 * first waiter can have lock and CPU at once.
 */
void mutex_unlock_contended(pthread_mutex_t *m, struct task *t, bool will_park)
{
	struct task *wake = NULL;
	struct bucket *b;
	struct waiter *w;
	bool lent, hand;

	np_enter(t);
	b = waitq_lock(m);
	lent = b->lent;
	w = waitq_next_locked(b, m, NULL);
	hand = w && (will_park || t->lent || is_old(w));
	/* Those who wait in the kernel cannot be handed it: every other time it is free for them too. */
	if (lent)
		hand = b->lent_handed = hand && !b->lent_handed;
	if (hand) {
		mutex_set_owner(m, w->task->tid);
		store_relaxed(mutex_word(m), mutex_contended(mutex_held(m, w->task->tid)));
		if (!w->requeued)
			w->task->rival_for = &free_lock;
		wake = waiter_wake_locked(w, WAITER_HANDED);
	} else {
		store_release(mutex_word(m), 0);	/* m may be freed from here on */
		if (w)
			wake = waiter_wake_locked(w, WAITER_WOKEN);
	}
	waitq_unlock(b);
	if (wake)
		task_unpark(wake);
	/* A wake per tick would let them starve. */
	if (lent && !hand)
		sys_futex_wake(mutex_word(m), 1);
	else if (!wake)
		futex_wake_soon(t, mutex_word(m));
	/* Its slice was over when the waiters let it run on to here. */
	if (unlikely(t->lent)) {
		t->lent = false;
		if (!will_park)
			task_yield(t);
	}
	np_leave(t);
}

bool mutex_requeue_locked(pthread_mutex_t *m, struct bucket *mb, struct waiter *w, bool force)
{
	uint32_t *word = mutex_word(m);

	if (mb->lent)
		return false;
	for (;;) {
		uint32_t v = load_relaxed(word);

		if (v == 0 && !force)
			return false;
		if (v == 0 || mark(word, v))
			break;
	}
	w->requeued = true;
	w->since = load_relaxed(&umcg_rt.coarse_now);
	store_relaxed(&w->key, m);
	list_push_tail(&mb->waiters, &w->link);
	return true;
}

/* Who is parked already begins to look; who comes later sees that m is lent. */
void mutex_lend(pthread_mutex_t *m, struct task *t)
{
	struct unpark_batch batch;
	struct bucket *b;
	struct waiter *w;

	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock(m);
	b->lent++;
	while ((w = waitq_next_locked(b, m, NULL)))
		unpark_batch_add(&batch, waiter_wake_locked(w, WAITER_WOKEN));
	waitq_unlock(b);
	unpark_batch_run(&batch);
	np_leave(t);
}

void mutex_reclaim(pthread_mutex_t *m, struct task *t)
{
	struct bucket *b;

	np_enter(t);
	b = waitq_lock(m);
	if (b->lent)		/* not in a child that was forked meanwhile */
		b->lent--;
	waitq_unlock(b);
	np_leave(t);
}

static int lock_word(pthread_mutex_t *m, struct task *t, clockid_t clock, const struct timespec *ts)
{
	struct wait_until u;
	int ret;

	if (likely(cas_acquire(mutex_word(m), 0, mutex_held(m, t->tid))))
		return 0;
	ret = wait_until_abs(&u, clock, ts);
	return ret ? -ret : mutex_lock_contended(m, t, &u, false);
}

int mutex_lock(pthread_mutex_t *m, struct task *t, clockid_t clock, const struct timespec *ts)
{
	int type = mutex_type(m), ret;

	if (unlikely(type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK) &&
	    mutex_owner(m) == t->tid) {
		if (type == PTHREAD_MUTEX_ERRORCHECK)
			return EDEADLK;
		return mutex_add_level(m) ? 0 : EAGAIN;
	}
	ret = lock_word(m, t, clock, ts);
	if (ret)
		return ret;
	own(m, t);
	if (type == PTHREAD_MUTEX_RECURSIVE)
		mutex_first_level(m);
	return 0;
}

int mutex_trylock(pthread_mutex_t *m, struct task *t)
{
	int type = mutex_type(m);

	if (unlikely(type == PTHREAD_MUTEX_RECURSIVE) && mutex_owner(m) == t->tid)
		return mutex_add_level(m) ? 0 : EAGAIN;
	if (!cas_acquire(mutex_word(m), 0, mutex_held(m, t->tid)))
		return EBUSY;
	own(m, t);
	if (type == PTHREAD_MUTEX_RECURSIVE)
		mutex_first_level(m);
	return 0;
}

int mutex_unlock(pthread_mutex_t *m, struct task *t, bool will_park)
{
	uint32_t held = mutex_held(m, t->tid);
	int type = mutex_type(m);

	if (unlikely(type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK)) {
		if (mutex_owner(m) != t->tid)
			return EPERM;
		if (type == PTHREAD_MUTEX_RECURSIVE && mutex_drop_level(m))
			return 0;
	}
	mutex_set_owner(m, 0);
	mutex_count_users(m, -!will_park);
	if (unlikely(load_relaxed(mutex_word(m)) != held || !cas_release(mutex_word(m), held, 0)))
		mutex_unlock_contended(m, t, will_park);
	return 0;
}
