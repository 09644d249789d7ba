/* SPDX-License-Identifier: MIT */
/*
 * Processes. The child of a fork is the worker on its home, with its mask. The
 * caller stays on its home for the whole of it: handlers of pthread_atfork may
 * wait, and must not come back on a carrier.
 */
#include "interpose.h"

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
		runtime_after_fork_child();
	unpin(t);
	return pid;
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
