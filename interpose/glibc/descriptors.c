/* SPDX-License-Identifier: MIT */
/* Descriptors: what glibc has besides. */
#include "interpose.h"
#include "sched/poller.h"

#include <stdarg.h>
#include <sys/sendfile.h>

WRAPPER int close_range(unsigned first, unsigned last, int flags)
{
	return umcg_close_range(first, last, flags);
}

WRAPPER void closefrom(int first)
{
	if (load_relaxed(&umcg_rt.poller.epoll))
		umcg_close_range(first < 0 ? 0 : (unsigned)first, ~0u, 0);
	else
		real()->closefrom(first);
}

/* On 64-bit machines the same functions. */

WRAPPER ssize_t sendfile64(int out, int in, off64_t *offset, size_t n)
{
	return sendfile(out, in, offset, n);
}

WRAPPER int fcntl64(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	return fcntl(fd, command, arg);
}

WRAPPER int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return open(path, flags, mode);
}

WRAPPER int openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat(dir, path, flags, mode);
}

WRAPPER int creat64(const char *path, mode_t mode)
{
	return creat(path, mode);
}

WRAPPER FILE *fopen64(const char *restrict path, const char *restrict mode)
{
	return fopen(path, mode);
}

WRAPPER FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict f)
{
	return freopen(path, mode, f);
}

/* What compilers call instead of open() where no mode is given: to have that checked. */

WRAPPER int __open_2(const char *path, int flags)
{
	umcg_before_open(AT_FDCWD, path, flags);
	return real()->__open_2(path, flags);
}

WRAPPER int __open64_2(const char *path, int flags)
{
	umcg_before_open(AT_FDCWD, path, flags);
	return real()->__open64_2(path, flags);
}

WRAPPER int __openat_2(int dir, const char *path, int flags)
{
	umcg_before_open(dir, path, flags);
	return real()->__openat_2(dir, path, flags);
}

WRAPPER int __openat64_2(int dir, const char *path, int flags)
{
	umcg_before_open(dir, path, flags);
	return real()->__openat64_2(dir, path, flags);
}

/* With an offset they are about files, without one as readv() and writev() with flags. */
#define WITH_FLAGS(name, offset_type, events) \
	WRAPPER ssize_t name(int fd, const struct iovec *iov, int n, offset_type offset, int flags) \
	{ \
		if (offset == -1 && !(flags & RWF_NOWAIT)) \
			umcg_before(fd, events); \
		return real()->name(fd, iov, n, offset, flags); \
	}

WITH_FLAGS(preadv2, off_t, POLLIN)
WITH_FLAGS(preadv64v2, off64_t, POLLIN)
WITH_FLAGS(pwritev2, off_t, POLLOUT)
WITH_FLAGS(pwritev64v2, off64_t, POLLOUT)

/*
 * libaio's, and all that they do there. Not in symbols.def: to look for what may be missing is to call malloc, for
 * an error message, perhaps from within the malloc that has called us (tcmalloc's).
 */

WRAPPER int io_getevents(void *context, long min, long n, void *events, struct timespec *timeout)
{
	umcg_go_home();
	return (int)syscall6(SYS_io_getevents, (long)context, min, n, (long)events, (long)timeout, 0);
}

WRAPPER int io_pgetevents(void *context, long min, long n, void *events, struct timespec *timeout, sigset_t *mask)
{
	struct {
		const void *mask;
		size_t size;
	} with = { mask, sizeof(kernel_sigset) };

	umcg_go_home();
	return (int)syscall6(SYS_io_pgetevents, (long)context, min, n, (long)events, (long)timeout, (long)&with);
}
