/* SPDX-License-Identifier: MIT */
/*
 * What programs do to their table of descriptors while threads wait: close all of it, fill it, fork with it. And files
 * that nobody can wait for, or whose contents depend on who reads.
 */
#include "io.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { WAITERS = 4 };

static int ends[WAITERS][2];
static struct waiter waiters[WAITERS];

static long take_letter(void *fd)
{
	char c;

	return read(*(int *)fd, &c, 1) == 1 ? c : -1;
}

static void start_waiters(void)
{
	for (int i = 0; i < WAITERS; i++) {
		(i % 2 ? open_pipe : open_pair)(ends[i]);
		wait_begin(&waiters[i], take_letter, &ends[i][0]);
	}
}

static void serve_waiters(void)
{
	for (int i = 0; i < WAITERS; i++) {
		still_waits(&waiters[i]);
		put(ends[i][1], (char[]){ 'a' + i, 0 });
		CHECK_EQ(wait_end(&waiters[i]), 'a' + i);
		close_both(ends[i]);
	}
}

/* As daemons do: everything that the program has not opened itself is closed, whoever it belongs to. */
static void all_closed(void)
{
	start_waiters();
	for (int fd = 3; fd < 2000; fd++) {
		bool mine = false;

		for (int i = 0; i < WAITERS; i++)
			mine |= fd == ends[i][0] || fd == ends[i][1];
		if (!mine)
			close(fd);
	}
	serve_waiters();
	CHECK_EQ(close_range(3, ~0U, 0), 0);
	start_waiters();
	serve_waiters();
}

/* Other numbers are overwritten, as a shell does with its redirections. */
static void all_replaced(void)
{
	int null = open("/dev/null", O_RDWR);

	start_waiters();
	for (int fd = 3; fd < 500; fd++) {
		bool mine = fd == null;

		for (int i = 0; i < WAITERS; i++)
			mine |= fd == ends[i][0] || fd == ends[i][1];
		if (!mine)
			CHECK_EQ(dup2(null, fd), fd);
	}
	serve_waiters();
	for (int fd = 3; fd < 500; fd++)
		close(fd);
	start_waiters();
	serve_waiters();
}

/* None is left: waiting needs no new one. */
static void none_left(void)
{
	struct rlimit limit = { 64, 64 };
	int fd, last = -1;

	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < WAITERS; i++)
		(i % 2 ? open_pipe : open_pair)(ends[i]);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	CHECK_EQ(errno, EMFILE);
	CHECK_EQ(last, 63);
	for (int i = 0; i < WAITERS; i++)
		wait_begin(&waiters[i], take_letter, &ends[i][0]);
	serve_waiters();
}

static void serve_in_child(void)
{
	int again[WAITERS][2];

	/* The numbers lead elsewhere in the child. */
	for (int i = 0; i < WAITERS; i++)
		close_both(ends[i]);
	memcpy(again, ends, sizeof(again));
	start_waiters();
	CHECK(!memcmp(again, ends, sizeof(again)));
	serve_waiters();
}

/* Parent and child wait with the same numbers, and neither takes what is the other's. */
static void in_child_too(void)
{
	int status;
	pid_t child;

	for (int i = 0; i < WAITERS; i++)
		open_pipe(ends[i]);
	for (int i = 0; i < WAITERS; i++)
		wait_begin(&waiters[i], take_letter, &ends[i][0]);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		serve_in_child();
		_exit(7);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 7);
	serve_waiters();
}

static void *read_files(void *arg)
{
	static const char *const always[] = { "/proc/self/status", "/dev/zero", "/etc/passwd" };
	struct pollfd p = { .events = POLLIN };
	char c;
	int fd;

	for (int i = 0; i < 30; i++) {
		fd = open(always[i % 3], O_RDONLY);
		p.fd = fd;
		CHECK_EQ(poll(&p, 1, -1), 1);
		CHECK_EQ(read(fd, &c, 1), 1);
		close(fd);
	}
	fd = open("/dev/null", O_RDONLY);
	CHECK_EQ(read(fd, &c, 1), 0);
	close(fd);
	fd = open("/", O_RDONLY);
	CHECK_EQ(read(fd, &c, 1), -1);
	CHECK_EQ(errno, EISDIR);
	close(fd);
	fd = open("/", O_PATH);
	CHECK_EQ(read(fd, &c, 1), -1);
	CHECK_EQ(errno, EBADF);
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	CHECK_EQ(read(fd, &c, 1), -1);
	CHECK_EQ(errno, EBADF);
	close(fd);
	return NULL;
}

/* Files that are always ready, or never to be read. */
static void files(void)
{
	pthread_t t[WAITERS];

	start_threads(t, WAITERS, read_files);
	join_threads(t, WAITERS);
}

/* A thread's own signals are in a signalfd only when that thread reads it. */
static long read_signal(void *arg)
{
	struct signalfd_siginfo info;

	return read(*(int *)arg, &info, sizeof(info)) == sizeof(info) ? info.ssi_int : -1;
}

static long poll_signal(void *arg)
{
	struct pollfd p = { *(int *)arg, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, -1), 1);
	return read_signal(arg);
}

static void signal_descriptors(void)
{
	long (*const ways[])(void *) = { read_signal, poll_signal };
	struct waiter w;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	fd = signalfd(-1, &set, 0);
	for (int way = 0; way < 2; way++) {
		wait_begin(&w, ways[way], &fd);
		still_waits(&w);
		CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 5, (union sigval){ .sival_int = 41 }), 0);
		wait_say(&w, "to the process");
		wait_begin(&w, ways[way], &fd);
		still_waits(&w);
		CHECK_EQ(pthread_sigqueue(w.thread, SIGRTMIN + 5, (union sigval){ .sival_int = 42 }), 0);
		wait_say(&w, "to the thread");
	}
	close(fd);
}

static long read_change(void *fd)
{
	char block[sizeof(struct inotify_event) + 256];
	struct inotify_event *e = (void *)block;

	return read(*(int *)fd, block, sizeof(block)) > 0 ? (long)e->mask : -1;
}

static void watched_directory(void)
{
	int fd = inotify_init1(0);
	struct waiter w;

	CHECK(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE) >= 0);
	wait_begin(&w, read_change, &fd);
	still_waits(&w);
	close(open("made", O_CREAT | O_RDWR, 0600));
	CHECK_EQ(wait_end(&w), IN_CREATE);
	wait_begin(&w, read_change, &fd);
	still_waits(&w);
	unlink("made");
	CHECK_EQ(wait_end(&w), IN_DELETE);
	close(fd);
}

/* A descriptor that another process sends. */
static void passed_on(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {
		.head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char c = 'x';
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	int way[2], mine[2], got, status;
	struct waiter w;
	pid_t child;

	open_pair(way);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		open_pipe(mine);
		memcpy(CMSG_DATA(&control.head), &mine[0], sizeof(int));
		CHECK_EQ(sendmsg(way[1], &m, 0), 1);
		close(mine[0]);
		get(way[1], "go");
		put(mine[1], "y");
		_exit(7);
	}
	CHECK_EQ(recvmsg(way[0], &m, 0), 1);
	memcpy(&got, CMSG_DATA(&control.head), sizeof(int));
	wait_begin(&w, take_letter, &got);
	still_waits(&w);
	put(way[0], "go");
	CHECK_EQ(wait_end(&w), 'y');
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(WEXITSTATUS(status), 7);
	close_both(way);
	close(got);
}

const struct check checks[] = {
	{ "all_closed", all_closed, NULL },
	{ "all_replaced", all_replaced, NULL },
	{ "none_left", none_left, NULL },
	{ "in_child_too", in_child_too, NULL },
	{ "files", files, NULL },
	{ "signal_descriptors", signal_descriptors, NULL },
	{ "watched_directory", watched_directory, NULL },
	{ "passed_on", passed_on, NULL },
	{ 0 },
};
