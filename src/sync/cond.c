/* SPDX-License-Identifier: MIT */
/* Condition variables. Protocol in cond.h. */
#include "sync/cond.h"
#include "sync/mutex.h"

#include <errno.h>

/* Requeue w onto its mutex, or mark it woken: then its task is to be unparked. all: and all others. */
static struct task *signal_locked(struct bucket *cb, struct waiter *w, bool force, bool all)
{
	pthread_mutex_t *m = w->requeue_to;
	struct bucket *mb = m ? waitq_trylock_second(m, cb) : NULL;
	bool requeued = false;

	if (mb) {
		waiter_remove_locked(w);
		w->signalled = !all;
		requeued = mutex_requeue_locked(m, mb, w, force);
		if (mb != cb)
			waitq_unlock(mb);
	}
	return requeued ? NULL : waiter_wake_locked(w, WAITER_WOKEN);
}

static void wake(struct unpark_batch *batch, struct task *t)
{
	if (t)
		unpark_batch_add(batch, t);
}

/* c is an address here: it may be gone. */
static void wake_waiters(const void *c, struct task *t, bool all)
{
	struct unpark_batch batch;
	struct bucket *b;
	struct waiter *first, *w;

	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock(c);
	/* All but the first go to the mutex's queue even if it is free; then the first,
	 * which will lock it and say by its word that others wait. In this order: it
	 * might be through before they are queued. */
	first = waitq_next_locked(b, c, NULL);
	while (all && first && (w = waitq_next_locked(b, c, first)))
		wake(&batch, signal_locked(b, w, w->requeue_to == first->requeue_to, all));
	if (first)
		wake(&batch, signal_locked(b, first, false, all));
	waitq_unlock(b);
	unpark_batch_run(&batch);
	np_leave(t);
}

void cond_wake(pthread_cond_t *c, struct task *t, bool all)
{
	/* A waiter whose mutex critical section came before the caller's is seen here. */
	if (load_acquire(cond_word(c)) >= COND_WAITER)
		wake_waiters(c, t, all);
}

/* Take w back off c because the mutex could not be unlocked. */
static void withdraw(struct waiter *w)
{
	struct bucket *b = waitq_lock(w->key);

	if (w->state == WAITER_QUEUED)
		waiter_remove_locked(w);
	waitq_unlock(b);
}

static void lock_again(pthread_mutex_t *m, struct task *t, struct waiter *w)
{
	if (mutex_type(m) == PTHREAD_MUTEX_RECURSIVE && mutex_owner(m) == t->tid &&
	    w->state != WAITER_HANDED) {
		mutex_add_level(m);	/* one of several levels was given up for the wait */
		return;
	}
	if (w->state != WAITER_HANDED)
		mutex_lock_contended(m, t, &WAIT_FOREVER, true);
	mutex_set_owner(m, t->tid);
	if (mutex_type(m) == PTHREAD_MUTEX_RECURSIVE)
		mutex_first_level(m);
}

struct relock {
	const void *c;
	pthread_mutex_t *m;
	struct task *t;
	struct waiter *w;
	const struct cond_mutex_ops *ops;
};

static void relock(void *arg)
{
	struct relock *r = arg;

	if (r->ops)
		r->ops->lock(r->m);
	else
		lock_again(r->m, r->t, r->w);
	/* The signal that it got takes no part in its end: it is another's. */
	if (r->w->requeued && r->w->signalled)
		wake_waiters(r->c, r->t, false);
}

/* Off the queue because cancellation may be due: cleanup handlers find the mutex locked. */
static void act_on_cancellation(struct relock *r)
{
	pthread_cleanup_push(relock, r);
	cancellation_point(r->t);
	pthread_cleanup_pop(0);
}

int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, struct task *t, clockid_t clock,
	      const struct timespec *abstime, const struct cond_mutex_ops *ops)
{
	/* A mutex that stays locked during the wait is no place to wait for. */
	bool requeue = !ops && !mutex_is_inner_level(m);
	struct waiter w = { .requeue_to = requeue ? m : NULL, .count = cond_word(c), .unit = COND_WAITER };
	struct wait_until u;
	enum wait_result r;
	struct bucket *b;
	int ret = wait_until_abs(&u, clock, abstime);

	if (ret)
		return -ret;
	np_enter(t);
	b = waitq_lock(c);
	waiter_join_locked(b, &w, t, c);
	waitq_unlock(b);
	ret = ops ? ops->unlock(m) : mutex_unlock(m, t, true);
	if (ret) {
		withdraw(&w);
		np_leave(t);
		return ret;
	}
	u.cancellable = true;
	r = waiter_wait(&w, &u, NULL);
	if (r == WAIT_INTERRUPTED)
		act_on_cancellation(&(struct relock){ c, m, t, &w, ops });
	if (!ops)
		lock_again(m, t, &w);
	np_leave(t);
	if (ops)
		ret = ops->lock(m);
	return ret ? ret : r == WAIT_TIMEOUT ? ETIMEDOUT : 0;
}
