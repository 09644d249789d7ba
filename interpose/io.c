/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing, accepting: tried without waiting, then the worker is parked
 * (block/io.h). Workers that cannot be parked go home first, and wait there.
 */
#include "interpose.h"
#include "block/io.h"
#include "host/message.h"

#include <limits.h>
#include <stdlib.h>

void umcg_before(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (may_wait_elsewhere() && syscall3(SYS_poll, (long)&p, 1, 0) <= 0)	/* or a signal is pending */
		umcg_go_home();
}

static bool begin(struct io *io, int fd, uint32_t events)
{
	pthread_testcancel();
	if (io_begin(io, fd, events))
		return true;
	if (io->kind != IO_DIRECT)
		umcg_before(fd, (short)events);
	return false;
}

/*
 * Whether the libc's call is to be made, see io_end(): then where it stops nobody. A call that has failed has done
 * nothing: a cancellation that came meanwhile goes first, as whatever made it fail, such as close(), may have come later.
 */
static bool end(struct io *io, long *ret)
{
	if (!io_end(io, ret)) {
		if (*ret < 0)
			pthread_testcancel();
		return false;
	}
	umcg_before(io->fd, (short)io->w.events);
	return true;
}

/* A read that does not wait; 0 with io->direct if it is to be the libc's. */
static long try_readv(struct io *io, const struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n };
	long ret;

	do {
		switch (io->kind) {
		case IO_SOCKET:
			ret = n == 1 ? syscall6(SYS_recvfrom, io->w.fd, (long)iov->iov_base, (long)iov->iov_len, MSG_DONTWAIT, 0, 0)
				     : syscall3(SYS_recvmsg, io->w.fd, (long)&msg, MSG_DONTWAIT);
			if (ret != -ENOTSOCK)
				return ret;
			break;
		case IO_STREAM:
			ret = syscall6(SYS_preadv2, io->w.fd, (long)iov, n, -1, -1, RWF_NOWAIT);
			if (ret != -EOPNOTSUPP && ret != -ENOSYS)
				return ret;
			break;
		}
	} while (io_mistaken(io));
	return 0;
}

/* The same of a write; after a part of it SIGPIPE is for the next call. */
static long try_writev(struct io *io, const struct iovec *iov, int n, bool rest)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n };
	int flags = MSG_DONTWAIT | (rest ? MSG_NOSIGNAL : 0);
	long ret;

	do {
		switch (io->kind) {
		case IO_SOCKET:
			ret = n == 1 ? syscall6(SYS_sendto, io->w.fd, (long)iov->iov_base, (long)iov->iov_len, flags, 0, 0)
				     : syscall3(SYS_sendmsg, io->w.fd, (long)&msg, flags);
			if (ret != -ENOTSOCK)
				return ret;
			break;
		case IO_STREAM:
			ret = syscall6(SYS_pwritev2, io->w.fd, (long)iov, n, -1, -1, RWF_NOWAIT);
			if (ret != -EOPNOTSUPP && ret != -ENOSYS)
				return ret;
			break;
		}
	} while (io_mistaken(io));
	return 0;
}

WRAPPER ssize_t read(int fd, void *buf, size_t n)
{
	struct iovec iov = { buf, n };
	struct io io;
	long ret;

	if (!n || !begin(&io, fd, POLLIN))
		return umcg_reads_signals(fd) ? umcg_read_signals(fd, buf, n) : real()->read(fd, buf, n);
	do
		ret = try_readv(&io, &iov, 1);
	while (ret == -EAGAIN && io_again(&io));
	return end(&io, &ret) ? real()->read(fd, buf, n) : errno_return_long(ret);
}

WRAPPER ssize_t readv(int fd, const struct iovec *iov, int n)
{
	struct io io;
	long ret;

	if (n <= 0 || !begin(&io, fd, POLLIN))
		return n > 0 && umcg_reads_signals(fd) ? umcg_read_signals(fd, iov->iov_base, iov->iov_len)
						       : real()->readv(fd, iov, n);
	do
		ret = try_readv(&io, iov, n);
	while (ret == -EAGAIN && io_again(&io));
	return end(&io, &ret) ? real()->readv(fd, iov, n) : errno_return_long(ret);
}

/* Flags with which a receiving call does not wait, or for more than can be asked for without waiting. */
enum { RECV_APART = MSG_DONTWAIT | MSG_WAITALL | MSG_OOB | MSG_ERRQUEUE };

WRAPPER ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags, struct sockaddr *restrict addr,
			 socklen_t *restrict len)
{
	struct io io;
	long ret;

	if (flags & MSG_DONTWAIT)
		return real()->recvfrom(fd, buf, n, flags, addr, len);
	if (flags & RECV_APART)
		umcg_before(fd, POLLIN);
	if (flags & RECV_APART || !begin(&io, fd, POLLIN))
		return real()->recvfrom(fd, buf, n, flags, addr, len);
	do
		ret = syscall6(SYS_recvfrom, io.w.fd, (long)buf, (long)n, flags | MSG_DONTWAIT, (long)addr, (long)len);
	while (ret == -EAGAIN && io_again(&io));
	return end(&io, &ret) ? real()->recvfrom(fd, buf, n, flags, addr, len) : errno_return_long(ret);
}

WRAPPER ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	return recvfrom(fd, buf, n, flags, NULL, NULL);
}

WRAPPER ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct host_message copy;
	struct msghdr *raw;
	struct io io;
	long ret;

	if (flags & MSG_DONTWAIT)
		return real()->recvmsg(fd, msg, flags);
	if (flags & RECV_APART)
		umcg_before(fd, POLLIN);
	if (flags & RECV_APART || !begin(&io, fd, POLLIN))
		return real()->recvmsg(fd, msg, flags);
	raw = host_message_in(&copy, msg);
	do
		ret = syscall3(SYS_recvmsg, io.w.fd, (long)raw, flags | MSG_DONTWAIT);
	while (ret == -EAGAIN && io_again(&io));
	host_message_done(&copy, msg);
	return end(&io, &ret) ? real()->recvmsg(fd, msg, flags) : errno_return_long(ret);
}

/* Write all, of which done are written already; fewer if that is refused. */
static ssize_t write_rest(int fd, const char *buf, size_t n, size_t done)
{
	struct io io;
	long ret = 0;

	if (!begin(&io, fd, POLLOUT)) {
		ret = real()->write(fd, buf + done, n - done);
		return ret < 0 && done ? (ssize_t)done : ret + (ssize_t)done;
	}
	do {
		struct iovec iov = { (char *)buf + done, n - done };

		ret = try_writev(&io, &iov, 1, done);
		if (ret > 0)
			done += (size_t)ret;
		if (ret > 0 && done < n)
			ret = -EAGAIN;
	} while (ret == -EAGAIN && io_again(&io));
	if (end(&io, &ret)) {
		ret = real()->write(fd, buf + done, n - done);
		return ret < 0 && done ? (ssize_t)done : ret + (ssize_t)done;
	}
	return done ? (ssize_t)done : errno_return_long(ret);
}

WRAPPER ssize_t write(int fd, const void *buf, size_t n)
{
	return n ? write_rest(fd, buf, n, 0) : real()->write(fd, buf, n);
}

static ssize_t total(const struct iovec *iov, size_t n)
{
	ssize_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (ssize_t)iov[i].iov_len;
	return sum;
}

/* Of a stream, done bytes of iov have been written by one call: the rest by others. */
static ssize_t finish(int fd, const struct iovec *iov, size_t n, size_t done)
{
	size_t before = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = iov[i].iov_len, begun = done > before ? done - before : 0;

		before += len;
		if (begun >= len)
			continue;
		ssize_t wrote = write_rest(fd, iov[i].iov_base, len, begun);

		if (wrote < 0)
			break;
		done += (size_t)wrote - begun;
		if ((size_t)wrote < len)
			break;
	}
	return (ssize_t)done;
}

WRAPPER ssize_t writev(int fd, const struct iovec *iov, int n)
{
	struct io io;
	long ret;

	if (n <= 0 || !begin(&io, fd, POLLOUT))
		return real()->writev(fd, iov, n);
	do
		ret = try_writev(&io, iov, n, false);
	while (ret == -EAGAIN && io_again(&io));
	if (end(&io, &ret))
		return real()->writev(fd, iov, n);
	return ret > 0 && ret < total(iov, (size_t)n) ? finish(fd, iov, (size_t)n, (size_t)ret) : errno_return_long(ret);
}

WRAPPER ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr, socklen_t len)
{
	size_t done = 0;
	struct io io;
	long ret;

	if (flags & MSG_DONTWAIT || !begin(&io, fd, POLLOUT))
		return real()->sendto(fd, buf, n, flags, addr, len);
	do {
		ret = syscall6(SYS_sendto, io.w.fd, (long)buf + (long)done, (long)(n - done),
			       flags | MSG_DONTWAIT | (done ? MSG_NOSIGNAL : 0), (long)addr, len);
		if (ret > 0)
			done += (size_t)ret;
		if (ret > 0 && done < n)
			ret = -EAGAIN;
	} while (ret == -EAGAIN && io_again(&io));
	if (end(&io, &ret)) {
		ret = real()->sendto(fd, (const char *)buf + done, n - done, flags, addr, len);
		return ret < 0 && done ? (ssize_t)done : ret + (ssize_t)done;
	}
	return done ? (ssize_t)done : errno_return_long(ret);
}

WRAPPER ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	return sendto(fd, buf, n, flags, NULL, 0);
}

WRAPPER ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct host_message copy;
	struct msghdr *raw = host_message_out(&copy, msg);
	struct io io;
	long ret;

	if (flags & MSG_DONTWAIT || !raw || !begin(&io, fd, POLLOUT))
		return real()->sendmsg(fd, msg, flags);
	do
		ret = syscall3(SYS_sendmsg, io.w.fd, (long)raw, flags | MSG_DONTWAIT);
	while (ret == -EAGAIN && io_again(&io));
	if (end(&io, &ret))
		return real()->sendmsg(fd, msg, flags);
	return ret > 0 && ret < total(msg->msg_iov, msg->msg_iovlen)
		       ? finish(fd, msg->msg_iov, msg->msg_iovlen, (size_t)ret) : errno_return_long(ret);
}

/* A libc's accept4() may be its accept(), and the other way round: what it calls is ours when it is linked statically. */
static int real_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return flags ? real()->accept4(fd, addr, len, flags) : real()->accept(fd, addr, len);
}

WRAPPER int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict len, int flags)
{
	struct io io;
	long ret;

	if (!begin(&io, fd, POLLIN))
		return real_accept(fd, addr, len, flags);
	do {
		ret = io_ask(&io);
		if (ret == 1)
			ret = syscall4(SYS_accept4, io.w.fd, (long)addr, (long)len, flags);
	} while (ret == -EAGAIN && io_again(&io));
	return end(&io, &ret) ? real_accept(fd, addr, len, flags) : errno_return((int)ret);
}

WRAPPER int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	return accept4(fd, addr, len, 0);
}

/* Calls that cannot be told not to wait, on descriptors that mostly do not. */

WRAPPER int recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, message_flags flags, struct timespec *timeout)
{
	if (!(flags & MSG_DONTWAIT))
		umcg_go_home();
	return real()->recvmmsg(fd, msgs, n, flags, timeout);
}

WRAPPER int sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, message_flags flags)
{
	if (!(flags & MSG_DONTWAIT))
		umcg_before(fd, POLLOUT);
	return real()->sendmmsg(fd, msgs, n, flags);
}

WRAPPER ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	umcg_before(out, POLLOUT);
	return real()->sendfile(out, in, offset, n);
}

WRAPPER ssize_t splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n, unsigned flags)
{
	umcg_before(in, POLLIN);
	umcg_before(out, POLLOUT);
	return real()->splice(in, in_offset, out, out_offset, n, flags);
}

WRAPPER ssize_t tee(int in, int out, size_t n, unsigned flags)
{
	umcg_before(in, POLLIN);
	umcg_before(out, POLLOUT);
	return real()->tee(in, out, n, flags);
}

WRAPPER ssize_t vmsplice(int fd, const struct iovec *iov, size_t n, unsigned flags)
{
	umcg_before(fd, POLLOUT);
	return real()->vmsplice(fd, iov, n, flags);
}

WRAPPER int eventfd_read(int fd, eventfd_t *value)
{
	return read(fd, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}

WRAPPER int eventfd_write(int fd, eventfd_t value)
{
	return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}
