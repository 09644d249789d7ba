/* SPDX-License-Identifier: MIT */
/*
 * Barriers on the libc's object. Arrivals are counted under the bucket's lock;
 * the last one takes everybody off and nobody touches the object after that,
 * so the barrier may be destroyed as soon as one thread has returned.
 */
#include "sync/barrier.h"
#include "sync/waitq.h"

int barrier_wait(pthread_barrier_t *barrier, struct task *t)
{
	struct waiter w = { 0 }, *first;
	struct unpark_batch batch;
	struct bucket *b;

	np_enter(t);
	b = waitq_lock(barrier);
	/* As with the libc a round may start from any multiple of count. */
	if (++*barrier_arrived(barrier) % barrier_count(barrier)) {
		waiter_join_locked(b, &w, t, barrier);
		waitq_unlock(b);
		waiter_wait(&w, &WAIT_FOREVER, NULL);
		np_leave(t);
		return 0;
	}
	*barrier_arrived(barrier) = 0;
	unpark_batch_init(&batch);
	while ((first = waitq_next_locked(b, barrier, NULL)))
		unpark_batch_add(&batch, waiter_wake_locked(first, WAITER_WOKEN));
	waitq_unlock(b);
	unpark_batch_run(&batch);
	np_leave(t);
	return PTHREAD_BARRIER_SERIAL_THREAD;
}
