/* SPDX-License-Identifier: MIT */
/* One-time initialisation. */
#include "sync/once.h"
#include "sync/waitq.h"

/* Counts forks as the libc does: a routine that ran in the parent at the fork never ends in the child. */
static uint32_t fork_generation;

void once_after_fork_child(void)
{
	fork_generation += ONCE_FORK;
}

static void wait_for_end(uint32_t *word, uint32_t running, struct task *t)
{
	struct waiter w = { 0 };
	struct bucket *b;

	np_enter(t);
	b = waitq_lock(word);
	if (load_relaxed(word) != running) {
		waitq_unlock(b);
	} else {
		waiter_join_locked(b, &w, t, word);
		waitq_unlock(b);
		waiter_wait(&w, &WAIT_FOREVER, NULL);
	}
	np_leave(t);
}

bool once_begin(pthread_once_t *o, struct task *t)
{
	uint32_t *word = (uint32_t *)o, running = ONCE_RUNNING | fork_generation;

	for (;;) {
		uint32_t v = load_acquire(word);	/* pairs with once_end() */

		if (v & ONCE_DONE)
			return false;
		if (v == running)
			wait_for_end(word, running, t);
		else if (cas_acq_rel(word, v, running))
			return true;
	}
}

void once_end(pthread_once_t *o, struct task *t, bool done)
{
	struct unpark_batch batch;
	struct waiter *w;
	struct bucket *b;

	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock(o);
	store_release((uint32_t *)o, done ? ONCE_DONE : 0);
	while ((w = waitq_next_locked(b, o, NULL)))
		unpark_batch_add(&batch, waiter_wake_locked(w, WAITER_WOKEN));
	waitq_unlock(b);
	unpark_batch_run(&batch);
	sys_futex_wake(o, INT32_MAX);	/* libc code that was not interposed may wait as well */
	np_leave(t);
}
