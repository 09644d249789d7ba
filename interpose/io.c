/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors. A call that would wait goes home first: there it
 * blocks a kernel thread that nobody else needs, as on NPTL, and stays until its
 * worker's next scheduling point.
 */
#include "interpose.h"

#include <stdarg.h>

/* Before a call that reads from fd: go home unless it can be served at once. */
static void before_input(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (may_wait_elsewhere() && syscall3(SYS_poll, (long)&p, 1, 0) == 0)
		umcg_go_home();
}

WRAPPER ssize_t read(int fd, void *buf, size_t n)
{
	before_input(fd);
	return umcg_reads_signals(fd) ? umcg_read_signals(fd, buf, n) : real()->read(fd, buf, n);
}

WRAPPER ssize_t readv(int fd, const struct iovec *iov, int n)
{
	before_input(fd);
	if (n > 0 && umcg_reads_signals(fd))
		return umcg_read_signals(fd, iov->iov_base, iov->iov_len);
	return real()->readv(fd, iov, n);
}

WRAPPER ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	before_input(fd);
	return real()->recv(fd, buf, n, flags);
}

WRAPPER ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags, struct sockaddr *restrict addr,
			 socklen_t *restrict len)
{
	before_input(fd);
	return real()->recvfrom(fd, buf, n, flags, addr, len);
}

WRAPPER ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	before_input(fd);
	return real()->recvmsg(fd, msg, flags);
}

WRAPPER int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	before_input(fd);
	return real()->accept(fd, addr, len);
}

WRAPPER int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict len, int flags)
{
	before_input(fd);
	return real()->accept4(fd, addr, len, flags);
}

WRAPPER ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	return n > size ? real()->__read_chk(fd, buf, n, size) : read(fd, buf, n);
}

WRAPPER ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
	before_input(fd);
	return real()->__recv_chk(fd, buf, n, size, flags);
}

WRAPPER ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t n, size_t size, int flags,
			       struct sockaddr *restrict addr, socklen_t *restrict len)
{
	before_input(fd);
	return real()->__recvfrom_chk(fd, buf, n, size, flags, addr, len);
}

/* Calls that wait for several: tried without waiting, then waited for at home. */

/* Through a signalfd() a thread sees what is pending for itself: at home, and by no try elsewhere. */
static bool signals_are_read;

WRAPPER int signalfd(int fd, const sigset_t *mask, int flags)
{
	store_relaxed(&signals_are_read, true);
	return real()->signalfd(fd, mask, flags);
}

static void before_look(void)
{
	if (unlikely(load_relaxed(&signals_are_read)))
		umcg_go_home();
}

WRAPPER int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	before_look();
	if (timeout != 0 && may_wait_elsewhere()) {
		int ret = real()->poll(fds, n, 0);

		if (ret != 0)
			return ret;
		umcg_go_home();
	}
	return real()->poll(fds, n, timeout);
}

WRAPPER int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	return n > size / sizeof(*fds) ? real()->__poll_chk(fds, n, timeout, size) : poll(fds, n, timeout);
}

WRAPPER int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x,
		   struct timeval *restrict timeout)
{
	before_look();
	if (!timeout || timeout->tv_sec || timeout->tv_usec)
		umcg_go_home();
	return real()->select(n, r, w, x, timeout);
}

WRAPPER int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	before_look();	/* the kernel does when a descriptor is added; later it is told */
	return real()->epoll_ctl(epfd, op, fd, event);
}

WRAPPER int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	before_look();
	if (timeout != 0 && may_wait_elsewhere()) {
		int ret = real()->epoll_wait(epfd, events, max, 0);

		if (ret != 0)
			return ret;
		umcg_go_home();
	}
	return real()->epoll_wait(epfd, events, max, timeout);
}

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
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == SYS_gettid)
		return gettid();
	if (!bind_for(nr, a) && on_carrier() && belongs_home(nr, a[1]))
		umcg_go_home();
	if (nr == SYS_exit)
		thread_exits_raw();
	if (nr == SYS_rt_sigtimedwait)
		return umcg_raw_sigtimedwait(a);
	return umcg_sent_raw(nr, a, real()->syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}
