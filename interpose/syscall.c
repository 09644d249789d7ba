/* SPDX-License-Identifier: MIT */
/* syscall(): by its number, each system call as the libc's own function for it. */
#include "futex.h"
#include "interpose.h"

#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>

/* Raw system calls whose effect or answer depends on the kernel thread, and those that wait for what is no descriptor. */
static bool belongs_home(long nr, const long *a)
{
	long op;

	switch (nr) {
	case SYS_futex:
		op = a[1] & FUTEX_CMD_MASK;
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
	case SYS_rt_sigaction:
	case SYS_alarm:
	case SYS_setitimer:
	case SYS_timer_settime:
	case SYS_timer_delete:
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_execve:
	case SYS_execveat:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_set_robust_list:
	case SYS_get_robust_list:
	case SYS_get_mempolicy:
	case SYS_set_tid_address:
	case SYS_rseq:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_pidfd_send_signal:
	case SYS_ptrace:
	case SYS_futex_waitv:
	case SYS_connect:
	case SYS_recvmmsg:
	case SYS_flock:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_msync:
	case SYS_sync:
	case SYS_syncfs:
	case SYS_sync_file_range:
	case SYS_copy_file_range:
	case SYS_msgrcv:
	case SYS_msgsnd:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_mq_timedreceive:
	case SYS_mq_timedsend:
	case SYS_io_getevents:
	case SYS_io_pgetevents:
		return true;
	case SYS_io_uring_enter:
		return a[2] > 0;	/* it waits for so many */
	case SYS_fcntl:
		return umcg_fcntl_waits(a[1]);
	case SYS_ioctl:
		return umcg_ioctl_waits((unsigned)a[1]);
	default:
		return false;
	}
}

/* The kernel says in the timeout what was left of it, the libc's function does not. */
static bool is_plain(long timeout, long mask)
{
	return !timeout && !mask;
}

/* Calls that may wait, and for which the libc has a function with the same arguments and results. */
static bool call(long nr, const long *a, long *ret)
{
	int fd = (int)a[0];

	switch (nr) {
	case SYS_read: *ret = read(fd, (void *)a[1], (size_t)a[2]); break;
	case SYS_readv: *ret = readv(fd, (void *)a[1], (int)a[2]); break;
	case SYS_write: *ret = write(fd, (void *)a[1], (size_t)a[2]); break;
	case SYS_writev: *ret = writev(fd, (void *)a[1], (int)a[2]); break;
	case SYS_recvfrom: *ret = recvfrom(fd, (void *)a[1], (size_t)a[2], (int)a[3], (void *)a[4], (void *)a[5]); break;
	case SYS_recvmsg: *ret = recvmsg(fd, (void *)a[1], (int)a[2]); break;
	case SYS_sendto: *ret = sendto(fd, (void *)a[1], (size_t)a[2], (int)a[3], (void *)a[4], (socklen_t)a[5]); break;
	case SYS_sendmsg: *ret = sendmsg(fd, (void *)a[1], (int)a[2]); break;
	case SYS_sendmmsg: *ret = sendmmsg(fd, (void *)a[1], (unsigned)a[2], (int)a[3]); break;
	case SYS_accept: *ret = accept(fd, (void *)a[1], (void *)a[2]); break;
	case SYS_accept4:
		if (a[3] & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
			return false;		/* musl's asks again without flags if they are wrong */
		*ret = accept4(fd, (void *)a[1], (void *)a[2], (int)a[3]);
		break;
	case SYS_sendfile: *ret = sendfile(fd, (int)a[1], (void *)a[2], (size_t)a[3]); break;
	case SYS_splice: *ret = splice(fd, (void *)a[1], (int)a[2], (void *)a[3], (size_t)a[4], (unsigned)a[5]); break;
	case SYS_tee: *ret = tee(fd, (int)a[1], (size_t)a[2], (unsigned)a[3]); break;
	case SYS_vmsplice: *ret = vmsplice(fd, (void *)a[1], (size_t)a[2], (unsigned)a[3]); break;
	case SYS_poll: *ret = poll((void *)a[0], (nfds_t)a[1], (int)a[2]); break;
	case SYS_select: *ret = select(fd, (void *)a[1], (void *)a[2], (void *)a[3], (void *)a[4]); break;
	case SYS_epoll_wait: *ret = epoll_wait(fd, (void *)a[1], (int)a[2], (int)a[3]); break;
	case SYS_sigaltstack: *ret = sigaltstack((void *)a[0], (void *)a[1]); break;
	case SYS_sched_yield: *ret = sched_yield(); break;
	case SYS_nanosleep:
		if (!a[0])
			return false;
		*ret = nanosleep((void *)a[0], (void *)a[1]);
		break;
	case SYS_clock_nanosleep:
		if (!a[2])
			return false;
		*ret = errno_return(-clock_nanosleep((clockid_t)a[0], (int)a[1], (void *)a[2], (void *)a[3]));
		break;
	case SYS_ppoll:
		if (!is_plain(a[2], a[3]))
			return false;
		*ret = ppoll((void *)a[0], (nfds_t)a[1], NULL, NULL);
		break;
	case SYS_pselect6:
		if (!is_plain(a[4], a[5]))
			return false;
		*ret = pselect(fd, (void *)a[1], (void *)a[2], (void *)a[3], NULL, NULL);
		break;
	case SYS_epoll_pwait:
		if (a[4])
			return false;
		*ret = epoll_wait(fd, (void *)a[1], (int)a[2], (int)a[3]);
		break;
	default:
		return false;
	}
	return true;
}

/*
 * The function may be a cancellation point, which the raw call is not. A thread that may be cancelled at any
 * time makes the raw call. (A handler that leaves this by a jump leaves cancellation disabled.)
 */
static bool as_function(long nr, const long *a, long *ret)
{
	struct task *t = umcg_self;
	int state, type;
	bool done;

	if (!t || !task_may_park(t))
		return false;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	done = type == PTHREAD_CANCEL_DEFERRED && call(nr, a, ret);
	if (type != PTHREAD_CANCEL_DEFERRED)
		pthread_setcanceltype(type, NULL);
	pthread_setcancelstate(state, NULL);
	return done;
}

/* Whether nr makes a process with a copy of our memory, which goes on with its creator's stack. */
static bool forks(long nr, const long *a)
{
	switch (nr) {
	case SYS_fork:
		return true;
	case SYS_clone:
		return !(a[0] & (CLONE_VM | CLONE_SETTLS));
	case SYS_clone3:
		return !(*(const uint64_t *)a[0] & (CLONE_VM | CLONE_SETTLS));	/* struct clone_args begins with the flags */
	default:
		return false;
	}
}

/* Those that open. */
static void before_open(long nr, const long *a)
{
	switch (nr) {
	case SYS_open:
		umcg_before_open(AT_FDCWD, (const char *)a[0], (int)a[1]);
		break;
	case SYS_creat:
		umcg_before_open(AT_FDCWD, (const char *)a[0], O_CREAT);
		break;
	case SYS_openat:
		umcg_before_open((int)a[0], (const char *)a[1], (int)a[2]);
		break;
	}
}

/* Those that change the state of the kernel thread. Credentials too: only the libc's functions change them for all threads. */
static bool bind_for(long nr, const long *a)
{
	switch (nr) {
	case SYS_sched_setaffinity:
	case SYS_sched_setscheduler:
	case SYS_sched_setparam:
	case SYS_sched_setattr:
		umcg_stay_home_tid((pid_t)a[0]);
		return true;
	case SYS_perf_event_open:		/* counts on the kernel thread */
		if (a[1] < 0 || a[4] & PERF_FLAG_PID_CGROUP)
			return false;
		umcg_stay_home_tid((pid_t)a[1]);
		return true;
	case SYS_prctl:
		umcg_before_prctl(a);
		return true;
	case SYS_seccomp:
		if (a[0] == SECCOMP_SET_MODE_FILTER)
			umcg_before_filter((const void *)a[2]);
		break;
	case SYS_arch_prctl:
		umcg_before_arch_prctl(a[0]);
		return true;
	case SYS_set_mempolicy:
		umcg_before_mempolicy(a[0]);
		return true;
	case SYS_setpriority:
	case SYS_ioprio_set:
	case SYS_ioperm:
	case SYS_iopl:
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
	case SYS_add_key:
	case SYS_request_key:
#ifdef SYS_landlock_restrict_self
	case SYS_landlock_restrict_self:
#endif
	case SYS_pkey_alloc:
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
	if (as_function(nr, a, &ret))
		return ret;
	before_open(nr, a);
	if (!bind_for(nr, a) && on_carrier() && belongs_home(nr, a))
		umcg_go_home();
	if (nr == SYS_exit)
		thread_exits_raw();
	if (nr == SYS_rt_sigtimedwait)
		return umcg_raw_sigtimedwait(a);
	ret = real()->syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (ret == 0 && forks(nr, a))
		interpose_in_child();
	if (ret == 0 && nr == SYS_set_mempolicy && a[0] == MPOL_DEFAULT)
		umcg_mempolicy_is_default();
	/* Rights to keys are in a register that no switch saves, as hardly any program has keys. */
	if (ret >= 0 && nr == SYS_pkey_alloc)
		retire_for_good();
	return umcg_sent_raw(nr, a, ret);
}
