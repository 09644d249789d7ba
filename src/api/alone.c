/* SPDX-License-Identifier: MIT */
/* libumcg.so without the preload: the process's threads are the libc's, only registered ones are ours. */
#include "api/member.h"
#include "host/thread.h"
#include "sched/contract.h"
#include "sched/signal.h"

#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

static void claim(int sig, int flags)
{
	struct sigaction act = { .sa_sigaction = signal_entry, .sa_flags = SA_SIGINFO | flags };

	sigaddset(&act.sa_mask, SIGNAL_INTERRUPT);
	sigaddset(&act.sa_mask, SIGNAL_PREEMPT);
	sigaction(sig, &act, NULL);
}

void runtime_claim_signals(void)
{
	claim(SIGNAL_INTERRUPT, SA_ONSTACK);
	claim(SIGNAL_PREEMPT, SA_ONSTACK | SA_RESTART);
}

int runtime_enter(void)
{
	return runtime_start_engine();
}

/* In the last round of a thread's destructors. Of a worker: on a carrier; what follows is the libc's, at home. */
static void on_thread_exit(struct task *t)
{
	static const kernel_sigset all = ~0ull;
	kernel_sigset old;

	if (t != umcg_self)		/* a task of the parent's, in a fork's child */
		return;
	api_thread_ends();
	np_enter(t);
	if (t->role == ROLE_WORKER)
		task_couple(t);		/* its server sees it block */
	member_unregister(t);
	np_leave(t);
	sys_sigmask(SIG_SETMASK, &all, &old);
	task_retract_tid(t);
	member_forget(t);
	umcg_self = NULL;
	task_unref(t);
	sys_sigmask(SIG_SETMASK, &old, NULL);
}

static void after_fork_child(void)
{
	api_after_fork_child();
	runtime_after_fork_child();
}

__attribute__((constructor))
static void init(void)
{
	config_read(&umcg_rt.config, environ, getauxval(AT_SECURE));
	if (host_thread_exit_init(pthread_key_create, on_thread_exit))
		umcg_rt.failed = true;
	pthread_atfork(NULL, NULL, after_fork_child);
}

/* A worker's tid is its home's, whatever kernel thread executes it. */
EXPORT pid_t gettid(void)
{
	struct task *t = umcg_self;

	return t ? t->tid : sys_gettid();
}
