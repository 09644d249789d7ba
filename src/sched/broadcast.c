/* SPDX-License-Identifier: MIT */
/* One system call on every carrier and watcher, and on the monitor. */
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
void broadcast_join(uint32_t *done)
{
	*done = monitor_done;
}

void broadcast_answer_monitor(void)
{
	answer(&monitor_done);
}

void broadcast_answer_watcher(struct server *s)
{
	answer(&s->watcher.broadcast_done);
}

static void rest(uint32_t *done, uint32_t seen)
{
	sys_futex_wait(done, seen, host_now() + RETRY_US * NSEC_PER_USEC);
}

static void await_monitor(uint32_t round)
{
	for (uint32_t seen; (seen = load_acquire(&monitor_done)) != round;) {
		monitor_wake();
		rest(&monitor_done, seen);
	}
}

/* A spare one may end instead: it does nothing more from then on. */
static void await_carrier(struct carrier *c, uint32_t round)
{
	for (uint32_t seen; (seen = load_acquire(&c->broadcast_done)) != round && load_acquire(&c->alive);) {
		signal_carrier(c, SIGNAL_PREEMPT);
		rest(&c->broadcast_done, seen);
	}
}

/* It needs a CPU that has nothing else to do, or a little patience. */
static void await_watcher(struct server *s, uint32_t round)
{
	for (uint32_t seen; (seen = load_acquire(&s->watcher.broadcast_done)) != round;) {
		sys_futex_wake(&s->watch, 1);
		rest(&s->watcher.broadcast_done, seen);
	}
}

static bool is_own_locked(int tid)
{
	for (struct carrier *c = load_acquire(&umcg_rt.carriers); c; c = c->next)
		if (c->tid == tid)
			return true;
	for (unsigned i = 0; i < load_acquire(&umcg_rt.nservers); i++)
		if (load_acquire(&umcg_rt.servers[i].watcher.tid) == tid)	/* pairs with watcher_create() */
			return true;
	return umcg_rt.monitor_tid == tid;
}

bool broadcast_reaches(int tid)
{
	bool own;

	lock_acquire(&umcg_rt.start_lock);	/* carriers end under it */
	own = is_own_locked(tid);
	lock_release(&umcg_rt.start_lock);
	return own;
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
	/* The monitor first: the carriers and watchers that it makes from then on inherit the new state. */
	await_monitor(round);
	for (struct carrier *k = load_acquire(&umcg_rt.carriers); k; k = k->next)
		if (load_relaxed(&k->broadcast_done) != round)
			signal_carrier(k, SIGNAL_PREEMPT);
	for (struct carrier *k = load_acquire(&umcg_rt.carriers); k; k = k->next)
		await_carrier(k, round);
	for (unsigned i = 0; i < load_acquire(&umcg_rt.nservers); i++)
		if (load_acquire(&umcg_rt.servers[i].watcher.tid))	/* pairs with watcher_create() */
			await_watcher(&umcg_rt.servers[i], round);
	lock_release(&umcg_rt.start_lock);
}
