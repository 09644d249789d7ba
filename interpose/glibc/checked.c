/* SPDX-License-Identifier: MIT */
/*
 * What compilers call instead where they know the size of an object, to have it checked; and what the macros
 * of stdio.h call.
 */
#include "interpose.h"
#include "output.h"
#include "polling.h"
#include "streams.h"

WRAPPER ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	return n > size ? real()->__read_chk(fd, buf, n, size) : read(fd, buf, n);
}

WRAPPER ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
	return n > size ? real()->__recv_chk(fd, buf, n, size, flags) : recv(fd, buf, n, flags);
}

WRAPPER ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t n, size_t size, int flags,
			       struct sockaddr *restrict addr, socklen_t *restrict len)
{
	return n > size ? real()->__recvfrom_chk(fd, buf, n, size, flags, addr, len)
			: recvfrom(fd, buf, n, flags, addr, len);
}

WRAPPER int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	return size / sizeof(*fds) < n ? real()->__poll_chk(fds, n, timeout, size) : poll(fds, n, timeout);
}

WRAPPER int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
	return size / sizeof(*fds) < n ? real()->__ppoll_chk(fds, n, timeout, mask, size)
				       : ppoll(fds, n, timeout, mask);
}

/* Not checked, but glibc's alone. */
WRAPPER int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
			 const sigset_t *mask)
{
	struct wait_until until;
	struct timespec ts;
	int ret;

	if (umcg_looks_at_home() || mask || (timeout && !umcg_valid_timeout(timeout))) {
		umcg_go_home();
		return real()->epoll_pwait2(epfd, events, max, timeout, mask);
	}
	until = timeout ? umcg_until_after(timespec_to_ns(timeout)) : WAIT_FOREVER;
	ret = umcg_epoll_until(epfd, events, max, &until);
	return ret == -ENOSYS ? real()->epoll_pwait2(epfd, events, max, umcg_left_timespec(&until, &ts), NULL)
			      : errno_return(ret);
}

READS(char *, __fgets_chk, (char *s, size_t size, int n, FILE *f), (s, size, n, f), f, NULL)
READS(size_t, __fread_chk, (void *p, size_t room, size_t size, size_t n, FILE *f), (p, room, size, n, f), f, 0)
READS_UNLOCKED(int, __uflow, (FILE *f), (f), f, EOF)

WRITES_CHAR(__overflow, (FILE *f, int c), (f, c), f, true)
PRINTS(__vfprintf_chk, (FILE *f, int flag, const char *format, va_list ap), (f, flag, format, ap), f)
PRINTS(__vprintf_chk, (int flag, const char *format, va_list ap), (flag, format, ap), stdout)
VARIADIC(__fprintf_chk, (FILE *f, int flag, const char *format, ...), format, __vfprintf_chk(f, flag, format, ap))
VARIADIC(__printf_chk, (int flag, const char *format, ...), format, __vprintf_chk(flag, format, ap))

WRAPPER int __vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
	umcg_before(fd, POLLOUT);
	return real()->__vdprintf_chk(fd, flag, format, ap);
}

VARIADIC(__dprintf_chk, (int fd, int flag, const char *format, ...), format, __vdprintf_chk(fd, flag, format, ap))
