/* SPDX-License-Identifier: MIT */
/*
 * Homes: the kernel thread that the libc made for a worker sleeps on a
 * park stack while servers execute its worker.
 *
 * The home keeps the thread's signal mask, so that the kernel chooses receivers
 * as it would on NPTL. Only what would run libc code on the park stack (the
 * cancellation signal) is held back until the worker is there.
 */
#include "core/state.h"
#include "sched/contract.h"
#include "sched/signal.h"

#include "host/thread.h"

static void post(struct task *t)
{
	switch (t->carrier_part.post) {
	case POST_PARK:
		timer_watch();
		if (t->role)
			worker_blocked(t);
		else
			state_set(t->ut, UMCG_TASK_IDLE);
		/* From the CAS on anybody may run it. Pairs with task_notify(). */
		if (!(load_relaxed(&t->attn) & ATTN_SIGNAL) && cas_acq_rel(&t->run, RUN_RUNNING, RUN_PARKED))
			break;
		swap_acquire(&t->run, RUN_RUNNING);
		/* fall through */
	default:
		if (t->role)
			worker_settle(t, SETTLE_YIELDS);
		else
			server_push_remote(t);
		break;
	case POST_SETTLE:
		worker_settle(t, SETTLE_SLEEPS);
		break;
	}
}

bool newborn_may_stay(struct task *t)
{
	/* Itself and the main thread, which is coupled until it first waits, say nothing. */
	uint32_t coupled = load_relaxed(&umcg_rt.coupled);
	uint32_t room = load_relaxed(&umcg_rt.idle_count) + (coupled > 2 ? coupled - 2 : 0);

	t->newborn = add_acq_rel(&umcg_rt.newborns, 1) < room;
	if (t->newborn)
		add_relaxed(&umcg_rt.coupled, -1);
	else
		sub_acq_rel(&umcg_rt.newborns, 1);
	return t->newborn;
}

void newborn_done(struct task *t, bool coupled)
{
	if (!t->newborn)
		return;
	t->newborn = false;
	sub_acq_rel(&umcg_rt.newborns, 1);
	if (coupled)
		add_relaxed(&umcg_rt.coupled, 1);
}

/* The worker leaves its home, for the servers or for ever. */
void home_depart(struct task *t)
{
	if (t->newborn)
		newborn_done(t, false);
	else
		add_relaxed(&umcg_rt.coupled, -1);
}

/* t leaves its home before its mask was restored: is there anything that it must come back for? */
static void note_held_back(struct task *t)
{
	kernel_sigset pending = 0;

	syscall3(SYS_rt_sigpending, (long)&pending, sizeof(pending), 0);
	if (pending & ~t->mask)
		or_acq_rel(&t->attn, ATTN_SIGNAL);
	and_acq_rel(&t->attn, ~(uint32_t)ATTN_MASK);
}

void home_loop(void *arg)
{
	static const kernel_sigset all = ~0ull;
	struct task *t = arg;

	for (;;) {
		kernel_sigset parked, old;

		/* No handler may run before the post action's locks are free. One that ran
		 * just before has seen at_home, and has held its signal back. */
		sys_sigmask(SIG_SETMASK, &all, &old);
		t->at_home = false;
		if (load_relaxed(&t->attn) & ATTN_MASK)
			note_held_back(t);
		else
			t->mask = old;
		host_thread_name(t->name);
		home_depart(t);
		/* Without the preload's handlers, others' would run on the park stack. */
		parked = umcg_rt.active ? t->mask | SIGNAL_CANCEL : all;
		post(t);
		/* t may be running elsewhere from here on. */
		sys_sigmask(SIG_SETMASK, &parked, NULL);
		while (!load_acquire(&t->home_word))	/* pairs with carrier_post() */
			sys_futex_wait(&t->home_word, 0, NO_DEADLINE);
		store_relaxed(&t->home_word, 0);
		t->carrier = NULL;
		add_relaxed(&umcg_rt.coupled, 1);
		t->mask_known = true;
		or_acq_rel(&t->attn, ATTN_MASK);
		t->at_home = true;
		store_release(&t->carrier_part.stray.arrived, true);	/* pairs with astray() */
		arch_switch(&t->home, &t->ctx);
	}
}

void home_switch(struct task *t, enum post action)
{
	t->carrier_part.post = action;
	arch_switch(&t->ctx, &t->home);
}

void home_init(struct task *t)
{
	t->ctx.tp = cpu_thread_pointer();
	t->tid = sys_gettid();
	t->at_home = true;
	state_set(t->ut, UMCG_TASK_RUNNING);
	add_relaxed(&umcg_rt.coupled, 1);
	arch_home_context_init(&t->home, t->park_stack, t->ctx.tp, home_loop, t);
}
