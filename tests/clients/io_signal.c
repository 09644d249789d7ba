/* SPDX-License-Identifier: MIT */
/*
 * Signals to a thread that waits: EINTR or going on, as the handler's flags and the call say; masks that hold for one
 * call only; and what had been transferred when the signal came.
 */
#include "io.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/uio.h>

enum { SIGNALS = 4, MUCH = 1 << 20 };

static atomic_int handled;

static void handler(int signo)
{
	handled++;
}

static void handle(int signo, int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

	CHECK_EQ(sigaction(signo, &act, NULL), 0);
}

static int ends[2], epoll, listener;
static struct sockaddr_un address;
static socklen_t address_len;

static long call_readv(void *arg)
{
	char c;
	struct iovec v = { &c, 1 };

	return readv(ends[0], &v, 1);
}

static long call_recvfrom(void *arg)
{
	char c;

	return recvfrom(ends[0], &c, 1, 0, NULL, NULL);
}

static long call_recvmsg(void *arg)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return recvmsg(ends[0], &m, 0);
}

static long call_recvmmsg(void *arg)
{
	char c;
	struct iovec v = { &c, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };

	return recvmmsg(ends[0], &m, 1, 0, NULL);
}

static long call_write(void *arg)
{
	return write(ends[1], "x", 1);
}

static long call_send(void *arg)
{
	return send(ends[1], "x", 1, 0);
}

static long call_sendmsg(void *arg)
{
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return sendmsg(ends[1], &m, 0);
}

static long call_connect(void *arg)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result = connect(fd, (struct sockaddr *)&address, address_len), error = errno;

	close(fd);
	errno = error;
	return result;
}

static long call_poll(void *arg)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	return poll(&p, 1, -1);
}

static long call_ppoll(void *arg)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	return ppoll(&p, 1, NULL, NULL);
}

static long call_select(void *arg)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, NULL);
}

static long call_pselect(void *arg)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static long call_epoll_wait(void *arg)
{
	struct epoll_event e;

	return epoll_wait(epoll, &e, 1, -1);
}

static long call_epoll_pwait(void *arg)
{
	struct epoll_event e;

	return epoll_pwait(epoll, &e, 1, -1, NULL);
}

static long call_limited(void *arg)
{
	struct timeval t = { 10, 0 };

	CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	return call_recv(&ends[0]);
}

static long read_here(void *arg)
{
	return call_read(&ends[0]);
}

static long recv_here(void *arg)
{
	return call_recv(&ends[0]);
}

static long accept_here(void *arg)
{
	return call_accept(&listener);
}

enum side { READS, WRITES, ACCEPTS, CONNECTS };

static const struct {
	const char *name;
	long (*call)(void *);
	enum side side;
	bool restarts; /* after a handler with SA_RESTART */
	bool socket;
} calls[] = {
	{ "read", read_here, READS, true, false },
	{ "read of a socket", read_here, READS, true, true },
	{ "readv", call_readv, READS, true, false },
	{ "recv", recv_here, READS, true, true },
	{ "recvfrom", call_recvfrom, READS, true, true },
	{ "recvmsg", call_recvmsg, READS, true, true },
	{ "recvmmsg", call_recvmmsg, READS, true, true },
	{ "recv with a limit", call_limited, READS, false, true },
	{ "write", call_write, WRITES, true, false },
	{ "write to a socket", call_write, WRITES, true, true },
	{ "send", call_send, WRITES, true, true },
	{ "sendmsg", call_sendmsg, WRITES, true, true },
	{ "accept", accept_here, ACCEPTS, true, true },
	{ "connect", call_connect, CONNECTS, true, true },
	{ "poll", call_poll, READS, false, true },
	{ "ppoll", call_ppoll, READS, false, true },
	{ "select", call_select, READS, false, true },
	{ "pselect", call_pselect, READS, false, true },
	{ "epoll_wait", call_epoll_wait, READS, false, true },
	{ "epoll_pwait", call_epoll_pwait, READS, false, true },
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

static size_t filled;

static void prepare(int i)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd;

	(calls[i].socket ? open_pair : open_pipe)(ends);
	epoll = epoll_create1(0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e), 0);
	if (calls[i].side == WRITES)
		filled = fill(ends[1]);
	if (calls[i].side == ACCEPTS || calls[i].side == CONNECTS)
		listener = listen_unix(&address, &address_len, 0);
	/* One fits; the next has to wait. */
	if (calls[i].side == CONNECTS) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK_EQ(connect(fd, (struct sockaddr *)&address, address_len), 0);
		close(fd);
	}
}

/* What the call waits for. */
static void complete(int i)
{
	int fd;

	switch (calls[i].side) {
	case READS:
		put(ends[1], "x");
		break;
	case WRITES:
		drain(ends[0], 0, filled);
		break;
	case ACCEPTS:
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK_EQ(connect(fd, (struct sockaddr *)&address, address_len), 0);
		close(fd);
		break;
	case CONNECTS:
		CHECK_EQ(call_accept(&listener), 0);
		break;
	}
}

static void clean(int i)
{
	close_both(ends);
	close(epoll);
	if (calls[i].side == ACCEPTS || calls[i].side == CONNECTS)
		close(listener);
}

/* A handler may have run before the call began to wait: again, until it ends. */
static void interrupt(struct waiter *w)
{
	while (!w->ended) {
		CHECK_EQ(pthread_kill(w->thread, SIGUSR1), 0);
		sleep_ms(10);
	}
}

/* Without SA_RESTART each of them ends with EINTR. */
static void interrupted(void)
{
	struct waiter w;

	handle(SIGUSR1, 0);
	for (int i = 0; i < CALLS; i++) {
		prepare(i);
		wait_begin(&w, calls[i].call, NULL);
		interrupt(&w);
		wait_say(&w, calls[i].name);
		clean(i);
	}
	CHECK(handled >= CALLS);
}

/* With it most go on, and get what comes afterwards. */
static void restarted(void)
{
	struct waiter w;

	handle(SIGUSR1, SA_RESTART);
	for (int i = 0; i < CALLS; i++) {
		prepare(i);
		wait_begin(&w, calls[i].call, NULL);
		if (calls[i].restarts) {
			for (int n = 0; n < SIGNALS; n++) {
				int before = handled;

				CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
				while (handled == before)
					sleep_ms(1);
				still_waits(&w);
			}
			complete(i);
		} else {
			interrupt(&w);
		}
		wait_say(&w, calls[i].name);
		clean(i);
	}
}

/* An ignored signal disturbs nobody. */
static void ignored(void)
{
	struct waiter w;

	signal(SIGUSR1, SIG_IGN);
	for (int i = 0; i < CALLS; i++) {
		prepare(i);
		wait_begin(&w, calls[i].call, NULL);
		for (int n = 0; n < SIGNALS; n++)
			CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		sleep_ms(2);
		still_waits(&w);
		complete(i);
		wait_say(&w, calls[i].name);
		clean(i);
	}
}

static char much[MUCH];

static long write_much(void *arg)
{
	return write(ends[1], much, MUCH);
}

static long send_much(void *arg)
{
	return send(ends[1], much, MUCH, 0);
}

static long recv_much(void *arg)
{
	char block[100];

	return recv(ends[0], block, sizeof(block), MSG_WAITALL);
}

/* What has been transferred is returned; the signal is handled all the same. */
static void partly(void)
{
	struct waiter w;

	handle(SIGUSR1, 0);
	open_pipe(ends);
	wait_begin(&w, write_much, NULL);
	interrupt(&w);
	wait_say(&w, "write");
	close_both(ends);
	open_pair(ends);
	wait_begin(&w, send_much, NULL);
	interrupt(&w);
	CHECK(wait_end(&w) > 0 && w.result < MUCH);
	close_both(ends);
	open_pair(ends);
	put(ends[1], "abcde");
	wait_begin(&w, recv_much, NULL);
	interrupt(&w);
	wait_say(&w, "recv");
	close_both(ends);
}

static sigset_t with_usr1, without;

static long masked_ppoll(void *arg)
{
	struct timespec t = { 10, 0 };
	struct pollfd p = { ends[0], POLLIN, 0 };

	return ppoll(&p, 1, &t, arg);
}

static long masked_pselect(void *arg)
{
	struct timespec t = { 10, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, &t, arg);
}

static long masked_epoll(void *arg)
{
	struct epoll_event e;

	return epoll_pwait(epoll, &e, 1, 10000, arg);
}

static long (*masked_call)(void *);

static long wait_masked(void *arg)
{
	sigset_t now;
	long result;
	int error;

	if (arg)
		CHECK_EQ(raise(SIGUSR1), 0);
	CHECK(!arg || handled == 0);
	result = masked_call(&without);
	error = errno;
	CHECK_EQ(handled, 1);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
	CHECK_EQ(sigismember(&now, SIGUSR1), 1);
	CHECK_EQ(sigpending(&now), 0);
	CHECK_EQ(sigismember(&now, SIGUSR1), 0);
	errno = error;
	return result;
}

/* Blocked but for the wait: a signal that was pending, or comes meanwhile, is handled once, and the mask is back. */
static void masks(void)
{
	static const struct {
		const char *name;
		long (*call)(void *);
	} with_mask[] = { { "ppoll", masked_ppoll }, { "pselect", masked_pselect }, { "epoll_pwait", masked_epoll } };
	struct epoll_event e = { .events = EPOLLIN };
	struct waiter w;

	sigemptyset(&without);
	sigemptyset(&with_usr1);
	sigaddset(&with_usr1, SIGUSR1);
	handle(SIGUSR1, SA_RESTART);
	/* Inherited, so that it is blocked from the thread's first moment on. */
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &with_usr1, NULL), 0);
	open_pair(ends);
	epoll = epoll_create1(0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e), 0);
	for (int i = 0; i < 3; i++) {
		masked_call = with_mask[i].call;
		handled = 0;
		wait_begin(&w, wait_masked, "pending");
		wait_say(&w, with_mask[i].name);
		handled = 0;
		wait_begin(&w, wait_masked, NULL);
		/* Once: blocked before and after the wait, it stays pending until then. */
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		wait_say(&w, with_mask[i].name);
	}
	close_both(ends);
	close(epoll);
}

static long masked_by_poll(void *arg)
{
	long result;

	CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &with_usr1, NULL), 0);
	result = masked_call(&with_usr1);
	/* It was kept off during the wait only. */
	CHECK_EQ(handled, 1);
	return result;
}

/* The other way round: the wait is not disturbed, the handler runs when it is over. */
static void kept_off(void)
{
	long (*const with_mask[])(void *) = { masked_ppoll, masked_pselect, masked_epoll };
	struct epoll_event e = { .events = EPOLLIN };
	bool handled_late;
	struct waiter w;

	sigemptyset(&with_usr1);
	sigaddset(&with_usr1, SIGUSR1);
	handle(SIGUSR1, 0);
	open_pair(ends);
	epoll = epoll_create1(0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e), 0);
	for (int i = 0, tries = 0; i < 3; i += handled_late, tries++) {
		CHECK(tries < 20);
		masked_call = with_mask[i];
		handled = 0;
		wait_begin(&w, masked_by_poll, NULL);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		sleep_ms(5);
		still_waits(&w);
		/* A thread that has not come to its wait in time is not protected yet: another try. */
		handled_late = handled == 0;
		put(ends[1], "x");
		CHECK_EQ(wait_end(&w), 1);
		get(ends[0], "x");
	}
	close_both(ends);
	close(epoll);
}

static long read_in_handler_too(void *arg)
{
	char c;

	return read(ends[0], &c, 1) == 1 ? c : -1;
}

static int inner[2];
static atomic_int read_by_handler;

static void reading_handler(int signo)
{
	char c;

	CHECK_EQ(read(inner[0], &c, 1), 1);
	read_by_handler = c;
}

/* A handler that itself waits, on top of a call that waits and then goes on. */
static void handler_reads(void)
{
	struct sigaction act = { .sa_handler = reading_handler, .sa_flags = SA_RESTART };
	struct waiter w;

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	open_pipe(ends);
	open_pair(inner);
	wait_begin(&w, read_in_handler_too, NULL);
	CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
	sleep_ms(5);
	put(ends[1], "o");
	sleep_ms(5);
	still_waits(&w);
	put(inner[1], "i");
	CHECK_EQ(wait_end(&w), 'o');
	CHECK_EQ(read_by_handler, 'i');
	close_both(ends);
	close_both(inner);
}

const struct check checks[] = {
	{ "interrupted", interrupted, NULL },
	{ "restarted", restarted, NULL },
	{ "ignored", ignored, NULL },
	{ "partly", partly, NULL },
	{ "masks", masks, NULL },
	{ "kept_off", kept_off, NULL },
	{ "handler_reads", handler_reads, NULL },
	{ 0 },
};
