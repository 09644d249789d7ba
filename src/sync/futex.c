/* SPDX-License-Identifier: MIT */
/* Private futexes. Protocol in futex.h. */
#include "sync/futex.h"

#include <errno.h>

static bool interrupted(struct task *t, uint32_t run, uint32_t norestart, const struct wait_until *until)
{
	bool timed = until->deadline != NO_DEADLINE || until->realtime;

	return timed ? t->handlers_run != run : t->handlers_norestart != norestart;
}

/* One wait; 1 if it is to begin again. */
static int wait_once(uint32_t *word, uint32_t value, uint32_t bitset, struct task *t, const struct wait_until *until)
{
	struct waiter w = { .bitset = bitset };
	uint32_t run = t->handlers_run, norestart = t->handlers_norestart;
	struct bucket *b = waitq_lock(word);

	if (load_relaxed(word) != value) {
		waitq_unlock(b);
		return -EAGAIN;
	}
	waiter_join_locked(b, &w, t, word);
	waitq_unlock(b);
	switch (waiter_wait(&w, until, NULL)) {
	case WAIT_WOKEN:
		return 0;
	case WAIT_TIMEOUT:
		return -ETIMEDOUT;
	case WAIT_INTERRUPTED:
		signals_run(t);
		break;
	}
	return interrupted(t, run, norestart, until) ? -EINTR : 1;
}

int futex_wait(uint32_t *word, uint32_t value, uint32_t bitset, struct task *t, struct wait_until until)
{
	int ret;

	until.leave_on_signal = true;
	np_enter(t);
	do
		ret = wait_once(word, value, bitset, t, &until);
	while (ret > 0);
	np_leave(t);
	return ret;
}

static int wake_locked(struct bucket *b, uint32_t *word, int n, uint32_t bitset, struct unpark_batch *batch)
{
	struct waiter *w, *prev = NULL;
	int woken = 0;

	while (woken < n && (w = waitq_next_locked(b, word, prev))) {
		if (!(w->bitset & bitset)) {
			prev = w;
			continue;
		}
		unpark_batch_add(batch, waiter_wake_locked(w, WAITER_WOKEN));
		woken++;
	}
	return woken;
}

int futex_wake(uint32_t *word, int n, uint32_t bitset, struct task *t)
{
	struct unpark_batch batch;
	struct bucket *b;
	int woken;

	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock(word);
	woken = wake_locked(b, word, n, bitset, &batch);
	waitq_unlock(b);
	unpark_batch_run(&batch);
	np_leave(t);
	return woken;
}

static int requeue_locked(struct bucket *from, uint32_t *word, struct bucket *into, uint32_t *to, int m)
{
	struct waiter *w;
	int moved = 0;

	while (moved < m && word != to && (w = waitq_next_locked(from, word, NULL))) {
		waiter_remove_locked(w);
		store_relaxed(&w->key, to);
		list_push_tail(&into->waiters, &w->link);
		moved++;
	}
	return moved;
}

/* Both, whichever way round somebody else wants them. */
static struct bucket *lock_two(uint32_t *word, uint32_t *to, struct bucket **second)
{
	for (;;) {
		struct bucket *b = waitq_lock(word);

		*second = waitq_trylock_second(to, b);
		if (*second)
			return b;
		waitq_unlock(b);
		cpu_relax();
	}
}

int futex_requeue(uint32_t *word, uint32_t *to, int n, int m, const uint32_t *expected, int *woken, struct task *t)
{
	struct bucket *from, *into;
	struct unpark_batch batch;
	int ret = -EAGAIN;

	*woken = 0;
	np_enter(t);
	unpark_batch_init(&batch);
	from = lock_two(word, to, &into);
	if (!expected || load_relaxed(word) == *expected) {
		*woken = wake_locked(from, word, n, FUTEX_BITSET_MATCH_ANY, &batch);
		ret = *woken + requeue_locked(from, word, into, to, m);
	}
	if (into != from)
		waitq_unlock(into);
	waitq_unlock(from);
	unpark_batch_run(&batch);
	np_leave(t);
	return ret;
}
