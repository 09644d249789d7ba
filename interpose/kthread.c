/* SPDX-License-Identifier: MIT */
/*
 * The state of the kernel thread: read and changed at home; who changes what
 * carriers share (affinity, policy, priority, namespaces) stays there for good.
 */
#include "interpose.h"
#include "host/thread.h"
#include "sched/broadcast.h"
#include "setxid.h"

#include <asm/prctl.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <stdarg.h>

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62		/* musl does not know it yet */
#endif

void umcg_stay_home(void)
{
	struct task *t = umcg_self;

	umcg_go_home();
	if (!t)
		return;
	np_enter(t);
	task_bind(t);
	np_leave(t);
}

/* thread has changed for good, perhaps by another's hand: it comes home at its next scheduling point. */
static int bind_if_ok(pthread_t thread, int ret)
{
	struct task *t;

	if (ret || !task_self())
		return ret;
	if (thread == pthread_self()) {
		umcg_stay_home();
		return ret;
	}
	t = thread_task(thread);
	if (t && t->kind == TASK_WORKER)
		umcg_call_home(t, ATTN_BIND);
	return ret;
}

WRAPPER int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *cpus)
{
	return bind_if_ok(thread, real()->pthread_setaffinity_np(thread, size, cpus));
}

WRAPPER int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
	return bind_if_ok(thread, real()->pthread_setschedparam(thread, policy, param));
}

WRAPPER int pthread_setschedprio(pthread_t thread, int prio)
{
	return bind_if_ok(thread, real()->pthread_setschedprio(thread, prio));
}

/* pid 0 is the calling thread; the tid of another of ours binds that one. */
void umcg_stay_home_tid(pid_t pid)
{
	struct task *t = umcg_self;

	if (!t)
		return;
	if (pid == 0 || pid == t->tid) {
		umcg_stay_home();
		return;
	}
	t = thread_task_of_tid(pid);
	if (t && t->kind == TASK_WORKER)
		umcg_call_home(t, ATTN_BIND);
}

WRAPPER int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *cpus)
{
	umcg_stay_home_tid(pid);
	return real()->sched_setaffinity(pid, size, cpus);
}

WRAPPER int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	umcg_stay_home_tid(pid);
	return real()->sched_setscheduler(pid, policy, param);
}

WRAPPER int sched_setparam(pid_t pid, const struct sched_param *param)
{
	umcg_stay_home_tid(pid);
	return real()->sched_setparam(pid, param);
}

WRAPPER int setpriority(priority_which which, id_t who, int prio)
{
	if (which == PRIO_PROCESS)
		umcg_stay_home_tid((pid_t)who);
	return real()->setpriority(which, who, prio);
}

WRAPPER int nice(int inc)
{
	umcg_stay_home();
	return real()->nice(inc);
}

/* Some namespaces are for processes of one thread only. */
static void be_single_threaded(void)
{
	umcg_stay_home();
	if (umcg_self && umcg_self == umcg_rt.main)
		retire_now();
}

WRAPPER int unshare(int flags)
{
	be_single_threaded();
	return real()->unshare(flags);
}

WRAPPER int setns(int fd, int type)
{
	be_single_threaded();
	return real()->setns(fd, type);
}

void umcg_before_mempolicy(long mode)
{
	struct task *t = umcg_self;
	bool by_policy = t && (!t->bound || t->bound_by_policy);

	if (mode == MPOL_DEFAULT) {
		umcg_go_home();
		return;
	}
	umcg_stay_home();
	if (t)
		t->bound_by_policy = by_policy;
}

/* Libraries for NUMA machines try what the kernel can do when they are loaded: that binds nobody for good. */
void umcg_mempolicy_is_default(void)
{
	struct task *t = umcg_self;

	if (!t)
		return;
	np_enter(t);		/* the monitor binds only who is outside the runtime, see stays_home() */
	if (t->bound_by_policy && !load_acquire(&umcg_rt.confined))	/* pairs with retire_for_good() */
		t->bound = t->bound_by_policy = false;
	np_leave(t);
}

static bool prctl_binds(long option)
{
	switch (option) {
	case PR_SET_SECCOMP:
	case PR_SET_NO_NEW_PRIVS:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
	case PR_SET_KEEPCAPS:
	case PR_SET_SECUREBITS:
	case PR_SET_TIMERSLACK:
	case PR_MCE_KILL:
	case PR_SET_TSC:
	case PR_SET_SPECULATION_CTRL:
	case PR_SET_IO_FLUSHER:
	case PR_SET_SYSCALL_USER_DISPATCH:
	case PR_SCHED_CORE:
		return true;
	default:
		return false;
	}
}

void umcg_before_filter(const void *program)
{
	if (!program)
		return;			/* it asks whether there are filters */
	umcg_stay_home();
	retire_for_good();
}

void umcg_before_prctl(const long *a)
{
	prctl_binds(a[0]) ? umcg_stay_home() : umcg_go_home();
	if (a[0] == PR_SET_SECCOMP && a[1] == SECCOMP_MODE_FILTER)
		umcg_before_filter((const void *)a[2]);
}

WRAPPER int prctl(int option, ...)
{
	long a[5] = { option };
	va_list ap;

	va_start(ap, option);
	for (int i = 1; i < 5; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	umcg_before_prctl(a);
	return real()->prctl(option, a[1], a[2], a[3], a[4]);
}

/* A base of GS, as Wine has one for each thread, or other state that no switch of ours saves. */
void umcg_before_arch_prctl(long code)
{
	code == ARCH_GET_FS || code == ARCH_GET_GS || code == ARCH_GET_CPUID ? umcg_go_home() : umcg_stay_home();
}

WRAPPER int arch_prctl(int code, unsigned long address)
{
	umcg_before_arch_prctl(code);
	return real()->arch_prctl(code, address);
}

WRAPPER int ioperm(unsigned long from, unsigned long num, int on)
{
	umcg_stay_home();
	return real()->ioperm(from, num, on);
}

WRAPPER int iopl(int level)
{
	umcg_stay_home();
	return real()->iopl(level);
}

/* These the libc leaves to the one kernel thread: how a server acts for one client among others. */

WRAPPER int setfsuid(uid_t uid)
{
	umcg_stay_home();
	return real()->setfsuid(uid);
}

WRAPPER int setfsgid(gid_t gid)
{
	umcg_stay_home();
	return real()->setfsgid(gid);
}

WRAPPER int capset(void *header, const void *data)
{
	umcg_stay_home();
	return real()->capset(header, data);
}

/* Another thread's name is set once it cannot take its creator's any more. */
WRAPPER int pthread_setname_np(pthread_t thread, const char *name)
{
	if (thread == pthread_self())
		umcg_go_home();
	else
		thread_task(thread);
	return real()->pthread_setname_np(thread, name);
}

WRAPPER int pthread_getname_np(pthread_t thread, char *name, size_t size)
{
	if (thread == pthread_self())
		umcg_go_home();
	return real()->pthread_getname_np(thread, name, size);
}

/*
 * Credentials are per kernel thread; the libc changes them on every thread that
 * it knows, and we on the rest: carriers and monitor.
 */
static int everywhere(int ret, long nr, long a, long b, long c)
{
	if (ret == 0 && umcg_rt.active)
		broadcast_syscall(nr, a, b, c);
	return ret;
}

#define CREDENTIALS(libc_call, nr, a, b, c) everywhere(ON_LIBC_THREADS(libc_call, nr, a, b, c), nr, a, b, c)

WRAPPER int setuid(uid_t uid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setuid(uid), SYS_setuid, uid, 0, 0);
}

WRAPPER int setgid(gid_t gid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setgid(gid), SYS_setgid, gid, 0, 0);
}

WRAPPER int seteuid(uid_t uid)
{
	umcg_go_home();
	return CREDENTIALS(real()->seteuid(uid), SYS_setresuid, -1, uid, -1);
}

WRAPPER int setegid(gid_t gid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setegid(gid), SYS_setresgid, -1, gid, -1);
}

WRAPPER int setreuid(uid_t ruid, uid_t euid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setreuid(ruid, euid), SYS_setreuid, (int)ruid, (int)euid, 0);
}

WRAPPER int setregid(gid_t rgid, gid_t egid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setregid(rgid, egid), SYS_setregid, (int)rgid, (int)egid, 0);
}

WRAPPER int setresuid(uid_t ruid, uid_t euid, uid_t suid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setresuid(ruid, euid, suid), SYS_setresuid, (int)ruid, (int)euid, (int)suid);
}

WRAPPER int setresgid(gid_t rgid, gid_t egid, gid_t sgid)
{
	umcg_go_home();
	return CREDENTIALS(real()->setresgid(rgid, egid, sgid), SYS_setresgid, (int)rgid, (int)egid, (int)sgid);
}

WRAPPER int setgroups(size_t n, const gid_t *groups)
{
	umcg_go_home();
	return CREDENTIALS(real()->setgroups(n, groups), SYS_setgroups, (long)n, (long)groups, 0);
}

/* The libc sets the groups by its own setgroups(), of which we see nothing. */
WRAPPER int initgroups(const char *user, gid_t group)
{
	gid_t *groups;
	int n;

	umcg_go_home();
	if (real()->initgroups(user, group))
		return -1;
	n = getgroups(0, NULL);
	groups = n > 0 && umcg_rt.active ? sys_map((size_t)n * sizeof(*groups)) : NULL;
	if (!groups)		/* none, or no memory: then carriers have none */
		return everywhere(0, SYS_setgroups, 0, 0, 0);
	n = getgroups(n, groups);
	everywhere(0, SYS_setgroups, n, (long)groups, 0);
	sys_unmap(groups, (size_t)n * sizeof(*groups));
	return 0;
}
