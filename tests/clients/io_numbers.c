/* SPDX-License-Identifier: MIT */
/*
 * Descriptor numbers while threads wait: whatever the runtime has of its own, the program gets the numbers that it
 * expects, may close all, and may put a file of its own at any number. And the names under which programs that were
 * built with checks of buffers' sizes call what waits.
 */
#include "io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ALL = 1200, KEPT = 3 };

ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags, struct sockaddr *addr, socklen_t *len);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t size);

static int ends[2];

/* A thread waits, and gets what is sent. */
static void waits_still(void)
{
	struct waiter w;

	open_pair(ends);
	wait_begin(&w, call_read, &ends[0]);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "read");
	close_both(ends);
}

static void low_numbers(void)
{
	int fd;

	waits_still();
	for (int i = 0; i < 100; i++) {
		fd = open("/dev/null", O_RDONLY);
		CHECK_EQ(fd, KEPT + i);
	}
	for (int i = 0; i < 100; i++)
		CHECK_EQ(close(KEPT + i), 0);
	waits_still();
}

static void each_is_closed(void)
{
	waits_still();
	for (int fd = KEPT; fd < ALL; fd++)
		CHECK(close(fd) == -1 && errno == EBADF);
	waits_still();
}

static void each_is_closed_by_number(void)
{
	waits_still();
	for (int fd = KEPT; fd < ALL; fd++)
		CHECK(syscall(SYS_close, fd) == -1 && errno == EBADF);
	CHECK_EQ(syscall(SYS_dup2, STDOUT_FILENO, 1000), 1000);
	CHECK_EQ(syscall(SYS_dup3, STDOUT_FILENO, 1001, 0), 1001);
	CHECK_EQ(syscall(SYS_close_range, KEPT, ~0u, 0), 0);
	CHECK(fcntl(1000, F_GETFD) == -1);
	waits_still();
}

static void ranges_are_closed(void)
{
	int fd;

	waits_still();
	CHECK_EQ(close_range(KEPT, ~0u, 0), 0);
	waits_still();
	fd = fcntl(STDOUT_FILENO, F_DUPFD, ALL);
	CHECK_EQ(fd, ALL);
	closefrom(KEPT);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
	waits_still();
	CHECK(close_range(5, 4, 0) == -1 && errno == EINVAL);
	fd = open("/dev/null", O_RDONLY);
	CHECK_EQ(close_range((unsigned)fd, (unsigned)fd, 0), 0);
	CHECK(close_range(KEPT, KEPT + 10, ~0) == -1 && errno == EINVAL);
	waits_still();
}

static void each_is_replaced(void)
{
	int file = open("/dev/null", O_RDONLY);

	waits_still();
	for (int fd = file + 1; fd < 1010; fd++)
		CHECK_EQ(fd % 2 ? dup2(file, fd) : dup3(file, fd, O_CLOEXEC), fd);
	for (int fd = file + 1; fd < 1010; fd++)
		CHECK_EQ(close(fd), 0);
	waits_still();
	close(file);
}

/* The child, and what it executes, find the parent's numbers only. */
static void after_fork(void)
{
	pid_t pid;
	int status;

	waits_still();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		for (int fd = KEPT; fd < ALL; fd++)
			CHECK(fcntl(fd, F_GETFD) == -1);
		waits_still();
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	fflush(stdout);
	CHECK_EQ(system("ls /proc/self/fd | wc -l"), 0);
	waits_still();
}

static char byte;

static long read_checked(void *arg)
{
	return __read_chk(ends[0], &byte, 1, 1);
}

static long recv_checked(void *arg)
{
	return __recv_chk(ends[0], &byte, 1, 1, 0);
}

static long recvfrom_checked(void *arg)
{
	return __recvfrom_chk(ends[0], &byte, 1, 1, 0, NULL, NULL);
}

static long poll_checked(void *arg)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	return __poll_chk(&p, 1, -1, sizeof(p)) == 1 ? call_read(&ends[0]) : -1;
}

static long ppoll_checked(void *arg)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	return __ppoll_chk(&p, 1, NULL, NULL, sizeof(p)) == 1 ? call_read(&ends[0]) : -1;
}

static long epoll_pwait2_long(void *arg)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct timespec limit = { 10, 0 };
	int fd = epoll_create1(0), n;

	CHECK_EQ(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &e), 0);
	n = epoll_pwait2(fd, &e, 1, &limit, NULL);
	close(fd);
	return n == 1 ? call_read(&ends[0]) : -1;
}

static long epoll_pwait2_short(void *arg)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct timespec limit = { 0, 30000000 };
	int fd = epoll_create1(0), n;

	CHECK_EQ(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &e), 0);
	n = epoll_pwait2(fd, &e, 1, &limit, NULL);
	close(fd);
	return n;
}

static void other_names(void)
{
	static const struct { const char *name; long (*call)(void *); } calls[] = {
		{ "__read_chk", read_checked }, { "__recv_chk", recv_checked }, { "__recvfrom_chk", recvfrom_checked },
		{ "__poll_chk", poll_checked }, { "__ppoll_chk", ppoll_checked }, { "epoll_pwait2", epoll_pwait2_long },
	};
	struct waiter w;

	open_pair(ends);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		put(ends[1], "x");
		wait_say(&w, calls[i].name);
	}
	wait_begin(&w, epoll_pwait2_short, NULL);
	wait_say(&w, "epoll_pwait2 in vain");
	CHECK(w.us >= 30000);
	close_both(ends);
}

#ifdef __GLIBC__
static void overflows(void)
{
	char c[1];

	__read_chk(STDIN_FILENO, c, 2, 1);
}
#endif

const struct check checks[] = {
	{ "low_numbers", low_numbers, NULL },
	{ "each_is_closed", each_is_closed, NULL },
	{ "each_is_closed_by_number", each_is_closed_by_number, NULL },
	{ "ranges_are_closed", ranges_are_closed, NULL },
	{ "each_is_replaced", each_is_replaced, NULL },
	{ "after_fork", after_fork, NULL },
	{ "other_names", other_names, NULL },
#ifdef __GLIBC__
	{ "overflows", overflows, "signal 6" },
#endif
	{ 0 },
};
