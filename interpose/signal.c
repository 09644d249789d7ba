/* SPDX-License-Identifier: MIT */
/*
 * Dispositions: the program's handlers stand in a table, the kernel's handler is
 * signal_entry() for each of them. Mask and flags are the kernel's business as
 * before, except SA_RESETHAND, which must not strike when a signal is only
 * passed on.
 *
 * Lock-free, as sigaction() may be called in handlers: a handler enters the
 * table before the kernel learns of it, and leaves after.
 */
#include "interpose.h"
#include "host/thread.h"
#include "sched/kept.h"
#include "sched/signal.h"

#include <string.h>

static bool interrupts[NSIG];	/* siginterrupt() */

static bool is_function(const struct sigaction *act)
{
	return act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN && act->sa_handler != SIG_ERR;
}

/* Whether the kernel's handler is to be ours. */
static bool handled_by_us(int sig, const struct sigaction *act)
{
	return is_function(act) ||
	       (umcg_rt.active && act->sa_handler == SIG_DFL && SIGBIT(sig) & SIGNALS_OF_CALLS);
}

/* What the program was told to be installed for sig, given what the kernel had. */
static void translate_old(struct sigaction *old, const struct signal_action *a)
{
	int flags = (int)a->flags;

	if (old->sa_sigaction != signal_entry)
		return;
	old->sa_sigaction = a->handler;
	old->sa_flags = flags;
}

/* The runtime's two signals keep their kernel handler; the program's wish stands in the table. */
static int runtime_signal_action(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct signal_action *a = &signal_actions[sig];

	if (old) {
		memset(old, 0, sizeof(*old));
		old->sa_sigaction = a->handler;
		old->sa_flags = (int)a->flags;
	}
	if (act) {
		store_relaxed(&a->flags, (uint32_t)act->sa_flags);
		store_release(&a->handler, act->sa_sigaction);
	}
	return 0;
}

WRAPPER int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
	struct signal_action before, *a;
	struct sigaction kernel;
	int ret;

	if (sig <= 0 || sig >= NSIG)
		return real()->sigaction(sig, act, old);
	if (act)
		umcg_go_home();		/* what has come for the handler before is for it */
	if (umcg_rt.active && (sig == SIGNAL_PREEMPT || sig == SIGNAL_INTERRUPT))
		return runtime_signal_action(sig, act, old);
	a = &signal_actions[sig];
	before.handler = load_acquire(&a->handler);
	before.flags = load_relaxed(&a->flags);
	if (act && handled_by_us(sig, act)) {
		kernel = *act;
		store_relaxed(&a->flags, (uint32_t)act->sa_flags);
		store_release(&a->handler, act->sa_sigaction);
		kernel.sa_sigaction = signal_entry;
		kernel.sa_flags |= SA_SIGINFO;
		kernel.sa_flags &= ~SA_RESETHAND;
		act = &kernel;
	}
	ret = real()->sigaction(sig, act, old);
	if (ret == 0 && old)
		translate_old(old, &before);
	if (ret == 0 && act && act->sa_handler == SIG_IGN)
		kept_flush(sig);
	return ret;
}

sighandler_t umcg_signal(int sig, sighandler_t handler, int flags, bool block_itself)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags }, old;

	sigemptyset(&act.sa_mask);
	if (block_itself && sigaddset(&act.sa_mask, sig))
		return SIG_ERR;
	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}

static sighandler_t bsd(int sig, sighandler_t handler)
{
	if (handler == SIG_ERR || sig <= 0 || sig >= NSIG) {
		errno = EINVAL;
		return SIG_ERR;
	}
	return umcg_signal(sig, handler, interrupts[sig] ? 0 : SA_RESTART, true);
}

WRAPPER sighandler_t signal(int sig, sighandler_t handler)
{
	return bsd(sig, handler);
}

WRAPPER sighandler_t bsd_signal(int sig, sighandler_t handler)
{
	return bsd(sig, handler);
}

WRAPPER sighandler_t sigset(int sig, sighandler_t disposition)
{
	sigset_t only, before;
	sighandler_t old;

	if (disposition == SIG_ERR || sigemptyset(&only) || sigaddset(&only, sig)) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if (disposition == SIG_HOLD) {
		struct sigaction act;

		if (sigprocmask(SIG_BLOCK, &only, &before) || sigaction(sig, NULL, &act))
			return SIG_ERR;
		return sigismember(&before, sig) ? SIG_HOLD : act.sa_handler;
	}
	old = umcg_signal(sig, disposition, 0, false);
	if (old == SIG_ERR || sigprocmask(SIG_UNBLOCK, &only, &before))
		return SIG_ERR;
	return sigismember(&before, sig) ? SIG_HOLD : old;
}

WRAPPER int siginterrupt(int sig, int interrupt)
{
	struct sigaction act;

	if (sigaction(sig, NULL, &act))
		return -1;
	interrupts[sig] = interrupt;
	act.sa_flags = interrupt ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
	return sigaction(sig, &act, NULL);
}

/* Whoever stops a timer does not expect its signal any more: the last one has been handled by then. */

WRAPPER int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict value, struct itimerspec *restrict old)
{
	umcg_go_home();
	return real()->timer_settime(timer, flags, value, old);
}

WRAPPER int timer_delete(timer_t timer)
{
	umcg_go_home();
	return real()->timer_delete(timer);
}

WRAPPER int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
	int ret;

	umcg_go_home();
	ret = real()->sigaltstack(stack, old);
	if (ret == 0 && stack && umcg_self)
		signal_note_alternate_stack(umcg_self);
	return ret;
}

/*
 * On NPTL a thread handles a signal before it runs on, so before it sees what the sender does next: it may leave a
 * wait that the sender ends, and change the handler. Here its home takes the signal while it may run
 * elsewhere, and on a busy machine the home comes late. So a sender in the process calls it home itself.
 */
static void call_home(struct task *t, int sig)
{
	struct signal_action *a;

	if (!t || t == umcg_self || t->kind != TASK_WORKER || sig <= 0 || sig >= NSIG)
		return;
	a = &signal_actions[sig];
	if (!load_acquire(&a->handler) || (!t->at_home && t->mask & SIGBIT(sig)))
		return;
	t->interrupt_norestart = !(load_relaxed(&a->flags) & SA_RESTART);
	umcg_call_home(t, ATTN_SIGNAL);
}

/* What a process gets, its main thread gets if it can. */
static int sent_to_process(pid_t pid, int sig, int ret)
{
	if (ret == 0 && (pid <= 0 || pid == getpid()))
		call_home(umcg_rt.main, sig);
	return ret;
}

int umcg_sent_to_thread(pthread_t thread, int sig, int ret)
{
	if (ret == 0 && umcg_self)
		call_home(*(struct task **)host_tls_of(thread, &umcg_self), sig);
	return ret;
}

int umcg_sent_to_tid(pid_t tid, int sig, int ret)
{
	if (ret == 0)
		call_home(task_of_tid(tid), sig);
	return ret;
}

long umcg_sent_raw(long nr, const long *a, long ret)
{
	switch (nr) {
	case SYS_kill:
	case SYS_rt_sigqueueinfo:
		return sent_to_process((pid_t)a[0], (int)a[1], (int)ret);
	case SYS_tkill:
		return umcg_sent_to_tid((pid_t)a[0], (int)a[1], (int)ret);
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		return umcg_sent_to_tid((pid_t)a[1], (int)a[2], (int)ret);
	default:
		return ret;
	}
}

/* To oneself a signal is delivered before the call returns, so it must be sent where it is delivered. */

WRAPPER int pthread_kill(pthread_t thread, int sig)
{
	if (thread == pthread_self())
		umcg_go_home();
	return umcg_sent_to_thread(thread, sig, real()->pthread_kill(thread, sig));
}

WRAPPER int kill(pid_t pid, int sig)
{
	if (pid <= 0 || pid == getpid())
		umcg_go_home();
	return sent_to_process(pid, sig, real()->kill(pid, sig));
}

WRAPPER int killpg(pid_t group, int sig)
{
	umcg_go_home();
	return sent_to_process(-group, sig, real()->killpg(group, sig));
}

WRAPPER int sigqueue(pid_t pid, int sig, const union sigval value)
{
	umcg_go_home();
	return sent_to_process(pid, sig, real()->sigqueue(pid, sig, value));
}

