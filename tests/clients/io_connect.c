/* SPDX-License-Identifier: MIT */
/* Connections: refused, not answered in time, accepted by many threads, closed and reset. */
#include "io.h"

#include <poll.h>
#include <stdint.h>

static struct sockaddr_in here;
static int listener;

static long connect_here(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int result, error;

	set_limit(fd, SO_SNDTIMEO, LIMIT_MS);
	result = connect(fd, (struct sockaddr *)&here, sizeof(here));
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static long connect_unix(void *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result = connect(fd, address, sizeof(struct sockaddr_un)), error = errno;

	close(fd);
	errno = error;
	return result;
}

static void refused(void)
{
	struct sockaddr_un nowhere = { AF_UNIX, "nowhere" };
	struct waiter w;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	listener = listen_tcp(&here, 1);
	close(listener);
	wait_begin(&w, connect_here, NULL);
	wait_say(&w, "nobody listens");
	wait_begin(&w, connect_unix, &nowhere);
	wait_say(&w, "no such name");
	CHECK_EQ(bind(fd, (struct sockaddr *)&nowhere, sizeof(nowhere)), 0);
	wait_begin(&w, connect_unix, &nowhere);
	wait_say(&w, "it does not listen");
	unlink("nowhere");
	close(fd);
}

/* A full backlog answers nobody: the connection is still being made when its time is over. */
static void connect_limit(void)
{
	struct waiter w;
	int fds[64], n = 0;

	listener = listen_tcp(&here, 0);
	for (; n < 64; n++) {
		struct pollfd p;

		fds[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		p = (struct pollfd){ fds[n], POLLOUT, 0 };
		connect(fds[n], (struct sockaddr *)&here, sizeof(here));
		if (poll(&p, 1, 100) == 0)
			break;
	}
	CHECK(n < 64);
	wait_begin(&w, connect_here, NULL);
	say_limited(&w, "connect");
	while (n >= 0)
		close(fds[n--]);
	close(listener);
}

enum { ACCEPTORS = 8, VISITORS = 4, VISITS = 50 };

static atomic_int greeted[VISITORS * VISITS];

static void *accept_many(void *arg)
{
	int fd, who;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		CHECK_EQ(recv(fd, &who, sizeof(who), MSG_WAITALL), sizeof(who));
		greeted[who]++;
		CHECK_EQ(send(fd, &who, sizeof(who), 0), sizeof(who));
		close(fd);
	}
	CHECK_EQ(errno, EINVAL);
	return NULL;
}

static void *visit(void *arg)
{
	for (int i = 0; i < VISITS; i++) {
		int who = (int)(intptr_t)arg * VISITS + i, answer;
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK_EQ(connect(fd, (struct sockaddr *)&here, sizeof(here)), 0);
		CHECK_EQ(send(fd, &who, sizeof(who), 0), sizeof(who));
		CHECK_EQ(recv(fd, &answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
		CHECK_EQ(answer, who);
		close(fd);
	}
	return NULL;
}

/* Many threads accept from one listener: each connection is served once, and a shutdown ends all of them. */
static void acceptors(void)
{
	pthread_t a[ACCEPTORS], v[VISITORS];

	listener = listen_tcp(&here, 128);
	start_threads(a, ACCEPTORS, accept_many);
	start_threads(v, VISITORS, visit);
	join_threads(v, VISITORS);
	for (int i = 0; i < VISITORS * VISITS; i++)
		CHECK_EQ(greeted[i], 1);
	CHECK_EQ(shutdown(listener, SHUT_RDWR), 0);
	join_threads(a, ACCEPTORS);
	close(listener);
}

static int ends[2];

static void ended(void)
{
	struct linger none = { 1, 0 };
	struct waiter w;

	open_tcp(ends);
	wait_begin(&w, call_recv, &ends[0]);
	close(ends[1]);
	wait_say(&w, "closed");
	close(ends[0]);
	open_tcp(ends);
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
	wait_begin(&w, call_recv, &ends[0]);
	close(ends[1]);
	wait_say(&w, "reset");
	close(ends[0]);
}

const struct check checks[] = {
	{ "refused", refused, NULL },
	{ "connect_limit", connect_limit, NULL },
	{ "acceptors", acceptors, NULL },
	{ "ended", ended, NULL },
	{ 0 },
};
