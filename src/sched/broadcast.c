/* SPDX-License-Identifier: MIT */
/* One system call on every carrier and on the monitor. */
#include "sched/broadcast.h"
#include "base/text.h"
#include "sched/sched.h"
#include "sched/signal.h"

enum { RETRY_US = 50 };

static struct {
	struct lock lock;		/* one broadcast at a time */
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

static void await(struct carrier *c, uint32_t round)
{
	while (load_acquire(&c->broadcast_done) != round) {
		signal_carrier(c, SIGNAL_PREEMPT);
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
	}
}

void broadcast_syscall(long nr, long a, long b, long c)
{
	uint32_t round;

	lock_acquire(&request.lock);
	request.nr = nr;
	request.a = a;
	request.b = b;
	request.c = c;
	round = request.round + 1;
	store_release(&request.round, round);
	/* The monitor first: the carriers that it makes from then on inherit the new state. */
	while (load_acquire(&monitor_done) != round) {
		monitor_poke();
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
	}
	for (struct carrier *k = load_acquire(&umcg_rt.carriers); k; k = k->next)
		await(k, round);
	lock_release(&request.lock);
}
