/* SPDX-License-Identifier: MIT */
/* Park, unpark, yield, couple: who gives the CPU to whom. */
#include "sched/contract.h"
#include "core/state.h"
#include "sched/poller.h"
#include "sched/signal.h"

#include <errno.h>

enum { YIELDS_PER_SYSCALL = 16 };

/*
 * A signal handler pins its thread: its sigreturn belongs to the kernel thread
 * that took the signal. If the handler was left by siglongjmp the pin is stale:
 * then the stack has been cut back above the handler's frame.
 */
bool task_pinned(struct task *t)
{
	uintptr_t sp;

	if (likely(!t->pin))
		return false;
	if (!t->pin_sp)
		return true;
	sp = (uintptr_t)cpu_stack_pointer();
	if (t->pin_alt_hi ? sp >= t->pin_alt_lo && sp < t->pin_alt_hi && sp < t->pin_sp : sp < t->pin_sp)
		return true;
	t->pin = 0;
	t->pin_sp = 0;
	t->pin_alt_hi = 0;
	return false;
}

void park_in_kernel(struct task *t, uint64_t deadline, uint64_t realtime)
{
	if (!cas_acq_rel(&t->run, RUN_RUNNING, RUN_ASLEEP)) {
		swap_acquire(&t->run, RUN_RUNNING);
		return;
	}
	if (realtime) {
		struct timespec ts = ns_to_timespec(realtime);

		syscall6(SYS_futex, (long)&t->run,
			 FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, RUN_ASLEEP,
			 (long)&ts, 0, FUTEX_BITSET_MATCH_ANY);
	} else {
		sys_futex_wait(&t->run, RUN_ASLEEP, deadline);
	}
	swap_acquire(&t->run, RUN_RUNNING);	/* pairs with the CAS in task_unpark() */
}

/*
 * A handler of a fault in t's code has pinned it to its carrier, and waits. Outside the runtime, so that
 * the monitor takes the server from a carrier that sleeps here.
 */
static void park_on_carrier(struct task *t, uint64_t deadline, uint64_t realtime)
{
	uint32_t depth = t->np;

	t->np = 0;
	compiler_barrier();
	park_in_kernel(t, deadline, realtime);
	np_enter(t);
	t->np = depth;
}

/* A registered worker that has begun a transition: its server does not run yet, so it sleeps where it is. */
static bool in_transition(struct task *t)
{
	return t->role == ROLE_WORKER &&
	       (member_is_locked(t) || state_base(state_load(t->ut)) == UMCG_TASK_IDLE);
}

static bool stays_on_kernel_thread(struct task *t)
{
	if (t->kind != TASK_WORKER || in_transition(t))
		return true;
	if (unlikely(t->bound || load_relaxed(&umcg_rt.retiring))) {
		task_couple(t);
		return true;
	}
	return task_pinned(t);
}

void task_park(struct task *t, uint64_t deadline, uint64_t realtime, struct task *next)
{
	bool timed = deadline != NO_DEADLINE || realtime;

	if (load_relaxed(&t->run) == RUN_NOTIFIED) {
		swap_acquire(&t->run, RUN_RUNNING);	/* pairs with the CAS in task_unpark() */
		return;
	}
	if (stays_on_kernel_thread(t)) {
		if (t->kind == TASK_WORKER && !t->role && !t->at_home)
			park_on_carrier(t, deadline, realtime);
		else
			park_in_kernel(t, deadline, realtime);
		return;
	}
	if (t->carrier && t->carrier->server)
		t->carrier->server->parks++;
	if (timed)
		timer_arm(t, deadline, realtime);
	carrier_switch(t, POST_PARK, next);
	if (timed)
		timer_disarm(t);
}

/* The runtime's server that the caller executes on, or NULL. */
static struct server *server_here(void)
{
	struct task *self = umcg_self;
	struct carrier *c = self && self->np && !self->at_home ? self->carrier : NULL;

	if (self && self->kind == TASK_CARRIER)
		c = &self->carrier_part;
	return c && !carrier_is_members(c) ? c->server : NULL;
}

/* Put a worker whose run word has just left PARKED where it will run. */
static void make_runnable(struct task *t)
{
	struct server *here = server_here();

	if (t->role)
		worker_settle(t, SETTLE_WOKEN);
	else if (servers_starve())
		task_send_home(t);
	else if (here)
		server_push_slot(here, t);
	else
		server_push_remote(t);
}

bool task_notify(struct task *t)
{
	for (;;) {
		uint32_t run = load_relaxed(&t->run);

		switch (run) {
		case RUN_RUNNING:
		case RUN_NOTIFIED:
			/* The exchange also orders the waker's writes before a
			 * NOTIFIED that is already there. */
			if (cas_acq_rel(&t->run, run, RUN_NOTIFIED))
				return false;
			break;
		case RUN_ASLEEP:
			if (cas_acq_rel(&t->run, run, RUN_NOTIFIED)) {
				sys_futex_wake(&t->run, 1);
				return false;
			}
			break;
		default:
			if (cas_acq_rel(&t->run, run, RUN_RUNNING))
				return true;
		}
	}
}

void task_unpark(struct task *t)
{
	if (task_notify(t))
		make_runnable(t);
}

void unpark_batch_init(struct unpark_batch *b)
{
	list_init(&b->list);
	b->count = 0;
}

void unpark_batch_add(struct unpark_batch *b, struct task *t)
{
	if (!task_notify(t))
		return;
	if (t->role) {
		worker_settle(t, SETTLE_WOKEN);
		return;
	}
	list_push_tail(&b->list, &t->rq);
	b->count++;
}

void unpark_batch_run(struct unpark_batch *b)
{
	struct server *here = server_here();

	if (here && b->count > 1 && !servers_starve()) {
		server_push_list(here, &b->list);
		return;
	}
	while (!list_empty(&b->list)) {
		struct task *t = container_of(b->list.next, struct task, rq);

		list_remove(&t->rq);
		make_runnable(t);
	}
}

bool task_may_park(struct task *t)
{
	return t->kind == TASK_WORKER && !t->bound && !t->role && !load_relaxed(&umcg_rt.retiring) && !task_pinned(t);
}

bool task_has_company(struct task *t)
{
	struct server *s = t->carrier ? t->carrier->server : NULL;

	return s && server_has_waiting(s) && !server_runs_long(s);
}

void task_yield(struct task *t)
{
	if (task_may_park(t)) {
		/* From home only if somebody waits: then it queues up like everybody else. */
		if ((t->carrier || servers_have_work()) && carrier_switch(t, POST_YIELD, NULL))
			return;
		/* Nobody of ours. Who waits for an event or a time, and others on this CPU, are asked
		 * for now and then only: programs yield in loops, and a system call dwarfs the loop. */
		if (t->lonely_yields++ % YIELDS_PER_SYSCALL)
			return;
		if (t->carrier) {
			poller_look_if_wanted();
			timers_run(host_now());
			if (carrier_switch(t, POST_YIELD, NULL))
				return;
		}
	}
	sys_sched_yield();
}

void task_couple(struct task *t)
{
	if (t->kind != TASK_WORKER || !t->carrier || task_pinned(t))
		return;
	add_relaxed(&umcg_rt.stats.couples, 1);
	if (t->role == ROLE_SERVER)
		server_try_home(t);
	else
		carrier_switch(t, POST_HOME, NULL);
}

void task_bind(struct task *t)
{
	if (t->kind != TASK_WORKER)
		return;
	task_couple(t);
	t->bound = true;
	t->bound_by_policy = false;
}

void task_interrupt(struct task *t)
{
	struct carrier *c;

	if (task_notify(t)) {
		if (!t->role) {
			task_send_home(t);	/* there it attends to what it is interrupted for */
			return;
		}
		worker_settle(t, SETTLE_WOKEN);
	}
	if (!load_acquire(&umcg_rt.engine))
		return;		/* there is no carrier; and a filter may forbid the next call, see retire_for_good() */
	sys_membarrier();	/* who is being switched to is seen to be on its carrier, or sees its attn */
	c = load_acquire(&t->carrier);
	if (c)
		signal_carrier(c, t->interrupt_norestart ? SIGNAL_INTERRUPT : SIGNAL_PREEMPT);
}

void np_enter_slow(struct task *t)
{
	for (unsigned spins = 0; load_acquire(&t->attn) & ATTN_ASKED; spins++)
		spins % 64 == 63 ? sys_sched_yield() : cpu_relax();
}

/*
 * At home again: unblock what was held back. Nothing may be delivered between
 * the two steps: a handler that is itself held up inside the runtime notes the
 * mask that it finds, and would find one that blocks too much.
 */
static void restore_mask(struct task *t)
{
	static const kernel_sigset all = ~0ull;

	sys_sigmask(SIG_SETMASK, &all, NULL);
	and_acq_rel(&t->attn, ~(uint32_t)ATTN_MASK);
	sys_sigmask(SIG_SETMASK, &t->mask, NULL);	/* handlers run in here */
}

/* Not a registered worker that prepares a transition, nor a server away from its home. */
static bool may_leave(struct task *t)
{
	if (t->role == ROLE_SERVER)
		return t->at_home;
	return !member_is_locked(t);
}

/*
 * Whether another context can run instead of t's. A registered worker leaves its home too: for its server. Not one that
 * ends: the monitor may take its last steps for the return from a call, and its server may never run it again.
 */
static bool gives_way(struct task *t)
{
	if (t->kind != TASK_WORKER || t->role == ROLE_SERVER || task_pinned(t))
		return false;
	return t->carrier || (t->role && !t->ends);
}

/* Attend to what came in while preemption was off. */
void np_leave_slow(struct task *t)
{
	uint32_t attn;

	while ((attn = load_acquire(&t->attn) & ~(uint32_t)(ATTN_ASKED | ATTN_CANCEL))) {
		if (attn & (ATTN_SIGNAL | ATTN_BIND)) {
			np_enter(t);
			task_couple(t);
			if (!t->at_home && t->kind == TASK_WORKER) {
				/* Pinned to a carrier by a handler: its return brings us back here. */
				t->np--;
				return;
			}
			if (attn & ATTN_BIND)
				task_bind(t);
			/* Going home has taken a registered worker's server from it. Its handlers run
			 * next, and then it has nothing to do there: no call of its own blocks. */
			if (t->role == ROLE_WORKER)
				or_acq_rel(&t->attn, ATTN_UNMANAGED);
			and_acq_rel(&t->attn, ~(uint32_t)(ATTN_SIGNAL | ATTN_BIND));
			t->np--;
		} else if (!may_leave(t)) {
			return;
		} else if (attn & ATTN_MASK) {
			restore_mask(t);
		} else {
			and_acq_rel(&t->attn, ~(uint32_t)(ATTN_PREEMPT | ATTN_UNMANAGED));
			if (!gives_way(t))
				continue;
			np_enter(t);
			t->preempted = attn & ATTN_PREEMPT;
			t->lent = false;
			if (t->preempted && t->carrier && t->carrier->server)
				server_end_streak(t->carrier->server);
			carrier_switch(t, POST_YIELD, NULL);
			t->np--;
		}
	}
}
