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
