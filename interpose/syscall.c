/* SPDX-License-Identifier: MIT */
/* syscall(): by its number, each system call as the libc's own function for it. */
#include "futex.h"
#include "interpose.h"

#include <stdarg.h>

/* Raw system calls whose effect or answer depends on the kernel thread, and futex waits. */
static bool belongs_home(long nr, long op)
{
	switch (nr) {
	case SYS_futex:
		op &= FUTEX_CMD_MASK;
		return !member_is_locked(umcg_self) && op != FUTEX_WAKE && op != FUTEX_WAKE_BITSET && op != FUTEX_WAKE_OP &&
		       op != FUTEX_REQUEUE && op != FUTEX_CMP_REQUEUE;
	case SYS_rt_sigprocmask:
	case SYS_rt_sigtimedwait:
	case SYS_rt_sigsuspend:
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_pause:
	case SYS_rt_sigpending:
	case SYS_sigaltstack:
	case SYS_prctl:
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_execve:
	case SYS_execveat:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_set_robust_list:
	case SYS_set_tid_address:
	case SYS_rseq:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_pidfd_send_signal:
	case SYS_ptrace:
		return true;
	default:
		return false;
	}
}

/* Those that change it. Credentials too: only the libc's functions change them for all threads. */
static bool bind_for(long nr, const long *a)
{
	switch (nr) {
	case SYS_sched_setaffinity:
	case SYS_sched_setscheduler:
	case SYS_sched_setparam:
	case SYS_sched_setattr:
		umcg_stay_home_tid((pid_t)a[0]);
		return true;
	case SYS_prctl:
		if (!umcg_prctl_binds(a[0]))
			return false;
		break;
	case SYS_setpriority:
	case SYS_ioprio_set:
	case SYS_seccomp:
	case SYS_unshare:
	case SYS_setns:
	case SYS_capset:
	case SYS_setuid:
	case SYS_setgid:
	case SYS_setreuid:
	case SYS_setregid:
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setgroups:
	case SYS_setfsuid:
	case SYS_setfsgid:
	case SYS_keyctl:
		break;
	default:
		return false;
	}
	umcg_stay_home();
	return true;
}

WRAPPER long syscall(long nr, ...)
{
	long a[6], ret;
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	switch (nr) {
	case SYS_gettid:
		return gettid();
	case SYS_close:
		return close((int)a[0]);
	case SYS_close_range:
		return umcg_close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
	case SYS_dup2:
		return dup2((int)a[0], (int)a[1]);
	case SYS_dup3:
		return dup3((int)a[0], (int)a[1], (int)a[2]);
	}
	if (nr == SYS_futex && futex_call(a, &ret))
		return errno_return_long(ret);
	if (!bind_for(nr, a) && on_carrier() && belongs_home(nr, a[1]))
		umcg_go_home();
	if (nr == SYS_exit)
		thread_exits_raw();
	if (nr == SYS_rt_sigtimedwait)
		return umcg_raw_sigtimedwait(a);
	return umcg_sent_raw(nr, a, real()->syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}
