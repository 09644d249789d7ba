/* SPDX-License-Identifier: MIT */
/* One system call on every carrier and on the monitor. */
#include "sched/broadcast.h"
#include "base/text.h"
#include "sched/sched.h"
#include "sched/signal.h"

enum { RETRY_US = 1000 };		/* a wake of the monitor can come before its sleep */

static struct {
	uint32_t round;			/* released when the call below is complete */
	long nr, a, b, c;
} request;

static uint32_t monitor_done;

static void answer(uint32_t *done)
{
	uint32_t round = load_acquire(&request.round);	/* pairs with broadcast_syscall() */

	if (load_relaxed(done) == round)
		return;
	if (syscall3(request.nr, request.a, request.b, request.c) < 0)
		umcg_panic("a carrier could not follow a change of credentials");
	store_release(done, round);
	sys_futex_wake(done, 1);
}

void broadcast_answer(struct carrier *c)
{
	answer(&c->broadcast_done);
}

/* Made by the monitor (or before any broadcast): it has inherited what the monitor had done. */
void broadcast_join(struct carrier *c)
{
	c->broadcast_done = monitor_done;
}

void broadcast_answer_monitor(void)
{
	answer(&monitor_done);
}

/* Wait for the answer of c, or of the monitor. */
static void await(struct carrier *c, uint32_t *done, uint32_t round)
{
	for (uint32_t seen; (seen = load_acquire(done)) != round;) {
		if (c)
			signal_carrier(c, SIGNAL_PREEMPT);
		else
			monitor_wake();
		sys_futex_wait(done, seen, host_now() + RETRY_US * NSEC_PER_USEC);
	}
}

bool broadcast_reaches(int tid)
{
	struct carrier *c = load_acquire(&umcg_rt.carriers);

	while (c && c->tid != tid)
		c = c->next;
	return c || umcg_rt.monitor_tid == tid;
}

void broadcast_syscall(long nr, long a, long b, long c)
{
	uint32_t round;

	/* One at a time, and no kernel thread begins or ends meanwhile but by the monitor. */
	lock_acquire(&umcg_rt.start_lock);
	if (!umcg_rt.engine) {
		lock_release(&umcg_rt.start_lock);
		return;
	}
	request.nr = nr;
	request.a = a;
	request.b = b;
	request.c = c;
	round = request.round + 1;
	store_release(&request.round, round);
	/* The monitor first: the carriers that it makes from then on inherit the new state. */
	await(NULL, &monitor_done, round);
	for (struct carrier *k = load_acquire(&umcg_rt.carriers); k; k = k->next)
		if (load_relaxed(&k->broadcast_done) != round)
			signal_carrier(k, SIGNAL_PREEMPT);
	for (struct carrier *k = load_acquire(&umcg_rt.carriers); k; k = k->next)
		await(k, &k->broadcast_done, round);
	lock_release(&umcg_rt.start_lock);
}
