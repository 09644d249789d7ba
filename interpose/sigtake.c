/* SPDX-License-Identifier: MIT */
/*
 * Signals that are taken instead of handled. What the kernel gives may be a token, or have come before what is
 * kept: a handler takes more of its own signal, or of those that its mask blocks. So it is exchanged
 * as on arrival, see sched/kept.h. A token for nothing has been taken in vain.
 */
#include "interpose.h"
#include "host/sys.h"
#include "sched/kept.h"

#include <sys/signalfd.h>

static bool taken(int sig, siginfo_t *info)
{
	struct task *t = umcg_self;

	return !t || on_carrier() || kept_exchange(t, sig, info);
}

/* A token for nothing is rare, and makes the caller wait anew: twice as long at most. */
WRAPPER int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
			 const struct timespec *restrict timeout)
{
	siginfo_t own, *to = info ? info : &own;
	int sig;

	umcg_go_home();
	do
		sig = real()->sigtimedwait(set, to, timeout);
	while (sig > 0 && !taken(sig, to));
	if (sig > 0 && to->si_code == SI_TKILL)
		to->si_code = SI_USER;	/* as the libc does */
	return sig;
}

WRAPPER int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return sigtimedwait(set, info, NULL);
}

WRAPPER int sigwait(const sigset_t *restrict set, int *restrict sig)
{
	int ret;

	do
		ret = sigtimedwait(set, NULL, NULL);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return errno;
	*sig = ret;
	return 0;
}

long umcg_raw_sigtimedwait(const long *a)
{
	siginfo_t own, *to = a[1] ? (siginfo_t *)a[1] : &own;
	long sig;

	do
		sig = real()->syscall(SYS_rt_sigtimedwait, a[0], to, a[2], a[3]);
	while (sig > 0 && !taken((int)sig, to));
	return sig;
}

/* Descriptors of signals. What the kernel says of a signal there has another form, by the same rules for each code. */

enum layout { LAYOUT_KILL, LAYOUT_TIMER, LAYOUT_POLL, LAYOUT_QUEUE };

static enum layout layout_of(int code)
{
	if (code == SI_TIMER)
		return LAYOUT_TIMER;
	if (code == SI_SIGIO || (code >= POLL_IN && code <= POLL_HUP))
		return LAYOUT_POLL;
	return code < 0 ? LAYOUT_QUEUE : LAYOUT_KILL;
}

static siginfo_t to_siginfo(const struct signalfd_siginfo *from)
{
	siginfo_t info = { .si_signo = (int)from->ssi_signo, .si_errno = from->ssi_errno, .si_code = from->ssi_code };

	switch (layout_of(from->ssi_code)) {
	case LAYOUT_TIMER:
		info.si_timerid = (int)from->ssi_tid;
		info.si_overrun = (int)from->ssi_overrun;
		info.si_value.sival_ptr = (void *)from->ssi_ptr;
		break;
	case LAYOUT_POLL:
		info.si_band = from->ssi_band;
		info.si_fd = from->ssi_fd;
		break;
	case LAYOUT_QUEUE:
		info.si_value.sival_ptr = (void *)from->ssi_ptr;
		/* fall through */
	case LAYOUT_KILL:
		info.si_pid = (pid_t)from->ssi_pid;
		info.si_uid = from->ssi_uid;
		break;
	}
	return info;
}

static struct signalfd_siginfo from_siginfo(const siginfo_t *from)
{
	struct signalfd_siginfo info = {
		.ssi_signo = (uint32_t)from->si_signo, .ssi_errno = from->si_errno, .ssi_code = from->si_code,
	};

	switch (layout_of(from->si_code)) {
	case LAYOUT_TIMER:
		info.ssi_tid = (uint32_t)from->si_timerid;
		info.ssi_overrun = (uint32_t)from->si_overrun;
		info.ssi_ptr = (uintptr_t)from->si_value.sival_ptr;
		info.ssi_int = from->si_value.sival_int;
		break;
	case LAYOUT_POLL:
		info.ssi_band = (uint32_t)from->si_band;
		info.ssi_fd = from->si_fd;
		break;
	case LAYOUT_QUEUE:
		info.ssi_ptr = (uintptr_t)from->si_value.sival_ptr;
		info.ssi_int = from->si_value.sival_int;
		/* fall through */
	case LAYOUT_KILL:
		info.ssi_pid = (uint32_t)from->si_pid;
		info.ssi_uid = from->si_uid;
		break;
	}
	return info;
}

bool umcg_reads_signals(int fd)
{
	struct task *t = umcg_self;

	return t && t->kept && !on_carrier() && host_is_signalfd(fd);
}

/* Whether it is to be seen. */
static bool exchange(struct signalfd_siginfo *s)
{
	siginfo_t info;

	if (s->ssi_signo < FIRST_QUEUED)
		return true;
	info = to_siginfo(s);
	if (!taken((int)s->ssi_signo, &info))
		return false;
	*s = from_siginfo(&info);
	return true;
}

ssize_t umcg_read_signals(int fd, void *buf, size_t n)
{
	struct signalfd_siginfo *from, *to;
	ssize_t got;

	do {
		got = real()->read(fd, buf, n);
		from = to = buf;
		for (ssize_t left = got; left > 0; left -= (ssize_t)sizeof(*from), from++)
			if (exchange(from))
				*to++ = *from;
	} while (got > 0 && to == buf);
	return got > 0 ? (char *)to - (char *)buf : got;
}
