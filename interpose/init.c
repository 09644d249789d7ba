/* SPDX-License-Identifier: MIT */
/* Constructor, destructor, start of the runtime, fork. */
#include "interpose.h"
#include "api/member.h"
#include "host/stack.h"
#include "host/thread.h"
#include "sched/signal.h"
#include "sync/once.h"
#include "sync/waitq.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

void umcg_go_home(void)
{
	struct task *t = umcg_self;

	real();
	if (t && t->newborn)
		newborn_done(t, true);
	if (!on_carrier())
		return;
	np_enter(t);
	task_couple(t);
	np_leave(t);
}

/* Inside the runtime: the waker of a worker holds a server's lock, and a preemption would leave it held. */
void umcg_call_home(struct task *t, uint32_t attn)
{
	struct task *self = umcg_self;

	if (self)
		np_enter(self);
	or_acq_rel(&t->attn, attn);
	task_interrupt(t);
	if (self)
		np_leave(self);
}

static int process;		/* that our state is of */
static bool started_here;	/* the runtime, since the last fork() has begun */

void interpose_in_child(void)
{
	process = sys_getpid();
	once_after_fork_child();
	umcg_life = (struct life){ .started = umcg_life.started };
	api_after_fork_child();
	runtime_after_fork_child();
	stacks_after_fork_child();
}

static void before_fork(void)
{
	started_here = false;
}

/* Handlers that were registered before ours may have created threads in the child: TSan's does. */
static void after_fork_child(void)
{
	if (!started_here || process != sys_getpid())
		interpose_in_child();
}

/* Such a handler finds the parent's state. */
static void notice_fork(void)
{
	if (process != sys_getpid())
		interpose_in_child();
}

/* The runtime's own two signals get the one handler too; it unblocks them itself, see interrupted(). */
static void install(int sig, int flags)
{
	struct sigaction act = { .sa_sigaction = signal_entry, .sa_flags = SA_SIGINFO | flags }, old;

	sigemptyset(&act.sa_mask);
	sigaddset(&act.sa_mask, SIGNAL_INTERRUPT);
	sigaddset(&act.sa_mask, SIGNAL_PREEMPT);
	real()->sigaction(sig, &act, &old);
	if (old.sa_sigaction != signal_entry) {
		signal_actions[sig].handler = old.sa_sigaction;
		signal_actions[sig].flags = (uint32_t)old.sa_flags;
	}
}

void runtime_claim_signals(void)
{
	install(SIGNAL_INTERRUPT, SA_ONSTACK);
	install(SIGNAL_PREEMPT, SA_ONSTACK | SA_RESTART);
}

int runtime_enter(void)
{
	interpose_start();
	return runtime_start_engine();
}

void interpose_start(void)
{
	static const int of_calls[] = { SIGPIPE, SIGXFSZ };

	interpose_init();
	notice_fork();
	if (umcg_rt.active || umcg_rt.failed)
		return;
	waitq_init();
	if (runtime_start())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(of_calls); i++) {
		struct sigaction act;

		if (sigaction(of_calls[i], NULL, &act) == 0 && act.sa_handler == SIG_DFL)
			sigaction(of_calls[i], &act, NULL);
	}
	if (umcg_self)
		host_on_thread_exit(umcg_self);
	umcg_life.started = 1;
	started_here = true;
}

void interpose_init(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	process = sys_getpid();
	config_read(&umcg_rt.config, environ, getauxval(AT_SECURE));
	real();
	if (umcg_rt.config.disable)
		umcg_rt.failed = true;
	if (host_thread_exit_init(real()->pthread_key_create, thread_on_exit))
		umcg_rt.failed = true;
	host_libc_text(&umcg_rt.libc_text_lo, &umcg_rt.libc_text_hi);
	/* Before any handler of the program's: ours must be the first to run in the child. */
	pthread_atfork(before_fork, NULL, after_fork_child);
}

__attribute__((destructor))
static void fini(void)
{
	if (leaks_are_sought())
		umcg_go_home();
	if (umcg_rt.config.stats)
		stats_print();
}
