/* SPDX-License-Identifier: MIT */
/*
 * One system call on every thread of the libc's. Each kernel thread of the
 * process that is none of the runtime's own gets the signal that musl keeps for
 * such purposes and that no program can block; its handler makes the call and
 * touches nothing else, so that it may interrupt anything.
 *
 * Threads are created meanwhile: by one that has done it, or by one that has not.
 * /proc is read until all that it lists have done it. Then each that is younger
 * was created by one that had.
 */
#include "setxid.h"
#include "base/lock.h"
#include "base/text.h"
#include "host/signals.h"
#include "host/sys.h"
#include "sched/broadcast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

enum { RETRY_US = 1000, TASKS_BYTES = 64 << 10 };

/* Guarded by lock; the target reads them between the signal and its answer. */
static struct {
	struct lock lock;
	long nr, a, b, c;
	int target;
	uint32_t round;			/* of this target */
	uint32_t answered;		/* futex: the last round that has been done */
} request;

static long call(void)
{
	return syscall3(request.nr, request.a, request.b, request.c);
}

static _Noreturn void give_up(void)
{
	/* Some threads have the right and some not: as musl, nothing but this is safe. */
	for (;;)
		syscall3(SYS_kill, sys_getpid(), SIGKILL, 0);
}

static void answer(int sig, siginfo_t *info, void *context)
{
	uint32_t round = load_acquire(&request.round);	/* pairs with ask() */

	if (load_relaxed(&request.target) != sys_gettid() || load_relaxed(&request.answered) == round)
		return;
	if (call() < 0)
		give_up();
	store_release(&request.answered, round);
	sys_futex_wake(&request.answered, 1);
}

/* Returns when the thread has done it, or has gone. */
static void ask(int pid, int tid)
{
	uint32_t round = request.round + 1, seen;
	int cpu;

	store_relaxed(&request.target, tid);
	store_release(&request.round, round);
	while ((seen = load_acquire(&request.answered)) != round) {
		/* A main thread that has ended stays listed. A carrier may have been new when it was looked up. */
		if (sys_tgkill(pid, tid, HOST_SIGNAL_SYNCCALL) == -ESRCH || sys_thread_look(tid, &cpu) == 'Z' ||
		    broadcast_reaches(tid))
			return;
		sys_futex_wait(&request.answered, seen, host_now() + RETRY_US * NSEC_PER_USEC);
	}
}

struct tid_set {
	uint32_t n, room;
	int *tids;
};

static bool has(const struct tid_set *set, int tid)
{
	for (uint32_t i = 0; i < set->n; i++)
		if (set->tids[i] == tid)
			return true;
	return false;
}

static void add(struct tid_set *set, int tid)
{
	if (set->n == set->room) {
		uint32_t room = set->room ? 2 * set->room : 1024;
		int *tids = sys_map(room * sizeof(*tids));

		if (!tids)
			give_up();
		for (uint32_t i = 0; i < set->n; i++)
			tids[i] = set->tids[i];
		if (set->tids)
			sys_unmap(set->tids, set->room * sizeof(*set->tids));
		set->tids = tids;
		set->room = room;
	}
	set->tids[set->n++] = tid;
}

static int number(const char *s)
{
	int n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + *s++ - '0';
	return n;
}

/* The kernel's struct linux_dirent64, which musl's struct dirent is. */
static bool ask_listed(const char *entries, long bytes, int pid, struct tid_set *done)
{
	bool clean = true;

	for (long at = 0; at < bytes; at += ((const struct dirent *)(entries + at))->d_reclen) {
		int tid = number(((const struct dirent *)(entries + at))->d_name);

		if (!tid || has(done, tid) || broadcast_reaches(tid))
			continue;
		clean = false;
		ask(pid, tid);
		add(done, tid);
	}
	return clean;
}

/* Whether all that were listed had done it already. */
static bool ask_round(int fd, char *entries, int pid, struct tid_set *done)
{
	bool clean = true;
	long bytes;

	syscall3(SYS_lseek, fd, 0, SEEK_SET);
	while ((bytes = syscall3(SYS_getdents64, fd, (long)entries, TASKS_BYTES)) > 0)
		clean &= ask_listed(entries, bytes, pid, done);
	if (bytes < 0)
		give_up();
	return clean;
}

static void ask_all(void)
{
	struct tid_set done = { 0 };
	long fd = syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	char *entries = sys_map(TASKS_BYTES);

	if (fd < 0 || !entries)
		give_up();
	add(&done, sys_gettid());
	while (!ask_round((int)fd, entries, sys_getpid(), &done))
		;
	syscall3(SYS_close, fd, 0, 0);
	sys_unmap(entries, TASKS_BYTES);
	sys_unmap(done.tids, done.room * sizeof(*done.tids));
}

int setxid(long nr, long a, long b, long c)
{
	/* Who holds the lock waits for our answer, and a handler must not find it ours. */
	static const kernel_sigset all = ~0ull, others = ~SIGBIT(HOST_SIGNAL_SYNCCALL);
	kernel_sigset old;
	long ret;

	sys_sigmask(SIG_SETMASK, &others, &old);
	lock_acquire(&request.lock);
	sys_sigmask(SIG_SETMASK, &all, NULL);
	request.nr = nr;
	request.a = a;
	request.b = b;
	request.c = c;
	ret = call();
	if (ret == 0) {
		sys_sigaction(HOST_SIGNAL_SYNCCALL, answer);
		ask_all();
	}
	lock_release(&request.lock);
	sys_sigmask(SIG_SETMASK, &old, NULL);
	return (int)ret;
}
