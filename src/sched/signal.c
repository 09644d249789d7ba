/* SPDX-License-Identifier: MIT */
/* The one kernel handler. See signal.h for the route that a signal takes. */
#include "sched/signal.h"
#include "sched/broadcast.h"
#include "sched/contract.h"
#include "sched/kept.h"
#include "host/thread.h"

#include <ucontext.h>

struct signal_action signal_actions[65];

#define SYNCHRONOUS (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGFPE) | SIGBIT(SIGILL) | \
		     SIGBIT(SIGTRAP) | SIGBIT(SIGSYS))
/* abort() inside the libc raises at the carrier itself. */
#define CARRIER_MASK (~(SYNCHRONOUS | SIGNALS_OF_CALLS | SIGBIT(SIGABRT) | SIGBIT(SIGNAL_INTERRUPT) | SIGBIT(SIGNAL_PREEMPT)))

enum { MAX_PREEMPT_SKIPS = 4 };

static const kernel_sigset all_signals = ~0ull;

static kernel_sigset *mask_of(ucontext_t *uc)
{
	return (kernel_sigset *)&uc->uc_sigmask;
}

void signal_carrier_mask(void)
{
	static const kernel_sigset mask = CARRIER_MASK;

	sys_sigmask(SIG_SETMASK, &mask, NULL);
}

void signal_carrier_block(void)
{
	sys_sigmask(SIG_SETMASK, &all_signals, NULL);
}

void signal_carrier_init(void)
{
	struct carrier *c = &umcg_self->carrier_part;
	stack_t ss = { .ss_sp = c->altstack, .ss_size = c->altstack_size };

	syscall3(SYS_sigaltstack, (long)&ss, 0, 0);
	signal_carrier_mask();
}

void signal_note_alternate_stack(struct task *t)
{
	stack_t ss = { .ss_flags = SS_DISABLE };

	syscall3(SYS_sigaltstack, 0, (long)&ss, 0);
	if (ss.ss_flags & SS_DISABLE)
		t->stack_lo = t->stack_hi = 0;
	else if (!t->stack_hi && (t->pin || !host_own_stack(&t->stack_lo, &t->stack_hi)))
		t->stack_lo = t->stack_hi = 1;	/* no stack will do */
}

static uint32_t signalled_bit(int sig)
{
	return sig == SIGNAL_PREEMPT ? 1 : 2;
}

/*
 * Real-time signals queue up: one that has not been taken yet will do for the next sender too. If the user's
 * queue has no room for it, none is on its way: whoever asks next tries again.
 */
void signal_carrier(struct carrier *c, int sig)
{
	if (!(or_acq_rel(&c->signalled, signalled_bit(sig)) & signalled_bit(sig)) &&
	    sys_sigqueue_thread(umcg_rt.pid, c->tid, sig, &umcg_rt) < 0)
		and_acq_rel(&c->signalled, ~signalled_bit(sig));
}

static bool is_ours(int sig, const siginfo_t *info)
{
	return (sig == SIGNAL_PREEMPT || sig == SIGNAL_INTERRUPT) && info->si_code == SI_QUEUE &&
	       info->si_value.sival_ptr == &umcg_rt;
}

static void set_default(int sig)
{
	struct { void *handler; unsigned long flags; void *restorer; kernel_sigset mask; } dfl = { 0 };

	syscall4(SYS_rt_sigaction, sig, (long)&dfl, 0, sizeof(kernel_sigset));
}

/* Run the program's handler here: this is the right kernel thread and stack for it. */
static void deliver(struct task *t, int sig, siginfo_t *info, ucontext_t *uc)
{
	struct signal_action *a = &signal_actions[sig];
	void (*handler)(int, siginfo_t *, void *) = load_acquire(&a->handler);
	uint32_t flags = load_relaxed(&a->flags);
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	uintptr_t alt = (uintptr_t)uc->uc_stack.ss_sp;
	struct { uint32_t pin; uintptr_t sp, lo, hi; } outer;

	if ((void *)handler == (void *)SIG_IGN)
		return;
	if ((void *)handler == (void *)SIG_DFL) {
		set_default(sig);
		sys_sigqueue_self(sig, info);
		return;
	}
	if (flags & SA_RESETHAND)
		set_default(sig);
	if (!t) {
		handler(sig, info, uc);
		return;
	}
	if (!kept_exchange(t, sig, info))
		return;
	t->handlers_run++;
	if (!(flags & SA_RESTART))
		t->handlers_norestart++;
	outer.pin = t->pin;
	outer.sp = t->pin_sp;
	outer.lo = t->pin_alt_lo;
	outer.hi = t->pin_alt_hi;
	if (!t->pin || t->pin_sp) {
		t->pin_sp = sp;
		t->pin_alt_lo = t->pin_alt_hi = 0;
		if (sp >= alt && sp < alt + uc->uc_stack.ss_size) {
			t->pin_alt_lo = alt;
			t->pin_alt_hi = alt + uc->uc_stack.ss_size;
		}
	}
	t->pin++;
	handler(sig, info, uc);
	if (!t->at_home && t->kind == TASK_WORKER)	/* until the sigreturn: it belongs to this carrier */
		sys_sigmask(SIG_SETMASK, &all_signals, NULL);
	t->pin = outer.pin;
	t->pin_sp = outer.sp;
	t->pin_alt_lo = outer.lo;
	t->pin_alt_hi = outer.hi;
}

/* Keep sig pending at this kernel thread, t's home, blocked once the handler returns. */
static void hold_back(struct task *t, int sig, const siginfo_t *info, ucontext_t *uc)
{
	*mask_of(uc) |= SIGBIT(sig);
	kept_hold_back(t, sig, info);
}

/*
 * At home, inside the runtime: np_leave() restores the mask, which delivers it.
 * The frame's mask may hold what was held back before, and, if this handler
 * came on top of another's first lines, that one's signal: the outer one
 * comes by here too, later, with less.
 */
static void defer(struct task *t, int sig, const siginfo_t *info, ucontext_t *uc)
{
	if (!(or_acq_rel(&t->attn, ATTN_MASK) & ATTN_MASK)) {
		t->mask_known = false;
		t->held = 0;
	}
	t->held |= SIGBIT(sig);
	if (!t->mask_known)
		t->mask = *mask_of(uc) & ~t->held;
	hold_back(t, sig, info, uc);
	/* If it waits here: after a handler with SA_RESTART the kernel goes on with its sleep. */
	task_notify(t);
}

/* At home, the worker is elsewhere: call it here. */
static void call_home(struct task *t, int sig, const siginfo_t *info, ucontext_t *uc)
{
	hold_back(t, sig, info, uc);
	t->interrupt_norestart = !(load_relaxed(&signal_actions[sig].flags) & SA_RESTART);
	or_acq_rel(&t->attn, ATTN_SIGNAL);
	task_interrupt(t);
}

/*
 * The interrupted frame's sigreturn may execute on another kernel thread than
 * the one that built it: give it this one's mask and alternate stack.
 */
static void adopt_frame(ucontext_t *uc)
{
	sys_sigmask(SIG_SETMASK, &all_signals, mask_of(uc));	/* until the sigreturn nothing moves us again */
	syscall3(SYS_sigaltstack, 0, (long)&uc->uc_stack, 0);
}

static bool in_libc_text(const ucontext_t *uc)
{
	uintptr_t pc = arch_ucontext_pc(uc);

	return pc >= umcg_rt.libc_text_lo && pc < umcg_rt.libc_text_hi;
}

/* Whether the monitor asked for this worker's carrier, and now is a good moment. */
static bool preemption_due(struct carrier *c, const ucontext_t *uc)
{
	if (!load_relaxed(&c->preempt))
		return false;
	store_relaxed(&c->preempt, 0);
	/* Inside the libc it may hold a lock that others would have to sleep on:
	 * the monitor will ask again, but not for ever. */
	if (in_libc_text(uc) && c->server && c->server->preempt_skips++ < MAX_PREEMPT_SKIPS)
		return false;
	if (c->server)
		c->server->preempt_skips = 0;
	return true;
}

/* Whether c is the kernel thread of an application's server, with that thread's own mask. */
static bool home_of_server(struct carrier *c)
{
	return c && c->task->kind != TASK_CARRIER;
}

/* Whether the kernel put this handler on an alternate stack. */
static bool on_alternate_stack(const ucontext_t *uc)
{
	uintptr_t lo = (uintptr_t)uc->uc_stack.ss_sp, size = uc->uc_stack.ss_size;

	return (uintptr_t)__builtin_frame_address(0) - lo < size && arch_ucontext_sp(uc) - lo >= size;
}

/* Whether some signal may put its frame on whatever the stack pointer leads to, by the program's own wish. */
static bool has_plain_handler(void)
{
	for (int sig = 1; sig < 65; sig++) {
		void *handler = (void *)load_relaxed(&signal_actions[sig].handler);

		if (handler != (void *)SIG_DFL && handler != (void *)SIG_IGN && !(SIGBIT(sig) & SYNCHRONOUS) &&
		    !(load_relaxed(&signal_actions[sig].flags) & SA_ONSTACK))
			return true;
	}
	return false;
}

/*
 * Whether t may leave in a handler here, which then lies on the stack that it interrupted. Who has an alternate stack
 * for all handlers may use the stack pointer for something else meanwhile (Erlang's code), or have little stacks.
 */
static bool stack_will_do(const struct task *t, const ucontext_t *uc)
{
	enum { ROOM = 4096 };
	uintptr_t sp = arch_ucontext_sp(uc);

	return !t->stack_hi || (sp <= t->stack_hi && sp > t->stack_lo + arch_handler_frame(uc) + ROOM) || has_plain_handler();
}

static void attend_moved(int sig, siginfo_t *info, void *ucontext);

/*
 * In a handler on a carrier: attend to what is noted for its worker now, unless
 * it is inside the runtime. That may switch it away: the carrier goes on without
 * this handler, so it gets its mask back first, and the sigreturn may execute elsewhere.
 * It gets its alternate stack back before, on which the handler has begun.
 */
static void attend(struct task *t, ucontext_t *uc)
{
	if (t->np || !load_relaxed(&t->attn) || task_pinned(t))
		return;
	if (on_alternate_stack(uc)) {
		if (stack_will_do(t, uc))
			arch_move_handler(0, uc, attend_moved);
		if (t->carrier)
			store_relaxed(&t->carrier->stays, t);
		return;
	}
	np_enter(t);
	if (t->at_home || home_of_server(t->carrier))
		sys_sigmask(SIG_SETMASK, mask_of(uc), NULL);
	else
		signal_carrier_mask();
	np_leave(t);
	adopt_frame(uc);
}

static void attend_moved(int sig, siginfo_t *info, void *ucontext)
{
	(void)sig;
	(void)info;
	attend(umcg_self, ucontext);
}

/*
 * The monitor has seen that a registered worker's call at home has ended. It may
 * have come in before the signal came: then this is its parked home.
 */
static void comes_in(struct task *t, ucontext_t *uc)
{
	and_acq_rel(&t->carrier_part.signalled, ~(signalled_bit(SIGNAL_PREEMPT) | signalled_bit(SIGNAL_INTERRUPT)));
	if (t->role != ROLE_WORKER || !t->at_home || arch_ucontext_restarts_call(uc))
		return;		/* or the call has not ended: it took long to fall asleep */
	or_acq_rel(&t->attn, ATTN_UNMANAGED);
	attend(t, uc);
}

/* One of the runtime's signals came to a carrier. */
static void interrupted(struct task *t, int sig, ucontext_t *uc)
{
	bool home = t->role && sys_gettid() == t->tid;
	/* A server that comes home from a spare carrier may still name that one as its own. */
	struct carrier *c = t->kind == TASK_CARRIER || (home && t->role == ROLE_SERVER) ? &t->carrier_part : t->carrier;

	if (!c || (t->role == ROLE_WORKER && home)) {
		comes_in(t, uc);
		return;
	}
	and_acq_rel(&c->signalled, ~signalled_bit(sig));	/* first: whoever sends from here on is seen */
	broadcast_answer(c);
	if (t->kind == TASK_CARRIER || t->role == ROLE_SERVER)
		return;
	if (preemption_due(c, uc)) {
		add_relaxed(&umcg_rt.stats.preemptions, 1);
		or_acq_rel(&t->attn, ATTN_PREEMPT);
	}
	/* Its call has not ended either. */
	if ((load_relaxed(&t->attn) & ~(uint32_t)ATTN_ASKED) == ATTN_UNMANAGED && arch_ucontext_restarts_call(uc))
		return;
	attend(t, uc);
}

/* A signal on a carrier that is for its worker, or, by accident of a changed mask, for anybody: it belongs to a home. */
static void pass_on(struct task *t, int sig, siginfo_t *info, ucontext_t *uc)
{
	int tid = t->kind == TASK_WORKER ? t->tid : umcg_rt.pid;

	if (syscall4(SYS_rt_tgsigqueueinfo, umcg_rt.pid, tid, sig, (long)info) < 0)
		sys_tgkill(umcg_rt.pid, tid, sig);
	if (t->kind != TASK_WORKER)
		return;
	or_acq_rel(&t->attn, ATTN_SIGNAL);
	attend(t, uc);
}

/*
 * Whether t, at home, must not run a handler now: it is inside the runtime, or
 * on its way out, about to restore its mask. What such a handler calls would
 * restore it, and its return undo that: a signal would stay blocked for ever.
 * A fault of the program's own cannot wait.
 */
static bool must_defer(struct task *t, int sig, const siginfo_t *info)
{
	if (t->np)
		return true;
	return load_relaxed(&t->attn) & ATTN_MASK && !member_is_locked(t) &&
	       !(SIGBIT(sig) & SYNCHRONOUS && info->si_code > 0);
}

void signal_entry(int sig, siginfo_t *info, void *ucontext)
{
	struct task *t = umcg_self;
	ucontext_t *uc = ucontext;
	bool here;

	if (is_ours(sig, info)) {
		if (t)
			interrupted(t, sig, uc);
		return;
	}
	/* The kernel knows only our own wish for these two. */
	if ((sig == SIGNAL_PREEMPT || sig == SIGNAL_INTERRUPT) && !(load_relaxed(&signal_actions[sig].flags) & SA_ONSTACK) &&
	    on_alternate_stack(uc))
		arch_move_handler(sig, uc, signal_entry);
	if (!t || t->kind == TASK_FOREIGN) {
		if (t && must_defer(t, sig, info))
			defer(t, sig, info, uc);
		else
			deliver(t, sig, info, uc);
		return;
	}
	here = t->kind == TASK_WORKER && sys_gettid() == t->tid;
	if (here && t->at_home) {
		if (must_defer(t, sig, info))
			defer(t, sig, info, uc);
		else
			deliver(t, sig, info, uc);
	} else if (here) {
		call_home(t, sig, info, uc);
	} else if (home_of_server(t->carrier) && sys_gettid() == t->carrier->tid &&
		   !(SIGBIT(sig) & (SYNCHRONOUS | SIGNALS_OF_CALLS)) && sig != SIGABRT) {
		defer(t->carrier->task, sig, info, uc);	/* for the server beneath */
	} else if (t->kind == TASK_WORKER &&
		   ((SIGBIT(sig) & SYNCHRONOUS && info->si_code > 0) || sig == SIGABRT)) {
		deliver(t, sig, info, uc);
	} else {
		pass_on(t, sig, info, uc);
	}
}
