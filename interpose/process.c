/* SPDX-License-Identifier: MIT */
/*
 * Processes. The child of a fork is the worker on its home, with its mask. The
 * caller stays on its home for the whole of it: handlers of pthread_atfork may
 * wait, and must not come back on a carrier.
 */
#include "interpose.h"

#include <sched.h>
#include <stdarg.h>

static struct task *pin(void)
{
	struct task *t = umcg_self;

	umcg_go_home();
	if (t)
		t->pin++;
	return t;
}

static void unpin(struct task *t)
{
	/* In the child the runtime has forgotten its tasks. */
	if (t && t == umcg_self)
		t->pin--;
}

WRAPPER pid_t fork(void)
{
	struct task *t = pin();
	pid_t pid = real()->fork();

	unpin(t);
	return pid;
}

/* Runs no handlers of pthread_atfork, ours neither. */
WRAPPER pid_t _Fork(void)
{
	struct task *t = pin();
	pid_t pid = real()->_Fork();

	if (pid == 0)
		interpose_in_child();
	unpin(t);
	return pid;
}

struct start {
	int (*fn)(void *);
	void *arg;
};

static int begin_in_child(void *arg)
{
	struct start s = *(struct start *)arg;
	int status;

	interpose_in_child();
	status = s.fn(s.arg);
	thread_exits_raw();		/* as the libc's clone() does next */
	return status;
}

/* Who shares our memory has no runtime of its own. */
WRAPPER int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	struct start s = { fn, arg };
	pid_t *parent_tid, *child_tid;
	va_list ap;
	void *tls;

	va_start(ap, arg);
	parent_tid = va_arg(ap, pid_t *);
	tls = va_arg(ap, void *);
	child_tid = va_arg(ap, pid_t *);
	va_end(ap);
	umcg_go_home();
	if (fn && !(flags & (CLONE_VM | CLONE_SETTLS))) {
		fn = begin_in_child;
		arg = &s;
	}
	return real()->clone(fn, stack, flags, arg, parent_tid, tls, child_tid);
}

WRAPPER int forkpty(int *master, char *name, const struct termios *tty, const struct winsize *size)
{
	struct task *t = pin();
	int pid = real()->forkpty(master, name, tty, size);

	unpin(t);
	return pid;
}

WRAPPER int daemon(int nochdir, int noclose)
{
	struct task *t = pin();
	int ret = real()->daemon(nochdir, noclose);

	unpin(t);
	return ret;
}
