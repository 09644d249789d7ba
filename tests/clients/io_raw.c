/* SPDX-License-Identifier: MIT */
/* Calls that wait, by their numbers: what they return, and that they are no cancellation points. */
#include "io.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/aio_abi.h>

static int ends[2];
static char bytes[64];
static struct iovec vector = { bytes, 1 };

static struct pollfd *ready(void)
{
	static struct pollfd p;

	p = (struct pollfd){ ends[0], POLLIN, 0 };
	return &p;
}

static fd_set *set(void)
{
	static fd_set s;

	FD_ZERO(&s);
	FD_SET(ends[0], &s);
	return &s;
}

static int instance(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	CHECK_EQ(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &e), 0);
	return fd;
}

static long by_instance(long nr, long a, long b)
{
	struct epoll_event e;
	int fd = instance();
	long n = syscall(nr, fd, &e, 1, a, b, 8);

	close(fd);
	return n;
}

static struct msghdr *message(void)
{
	static struct msghdr m;

	m = (struct msghdr){ .msg_iov = &vector, .msg_iovlen = 1 };
	return &m;
}

static struct mmsghdr *messages(void)
{
	static struct mmsghdr m;

	m.msg_hdr = *message();
	return &m;
}

static long raw_read(void *arg) { return syscall(SYS_read, ends[0], bytes, 1); }
static long raw_readv(void *arg) { return syscall(SYS_readv, ends[0], &vector, 1); }
static long raw_recvfrom(void *arg) { return syscall(SYS_recvfrom, ends[0], bytes, 1, 0, NULL, NULL); }
static long raw_recvmsg(void *arg) { return syscall(SYS_recvmsg, ends[0], message(), 0); }
static long raw_recvmmsg(void *arg) { return syscall(SYS_recvmmsg, ends[0], messages(), 1, 0, NULL); }
static long raw_preadv2(void *arg) { return syscall(SYS_preadv2, ends[0], &vector, 1, -1L, -1L, 0); }
#ifdef __GLIBC__
static long with_preadv2(void *arg) { return preadv2(ends[0], &vector, 1, -1, 0); }
static long with_preadv64v2(void *arg) { return preadv64v2(ends[0], &vector, 1, -1, 0); }
#endif
static long raw_poll(void *arg) { return syscall(SYS_poll, ready(), 1, -1); }
static long raw_ppoll(void *arg) { return syscall(SYS_ppoll, ready(), 1, NULL, NULL, 8); }
static long raw_select(void *arg) { return syscall(SYS_select, ends[0] + 1, set(), NULL, NULL, NULL); }
static long raw_pselect(void *arg) { return syscall(SYS_pselect6, ends[0] + 1, set(), NULL, NULL, NULL, NULL); }
static long raw_epoll_wait(void *arg) { return by_instance(SYS_epoll_wait, -1, 0); }
static long raw_epoll_pwait(void *arg) { return by_instance(SYS_epoll_pwait, -1, 0); }
static long raw_epoll_pwait2(void *arg) { return by_instance(SYS_epoll_pwait2, 0, 0); }

static long raw_splice(void *arg)
{
	int to[2];
	long n;

	open_pipe(to);
	n = syscall(SYS_splice, ends[0], NULL, to[1], NULL, 1, 0);
	close_both(to);
	return n;
}

static void readers(void)
{
	static const struct { const char *name; long (*call)(void *); } calls[] = {
		{ "read", raw_read }, { "readv", raw_readv }, { "recvfrom", raw_recvfrom }, { "recvmsg", raw_recvmsg },
		{ "recvmmsg", raw_recvmmsg }, { "preadv2", raw_preadv2 },
#ifdef __GLIBC__
		{ "preadv2()", with_preadv2 }, { "preadv64v2()", with_preadv64v2 },
#endif
		{ "poll", raw_poll }, { "ppoll", raw_ppoll }, { "select", raw_select },
		{ "pselect6", raw_pselect }, { "epoll_wait", raw_epoll_wait }, { "epoll_pwait", raw_epoll_pwait },
		{ "epoll_pwait2", raw_epoll_pwait2 }, { "splice", raw_splice },
	};
	struct waiter w;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_pair(ends);
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		put(ends[1], "x");
		wait_say(&w, calls[i].name);
		close_both(ends);
	}
}

static long raw_write(void *arg) { return syscall(SYS_write, ends[1], "y", 1); }
static long raw_writev(void *arg) { return syscall(SYS_writev, ends[1], &vector, 1); }
static long raw_sendto(void *arg) { return syscall(SYS_sendto, ends[1], "y", 1, 0, NULL, 0); }
static long raw_sendmsg(void *arg) { return syscall(SYS_sendmsg, ends[1], message(), 0); }
static long raw_sendmmsg(void *arg) { return syscall(SYS_sendmmsg, ends[1], messages(), 1, 0); }
#ifdef __GLIBC__
static long with_pwritev2(void *arg) { return pwritev2(ends[1], &vector, 1, -1, 0); }
static long with_pwritev64v2(void *arg) { return pwritev64v2(ends[1], &vector, 1, -1, 0); }
#endif

static void writers(void)
{
	static const struct { const char *name; long (*call)(void *); } calls[] = {
		{ "write", raw_write }, { "writev", raw_writev }, { "sendto", raw_sendto }, { "sendmsg", raw_sendmsg },
		{ "sendmmsg", raw_sendmmsg },
#ifdef __GLIBC__
		{ "pwritev2()", with_pwritev2 }, { "pwritev64v2()", with_pwritev64v2 },
#endif
	};
	struct waiter w;
	size_t n;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_pair(ends);
		n = fill(ends[1]);
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		drain(ends[0], 0, n);
		wait_say(&w, calls[i].name);
		close_both(ends);
	}
}

static int listener;

static long raw_accept(void *arg)
{
	long fd = syscall(SYS_accept, listener, NULL, NULL);

	return fd < 0 ? fd : close((int)fd);
}

static long raw_accept4(void *arg)
{
	long fd = syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC), flags = fcntl((int)fd, F_GETFD);

	close((int)fd);
	return flags;
}

static void acceptors(void)
{
	struct sockaddr_in address;
	struct waiter w;

	listener = listen_tcp(&address, 4);
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		wait_begin(&w, i ? raw_accept4 : raw_accept, NULL);
		still_waits(&w);
		say_result("connect", syscall(SYS_connect, fd, &address, sizeof(address)));
		wait_say(&w, i ? "accept4" : "accept");
		close(fd);
	}
	close(listener);
}

static int queue, file, other;

static long raw_msgrcv(void *arg)
{
	struct { long type; char text; } m;

	return syscall(SYS_msgrcv, queue, &m, 1, 0L, 0);
}

static long raw_semop(void *arg)
{
	struct sembuf op = { 0, -1, 0 };

	return syscall(SYS_semop, file, &op, 1L);
}

static long raw_flock(void *arg) { return syscall(SYS_flock, other, LOCK_EX); }

static long raw_setlkw(void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };

	return syscall(SYS_fcntl, other, F_OFD_SETLKW, &range);
}

static void at_home(void)
{
	struct { long type; char text; } m = { 1, 'x' };
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	struct sembuf up = { 0, 1, 0 };
	char name[] = "/tmp/umcg-raw-XXXXXX";
	struct waiter w;

	queue = msgget(IPC_PRIVATE, 0600);
	wait_begin(&w, raw_msgrcv, NULL);
	still_waits(&w);
	CHECK_EQ(syscall(SYS_msgsnd, queue, &m, 1, 0), 0);
	wait_say(&w, "msgrcv");
	CHECK_EQ(msgctl(queue, IPC_RMID, NULL), 0);
	file = semget(IPC_PRIVATE, 1, 0600);
	wait_begin(&w, raw_semop, NULL);
	still_waits(&w);
	CHECK_EQ(semop(file, &up, 1), 0);
	wait_say(&w, "semop");
	CHECK_EQ(semctl(file, 0, IPC_RMID), 0);
	file = mkstemp(name);
	other = open(name, O_RDWR);
	CHECK_EQ(flock(file, LOCK_EX), 0);
	wait_begin(&w, raw_flock, NULL);
	still_waits(&w);
	CHECK_EQ(flock(file, LOCK_UN), 0);
	wait_say(&w, "flock");
	CHECK_EQ(fcntl(file, F_OFD_SETLK, &range), 0);
	wait_begin(&w, raw_setlkw, NULL);
	still_waits(&w);
	range.l_type = F_UNLCK;
	CHECK_EQ(fcntl(file, F_OFD_SETLK, &range), 0);
	wait_say(&w, "fcntl");
	say_result("fsync", syscall(SYS_fsync, file));
	say_result("fdatasync", syscall(SYS_fdatasync, -1));
	unlink(name);
	close(file);
	close(other);
}

/* libaio's functions are found by whoever asks, libaio or not. */
int io_getevents(aio_context_t context, long min, long n, struct io_event *events, struct timespec *timeout)
	__attribute__((weak));
int io_pgetevents(aio_context_t context, long min, long n, struct io_event *events, struct timespec *timeout, sigset_t *mask)
	__attribute__((weak));

static aio_context_t context;

static long get_event(void *how)
{
	struct { const void *mask; size_t size; } none = { NULL, 8 };
	struct io_event e;
	long n = 0;

	switch ((intptr_t)how) {
	case 0:
		return syscall(SYS_io_getevents, context, 1L, 1L, &e, NULL);
	case 1:
		return syscall(SYS_io_pgetevents, context, 1L, 1L, &e, NULL, &none);
	case 2:
		n = io_getevents ? io_getevents(context, 1, 1, &e, NULL) : syscall(SYS_io_getevents, context, 1L, 1L, &e, NULL);
		return n;
	default:
		return io_pgetevents ? io_pgetevents(context, 1, 1, &e, NULL, NULL)
				     : syscall(SYS_io_getevents, context, 1L, 1L, &e, NULL);
	}
}

static void asynchronous(void)
{
	struct waiter w;

	CHECK_EQ(syscall(SYS_io_setup, 4, &context), 0);
	for (intptr_t how = 0; how < 4; how++) {
		struct iocb cb = { .aio_lio_opcode = IOCB_CMD_POLL, .aio_buf = POLLIN }, *list[] = { &cb };

		open_pipe(ends);
		cb.aio_fildes = (unsigned)ends[0];
		CHECK_EQ(syscall(SYS_io_submit, context, 1L, list), 1);
		wait_begin(&w, get_event, (void *)how);
		still_waits(&w);
		put(ends[1], "x");
		wait_say(&w, "events");
		close_both(ends);
	}
	CHECK_EQ(syscall(SYS_io_destroy, context), 0);
}

static long raw_nanosleep(void *arg)
{
	struct timespec t = { 0, LIMIT_MS * 1000000 };

	return syscall(SYS_nanosleep, &t, NULL);
}

static long raw_clock_nanosleep(void *arg)
{
	struct timespec t = { 0, LIMIT_MS * 1000000 };

	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
}

/* The kernel says what was left. */
static long raw_timed(void *arg)
{
	struct timespec t = { 0, LIMIT_MS * 1000000 };
	long n = syscall(SYS_ppoll, NULL, 0, &t, NULL, 8);

	return n ? n : t.tv_nsec;
}

static void *fail(void *arg)
{
	struct timespec bad = { 0, 1000000000 };

	usleep(100);
	say_result("read", syscall(SYS_read, -1, bytes, 1));
	say_result("read", syscall(SYS_read, -1, NULL, 0));
	say_result("write", syscall(SYS_write, 12345, bytes, 1));
	say_result("nanosleep", syscall(SYS_nanosleep, &bad, NULL));
	say_result("nanosleep", syscall(SYS_nanosleep, NULL, NULL));
	say_result("clock_nanosleep", syscall(SYS_clock_nanosleep, 999, 0, &bad, NULL));
	say_result("clock_nanosleep", syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &bad, NULL));
	say_result("accept4", syscall(SYS_accept4, 0, NULL, NULL, -1));
	say_result("epoll_wait", syscall(SYS_epoll_wait, -1, bytes, 1, 5));
	say_result("select", syscall(SYS_select, -1, NULL, NULL, NULL, NULL));
	say_result("yield", syscall(SYS_sched_yield));
	return NULL;
}

static void times_and_errors(void)
{
	struct waiter w;
	pthread_t t;

	wait_begin(&w, raw_nanosleep, NULL);
	say_limited(&w, "nanosleep");
	wait_begin(&w, raw_clock_nanosleep, NULL);
	say_limited(&w, "clock_nanosleep");
	wait_begin(&w, raw_timed, NULL);
	say_limited(&w, "ppoll");
	start_thread(&t, fail, NULL);
	join_thread(t);
}

static atomic_bool got, past;

static long read_then_test(void *type)
{
	long n;

	pthread_setcanceltype((int)(intptr_t)type, NULL);
	n = raw_read(NULL);
	got = n == 1;
	pthread_testcancel();
	past = true;
	return n;
}

/* Cancelled when it says so only; or at any time, if that is what it wants. */
static void cancelled(void)
{
	struct waiter w;

	for (int i = 0; i < 2; i++) {
		got = past = false;
		open_pair(ends);
		wait_begin(&w, read_then_test, (void *)(intptr_t)(i ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED));
		CHECK_EQ(pthread_cancel(w.thread), 0);
		sleep_ms(SETTLE_MS);
		if (!i)
			put(ends[1], "x");
		join_thread(w.thread);
		printf("read: %d, past: %d\n", got, past);
		close_both(ends);
	}
}

static void handler(int sig)
{
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = handler };
	struct waiter w;

	for (int i = 0; i < 2; i++) {
		act.sa_flags = i ? SA_RESTART : 0;
		CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
		open_pair(ends);
		wait_begin(&w, raw_read, NULL);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		if (i) {
			sleep_ms(SETTLE_MS);
			still_waits(&w);
			put(ends[1], "x");
		}
		wait_say(&w, "read");
		wait_begin(&w, raw_poll, NULL);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		wait_say(&w, "poll");
		close_both(ends);
	}
}

const struct check checks[] = {
	{ "readers", readers, NULL },
	{ "writers", writers, NULL },
	{ "acceptors", acceptors, NULL },
	{ "at_home", at_home, NULL },
	{ "asynchronous", asynchronous, NULL },
	{ "times_and_errors", times_and_errors, NULL },
	{ "cancelled", cancelled, NULL },
	{ "interrupted", interrupted, NULL },
	{ 0 },
};
