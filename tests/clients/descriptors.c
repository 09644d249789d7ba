/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait for a descriptor: each gets what comes later while other threads work, ends at its time limit,
 * and leaves the descriptor's flags as they were.
 */
#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { ROUNDS = 20, WAIT_MS = 20 };

static int pair[2];
static atomic_bool over;

static void *work(void *arg)
{
	while (!over) {
		burn(20000);
		sched_yield();
	}
	return NULL;
}

static void read_with_readv(int fd, char *c)
{
	char rest;
	struct iovec v[2] = { { c, 1 }, { &rest, 1 } };

	CHECK_EQ(readv(fd, v, 2), 1);
}

static void read_with_recvfrom(int fd, char *c)
{
	struct sockaddr_un from;
	socklen_t len = sizeof(from);

	CHECK_EQ(recvfrom(fd, c, 1, 0, (struct sockaddr *)&from, &len), 1);
}

static void read_with_recvmsg(int fd, char *c)
{
	struct iovec v = { c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	CHECK_EQ(recvmsg(fd, &m, 0), 1);
}

static void read_with_select(int fd, char *c)
{
	struct timeval limit = { 10, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	CHECK_EQ(select(fd + 1, &set, NULL, NULL, &limit), 1);
	CHECK(FD_ISSET(fd, &set));
	CHECK_EQ(read(fd, c, 1), 1);
}

static void read_with_pselect(int fd, char *c)
{
	struct timespec limit = { 10, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	CHECK_EQ(pselect(fd + 1, &set, NULL, NULL, &limit, NULL), 1);
	CHECK_EQ(recv(fd, c, 1, 0), 1);
}

static void read_with_ppoll(int fd, char *c)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(ppoll(&p, 1, NULL, NULL), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_EQ(recv(fd, c, 1, MSG_DONTWAIT), 1);
}

static void read_with_epoll(int fd, char *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd }, got[4];
	sigset_t none;
	int ep = epoll_create1(0);

	sigemptyset(&none);
	CHECK(ep >= 0);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0);
	CHECK_EQ(epoll_wait(ep, got, 4, 10000), 1);
	CHECK_EQ(got[0].data.fd, fd);
	CHECK_EQ(epoll_pwait(ep, got, 4, -1, &none), 1);
	close(ep);
	CHECK_EQ(recv(fd, c, 1, 0), 1);
}

/* By the names that compilers put in for checks of sizes. */
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags, struct sockaddr *from, socklen_t *len);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *limit, const sigset_t *mask, size_t size);

static void read_checked(int fd, char *c)
{
	CHECK_EQ(__read_chk(fd, c, 1, 1), 1);
}

static void recv_checked(int fd, char *c)
{
	CHECK_EQ(__recv_chk(fd, c, 1, 1, 0), 1);
}

static void recvfrom_checked(int fd, char *c)
{
	CHECK_EQ(__recvfrom_chk(fd, c, 1, 1, 0, NULL, NULL), 1);
}

static void poll_checked(int fd, char *c)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(__poll_chk(&p, 1, 10000, sizeof(p)), 1);
	read_checked(fd, c);
}

static void ppoll_checked(int fd, char *c)
{
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(__ppoll_chk(&p, 1, NULL, NULL, sizeof(p)), 1);
	read_checked(fd, c);
}

static void (*const readers[])(int, char *) = {
	read_with_readv,   read_with_recvfrom, read_with_recvmsg, read_with_select, read_with_pselect, read_with_ppoll,
	read_with_epoll,   read_checked,       recv_checked,      recvfrom_checked, poll_checked,      ppoll_checked,
};

static void *answer_each(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		char c = 0;

		readers[(intptr_t)arg](pair[1], &c);
		CHECK_EQ(c, 'a' + i);
		CHECK_EQ(send(pair[1], &c, 1, 0), 1);
	}
	return NULL;
}

static void data_that_comes_later(void)
{
	pthread_t t, workers[2];

	start_threads(workers, 2, work);
	for (intptr_t way = 0; way < (intptr_t)(sizeof(readers) / sizeof(*readers)); way++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		start_thread(&t, answer_each, (void *)way);
		for (int i = 0; i < ROUNDS; i++) {
			char c = 'a' + i;

			if (i % 5 == 0)
				sleep_ms(1);
			CHECK_EQ(send(pair[0], &c, 1, 0), 1);
			read_with_recvmsg(pair[0], &c);
			CHECK_EQ(c, 'a' + i);
		}
		join_thread(t);
		CHECK_EQ(fcntl(pair[1], F_GETFL) & O_NONBLOCK, 0);
		close(pair[0]);
		close(pair[1]);
	}
	over = true;
	join_threads(workers, 2);
}

static void took_its_time(long long begin)
{
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= WAIT_MS * 1000);
}

static void *wait_in_vain(void *arg)
{
	struct timeval tv = { 0, WAIT_MS * 1000 };
	struct timespec ts = { 0, WAIT_MS * 1000000 };
	struct pollfd p = { pair[0], POLLIN, 0 };
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(0);
	long long begin;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pair[0], &set);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, pair[0], &e), 0);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(poll(&p, 1, WAIT_MS), 0);
	took_its_time(begin);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(ppoll(&p, 1, &ts, NULL), 0);
	took_its_time(begin);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(select(pair[0] + 1, &set, NULL, NULL, &tv), 0);
	took_its_time(begin);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(epoll_wait(ep, &e, 1, WAIT_MS), 0);
	took_its_time(begin);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
	CHECK_EQ(poll(NULL, 0, 1), 0);
	close(ep);
	return NULL;
}

static void *try_without_waiting(void *arg)
{
	struct timeval limit = { 0, WAIT_MS * 1000 };
	long long begin;
	char c;

	CHECK_EQ(recv(pair[0], &c, 1, MSG_DONTWAIT), -1);
	CHECK_EQ(errno, EAGAIN);
	/* The socket's own limit. */
	CHECK_EQ(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(recv(pair[0], &c, 1, 0), -1);
	CHECK_EQ(errno, EAGAIN);
	took_its_time(begin);
	CHECK_EQ(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(read(pair[0], &c, 1), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(recv(-1, &c, 1, 0), -1);
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(read(pair[0], (char *)1, 0), 0);
	return NULL;
}

static void limits_and_errors(void)
{
	pthread_t t[9];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	start_threads(t, 8, wait_in_vain);
	join_threads(t, 8);
	start_thread(&t[8], try_without_waiting, NULL);
	join_thread(t[8]);
}

static struct sockaddr_un address;
static socklen_t address_len;
static int listener;

static void listen_here(void)
{
	address.sun_family = AF_UNIX;
	address_len = sizeof(address);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Bound without a name: the kernel chooses an abstract one. */
	CHECK_EQ(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	CHECK_EQ(getsockname(listener, (struct sockaddr *)&address, &address_len), 0);
	CHECK_EQ(listen(listener, 16), 0);
}

static void *serve(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int fd = i & 1 ? accept(listener, NULL, NULL) : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		char c;

		CHECK(fd >= 0);
		CHECK_EQ(fcntl(fd, F_GETFD), i & 1 ? 0 : FD_CLOEXEC);
		CHECK_EQ(recv(fd, &c, 1, 0), 1);
		CHECK_EQ(send(fd, &c, 1, 0), 1);
		CHECK_EQ(recv(fd, &c, 1, 0), 0);
		close(fd);
	}
	return NULL;
}

static void *visit(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char c = 'a' + i;

		CHECK_EQ(connect(fd, (struct sockaddr *)&address, address_len), 0);
		CHECK_EQ(send(fd, &c, 1, 0), 1);
		CHECK_EQ(recv(fd, &c, 1, 0), 1);
		CHECK_EQ(c, 'a' + i);
		close(fd);
	}
	return NULL;
}

static void connections(void)
{
	pthread_t t[8];

	listen_here();
	start_threads(t, 4, serve);
	start_threads(t + 4, 4, visit);
	join_threads(t, 8);
}

enum { BYTES = 1 << 20 };

static void *write_much(void *arg)
{
	static char block[65536];

	for (size_t sent = 0; sent < BYTES;) {
		ssize_t n = write(pair[1], block, sizeof(block));

		CHECK(n > 0);
		sent += n;
	}
	close(pair[1]);
	return NULL;
}

/* A writer into a full pipe waits for its reader. */
static void full_pipe(void)
{
	static char block[3000];
	size_t got = 0;
	ssize_t n;
	pthread_t t;

	CHECK_EQ(pipe(pair), 0);
	start_thread(&t, write_much, NULL);
	sleep_ms(5);
	while ((n = read(pair[0], block, sizeof(block))) > 0)
		got += n;
	CHECK_EQ(got, BYTES);
	join_thread(t);
}

static void *lock_in_turn(void *arg)
{
	int fd = open("lock", O_RDWR | O_CREAT, 0600);
	static int inside;

	CHECK(fd >= 0);
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		CHECK_EQ(flock(fd, LOCK_EX), 0);
		CHECK_EQ(lockf(fd, F_LOCK, 1), 0);
		CHECK_EQ(inside++, 0);
		sched_yield();
		CHECK_EQ(--inside, 0);
		CHECK_EQ(lockf(fd, F_ULOCK, 1), 0);
		CHECK_EQ(flock(fd, LOCK_UN), 0);
	}
	close(fd);
	return NULL;
}

/* Waits that no poll can announce. */
static void file_locks(void)
{
	pthread_t t[6];

	start_threads(t, 6, lock_in_turn);
	join_threads(t, 6);
	unlink("lock");
}

const struct check checks[] = {
	{ "data_that_comes_later", data_that_comes_later, NULL },
	{ "limits_and_errors", limits_and_errors, NULL },
	{ "connections", connections, NULL },
	{ "full_pipe", full_pipe, NULL },
	{ "file_locks", file_locks, NULL },
	{ 0 },
};
