/* SPDX-License-Identifier: MIT */
/* Descriptors of signals: each thread sees there what is pending for itself, whichever call looks, waiting or not. */
#include "client.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>

enum { ROUNDS = 20 };

static int fd, other[2];	/* other can always be read */
static sigset_t set;

static bool seen_by_poll(int timeout)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { other[0], POLLIN, 0 } };

	CHECK(poll(p, 2, timeout) >= 1);
	return p[0].revents & POLLIN;
}

static bool seen_by_select(int timeout)
{
	struct timeval limit = { 0, timeout * 1000 };
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	FD_SET(other[0], &r);
	CHECK(select(fd > other[0] ? fd + 1 : other[0] + 1, &r, NULL, NULL, &limit) >= 1);
	return FD_ISSET(fd, &r);
}

static bool seen_by_epoll(int timeout)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd }, got[2];
	int ep = epoll_create1(0), n;
	bool seen = false;

	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0);
	e.data.fd = other[0];
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, other[0], &e), 0);
	n = epoll_wait(ep, got, 2, timeout);
	CHECK(n >= 1);
	for (int i = 0; i < n; i++)
		seen |= got[i].data.fd == fd;
	close(ep);
	return seen;
}

static bool (*const looks[])(int timeout) = { seen_by_poll, seen_by_select, seen_by_epoll };

static void *look(void *arg)
{
	struct signalfd_siginfo info;

	for (int i = 0; i < ROUNDS; i++) {
		bool (*seen)(int timeout) = looks[i % 3];
		int timeout = i % 2 ? 10 : 0;

		usleep(100);
		CHECK(!seen(timeout));
		CHECK_EQ(read(fd, &info, sizeof(info)), -1);
		CHECK_EQ(errno, EAGAIN);
		CHECK_EQ(pthread_kill(pthread_self(), SIGRTMIN), 0);
		usleep(100);
		CHECK(seen(timeout));
		usleep(100);
		CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
		CHECK_EQ(info.ssi_signo, SIGRTMIN);
		CHECK_EQ(info.ssi_code, SI_TKILL);
		CHECK_EQ(info.ssi_pid, getpid());
	}
	return NULL;
}

/* Another thread's are not its own. */
static void *look_in_vain(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		usleep(100);
		CHECK(!looks[i % 3](0));
	}
	return NULL;
}

static void run(void *(*what)(void *))
{
	pthread_t t;

	CHECK_EQ(pipe(other), 0);
	CHECK_EQ(write(other[1], "x", 1), 1);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	CHECK(fd >= 0);
	start_thread(&t, what, NULL);
	join_thread(t);
}

static void own(void) { run(look); }

static void others(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	CHECK_EQ(pthread_kill(pthread_self(), SIGRTMIN), 0);
	run(look_in_vain);
	CHECK(seen_by_poll(0));
}

const struct check checks[] = {
	{ "own", own, NULL },
	{ "others", others, NULL },
	{ 0 },
};
