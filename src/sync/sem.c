/* SPDX-License-Identifier: MIT */
/* Semaphores. Protocol in sem.h. */
#include "sync/sem.h"

#include <errno.h>
#include <limits.h>

int sem_try_take(sem_t *s)
{
	uint64_t *word = sem_word(s), v = load_relaxed(word);

	while (sem_has_value(v)) {
		if (cas_acquire(word, v, v - 1))	/* pairs with sem_give() */
			return 0;
		v = load_relaxed(word);
	}
	return -EAGAIN;
}

/* Whether a wait that a signal handler interrupted reports EINTR, as the kernel's futex wait would. */
static bool reports_eintr(struct task *t, uint32_t run, uint32_t norestart, bool timed)
{
	return timed ? t->handlers_run != run : t->handlers_norestart != norestart;
}

int sem_take(sem_t *s, struct task *t, clockid_t clock, const struct timespec *abstime)
{
	struct wait_until u;
	int ret;

	if (sem_try_take(s) == 0)
		return 0;
	ret = wait_until_abs(&u, clock, abstime);
	if (ret)
		return ret;
	u.leave_on_signal = u.cancellable = true;
	np_enter(t);
	do {
		struct waiter w = { .count = sem_waiters_word(s), .unit = 1 };
		uint32_t run = t->handlers_run, norestart = t->handlers_norestart;
		struct bucket *b = waitq_lock(s);

		/* Store buffering: we count ourselves, then look at the value; sem_give()
		 * adds to the value, then looks at the count, in one locked instruction. */
		waiter_join_locked(b, &w, t, s);
		fence_seq_cst();
		if (sem_has_value(load_relaxed(sem_word(s))))
			waiter_remove_locked(&w), w.state = WAITER_WOKEN;
		waitq_unlock(b);
		switch (waiter_wait(&w, &u, NULL)) {
		case WAIT_WOKEN:
			break;
		case WAIT_TIMEOUT:
			ret = -ETIMEDOUT;
			break;
		case WAIT_INTERRUPTED:
			cancellation_point(t);
			if (reports_eintr(t, run, norestart, abstime != NULL))
				ret = -EINTR;
			break;
		}
		if (sem_try_take(s) == 0) {
			ret = 0;
			break;
		}
	} while (!ret);
	np_leave(t);
	return ret;
}

int sem_give(sem_t *s, struct task *t)
{
	uint64_t *word = sem_word(s), v = load_relaxed(word);
	struct task *wake = NULL;
	struct bucket *b;
	struct waiter *w;

	do {
		if ((v & SEM_VALUE_BITS) == SEM_VALUE_MAX)
			return -EOVERFLOW;
	} while (!cas_update(word, &v, sem_one_more(v)));
	if (v < SEM_ONE_WAITER)
		return 0;
	np_enter(t);
	b = waitq_lock(s);
	w = waitq_next_locked(b, s, NULL);
	if (w)
		wake = waiter_wake_locked(w, WAITER_WOKEN);
	waitq_unlock(b);
	if (wake)
		task_unpark(wake);
	else
		sys_futex_wake(sem_value_word(s), 1);
	np_leave(t);
	return 0;
}
