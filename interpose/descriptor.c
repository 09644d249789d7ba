/* SPDX-License-Identifier: MIT */
/*
 * What is known of descriptors (sched/poller.h). When one is closed, calls that
 * wait on it keep its file, and the rest is forgotten. The runtime's own are not
 * the program's to close.
 */
#include "interpose.h"
#include "host/stdio.h"
#include "sched/poller.h"

#include <linux/close_range.h>
#include <stdarg.h>

/* fd is about to be closed. False if it is none of the program's. */
static bool let_go(int fd)
{
	struct descriptor *d = descriptor_find(fd);
	struct task *t = umcg_self;

	if (!d || descriptor_is_strange(d))
		return true;
	if (load_relaxed(&d->kind) == IO_OURS)
		return false;
	if (t)
		np_enter(t);
	descriptor_closing(d, fd);
	if (t)
		np_leave(t);
	return true;
}

/* fd has been closed, or has got another meaning. */
static void gone(int fd)
{
	struct descriptor *d = descriptor_find(fd);
	struct task *t = umcg_self;

	if (!d || descriptor_is_strange(d))
		return;
	if (t)
		np_enter(t);
	descriptor_closed(d);
	if (t)
		np_leave(t);
}

WRAPPER int close(int fd)
{
	int ret;

	if (!let_go(fd))
		return errno_return(-EBADF);
	ret = real()->close(fd);
	gone(fd);
	return ret;
}

/* fd is about to get a meaning of the program's choice. */
static bool make_way(int fd)
{
	struct task *t = umcg_self;
	bool done;

	if (t)
		np_enter(t);
	done = poller_make_way(fd);
	if (t)
		np_leave(t);
	return done && let_go(fd);
}

WRAPPER int fclose(FILE *f)
{
	int fd = host_file_descriptor(f), ret;

	umcg_before_fclose(f);
	if (fd >= 0)
		let_go(fd);
	ret = real()->fclose(f);
	if (fd >= 0)
		gone(fd);
	return ret;
}

WRAPPER int dup2(int from, int to)
{
	int ret;

	if (from != to && !make_way(to))
		return errno_return(-EBUSY);
	ret = real()->dup2(from, to);
	gone(to);
	return ret;
}

WRAPPER int dup3(int from, int to, int flags)
{
	int ret;

	if (from != to && !make_way(to))
		return errno_return(-EBUSY);
	ret = real()->dup3(from, to, flags);
	gone(to);
	return ret;
}

/* Not every libc has a function for it, and those that do have nothing to add. */
static int raw_close_range(unsigned first, unsigned last, int flags)
{
	return errno_return((int)syscall3(SYS_close_range, first, last, flags));
}

/* Around the runtime's own. */
static int close_between(unsigned first, unsigned last, int flags)
{
	for (int fd = descriptor_next(first); fd >= 0 && (unsigned)fd <= last; fd = descriptor_next((unsigned)fd + 1)) {
		if (let_go(fd))
			continue;
		if ((unsigned)fd > first && raw_close_range(first, (unsigned)fd - 1, flags))
			return -1;
		first = (unsigned)fd + 1;
	}
	return first > last ? 0 : raw_close_range(first, last, flags);
}

int umcg_close_range(unsigned first, unsigned last, int flags)
{
	int ret;

	if (first > last || flags & (int)~CLOSE_RANGE_UNSHARE)
		return raw_close_range(first, last, flags);
	ret = close_between(first, last, flags);
	for (int fd = descriptor_next(first); fd >= 0 && (unsigned)fd <= last; fd = descriptor_next((unsigned)fd + 1))
		gone(fd);
	return ret;
}

/* The options that change how calls on a socket wait. */
WRAPPER int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	struct descriptor *d;
	int ret = real()->setsockopt(fd, level, option, value, len);

	if (ret || level != SOL_SOCKET)
		return ret;
	if (option == SO_RCVTIMEO || option == SO_SNDTIMEO)
		add_acq_rel(&umcg_rt.poller.limits, 1);
	else if (option == SO_RCVLOWAT && (d = descriptor_get(fd)))
		store_relaxed(&d->kind, IO_POLLED);	/* a call that does not wait would be content with less */
	return ret;
}

/* Of its commands two wait. The argument is a number or a pointer, or is not there. */
bool umcg_fcntl_waits(long command)
{
	return command == F_SETLKW || command == F_OFD_SETLKW;
}

WRAPPER int fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	if (umcg_fcntl_waits(command))
		umcg_go_home();
	return real()->fcntl(fd, command, arg);
}

/* Terminals whose output has to drain, or whose lines have to change. */
bool umcg_ioctl_waits(unsigned request)
{
	switch (request) {
	case TCSBRK:
	case TCSBRKP:
	case TCSETSW:
	case TCSETSF:
	case TCSETAW:
	case TCSETAF:
	case TIOCMIWAIT:
		return true;
	default:
		return false;
	}
}

WRAPPER int ioctl(int fd, ioctl_request request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	if (umcg_ioctl_waits((unsigned)request))
		umcg_go_home();
	return real()->ioctl(fd, request, arg);
}

WRAPPER int tcsetattr(int fd, int when, const struct termios *settings)
{
	if (when != TCSANOW)
		umcg_go_home();
	return real()->tcsetattr(fd, when, settings);
}
