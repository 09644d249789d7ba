/* SPDX-License-Identifier: MIT */
/* Waiting for sockets: time limits, flags of one call, whole and partial transfers, and what happens meanwhile. */
#include "io.h"

#include <fcntl.h>
#include <signal.h>

enum { MUCH = 1 << 20 };

static int ends[2];

static long call_recvmsg(void *fd)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return recvmsg(*(int *)fd, &m, 0);
}

static long call_send(void *fd)
{
	return send(*(int *)fd, "x", 1, 0);
}

static long call_write(void *fd)
{
	return write(*(int *)fd, "x", 1);
}

static long recv_ten(void *fd)
{
	char block[10];

	return recv(*(int *)fd, block, sizeof(block), MSG_WAITALL);
}

/* SO_RCVTIMEO and SO_SNDTIMEO: EAGAIN when the time is over, not before; with what has come if something has. */
static void time_limits(void)
{
	static const struct {
		const char *name;
		long (*call)(void *);
	} receivers[] = { { "read", call_read }, { "recv", call_recv }, { "recvmsg", call_recvmsg } };
	static const struct {
		const char *name;
		long (*call)(void *);
	} senders[] = { { "write", call_write }, { "send", call_send } };
	struct sockaddr_un address;
	struct waiter w;
	socklen_t length;
	int listener;

	open_pair(ends);
	set_limit(ends[0], SO_RCVTIMEO, LIMIT_MS);
	set_limit(ends[1], SO_SNDTIMEO, LIMIT_MS);
	for (size_t i = 0; i < sizeof(receivers) / sizeof(*receivers); i++) {
		wait_begin(&w, receivers[i].call, &ends[0]);
		say_limited(&w, receivers[i].name);
	}
	put(ends[1], "abc");
	wait_begin(&w, recv_ten, &ends[0]);
	say_limited(&w, "recv of ten bytes, three are there");
	fill(ends[1]);
	for (size_t i = 0; i < sizeof(senders) / sizeof(*senders); i++) {
		wait_begin(&w, senders[i].call, &ends[1]);
		say_limited(&w, senders[i].name);
	}
	close_both(ends);
	listener = listen_unix(&address, &length, 1);
	set_limit(listener, SO_RCVTIMEO, LIMIT_MS);
	wait_begin(&w, call_accept, &listener);
	say_limited(&w, "accept");
	close(listener);
}

/* A limit that is changed meanwhile does not touch the call that waits. */
static void limit_meanwhile(void)
{
	struct waiter w;

	open_pair(ends);
	wait_begin(&w, call_recv, &ends[0]);
	set_limit(ends[0], SO_RCVTIMEO, 1);
	sleep_ms(LIMIT_MS);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "recv");
	wait_begin(&w, call_recv, &ends[0]);
	wait_say(&w, "the next");
	close_both(ends);
}

static long recv_all(void *fd)
{
	char block[100];
	long n = recv(*(int *)fd, block, sizeof(block), MSG_WAITALL);

	for (long i = 0; i < n; i++)
		CHECK(block[i] == pattern(i));
	return n;
}

static void send_pattern(int fd, size_t from, size_t count)
{
	char block[4096];

	make_pattern(block, from, count);
	CHECK_EQ(send(fd, block, count, 0), count);
}

static void wait_all(void)
{
	void (*const kinds[])(int *) = { open_pair, open_tcp };
	struct waiter w;

	for (int kind = 0; kind < 2; kind++) {
		kinds[kind](ends);
		wait_begin(&w, recv_all, &ends[0]);
		for (int i = 0; i < 10; i++) {
			sleep_ms(1);
			still_waits(&w);
			send_pattern(ends[1], i * 10, 10);
		}
		wait_say(&w, "in ten pieces");
		wait_begin(&w, recv_all, &ends[0]);
		send_pattern(ends[1], 0, 42);
		sleep_ms(2);
		still_waits(&w);
		CHECK_EQ(shutdown(ends[1], SHUT_WR), 0);
		wait_say(&w, "cut short");
		close_both(ends);
	}
}

static long peek(void *fd)
{
	char block[10];
	long n = recv(*(int *)fd, block, sizeof(block), MSG_PEEK);

	CHECK(n < 3 || !memcmp(block, "abc", 3));
	return n;
}

static void peeks(void)
{
	void (*const kinds[])(int *) = { open_pair, open_tcp };
	struct waiter w[2];

	for (int kind = 0; kind < 2; kind++) {
		kinds[kind](ends);
		wait_begin(&w[0], peek, &ends[0]);
		wait_begin(&w[1], peek, &ends[0]);
		still_waits(&w[0]);
		still_waits(&w[1]);
		put(ends[1], "abc");
		wait_say(&w[0], "one");
		wait_say(&w[1], "the other");
		get(ends[0], "abc");
		wait_begin(&w[0], peek, &ends[0]);
		still_waits(&w[0]);
		CHECK_EQ(shutdown(ends[1], SHUT_WR), 0);
		wait_say(&w[0], "at the end");
		close_both(ends);
	}
}

/* One call does not wait while another one does; nobody sees a flag of the descriptor change. */
static void dont_wait(void)
{
	struct waiter w;
	size_t filled;
	char c;

	open_pair(ends);
	wait_begin(&w, call_recv, &ends[0]);
	say_result("recv", recv(ends[0], &c, 1, MSG_DONTWAIT));
	CHECK_EQ(fcntl(ends[0], F_GETFL), O_RDWR);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "the one that waits");
	filled = fill(ends[1]);
	wait_begin(&w, call_send, &ends[1]);
	say_result("send", send(ends[1], "x", 1, MSG_DONTWAIT));
	CHECK_EQ(fcntl(ends[1], F_GETFL), O_RDWR);
	still_waits(&w);
	drain(ends[0], 0, filled);
	wait_say(&w, "the one that waits");
	close_both(ends);
}

static char *much;

static long write_much(void *fd)
{
	return write(*(int *)fd, much, MUCH);
}

static long send_much(void *fd)
{
	return send(*(int *)fd, much, MUCH, 0);
}

static long sendmsg_much(void *fd)
{
	struct iovec v[3] = { { much, 1000 }, { much + 1000, MUCH / 2 }, { much + 1000 + MUCH / 2, MUCH / 2 - 1000 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };

	return sendmsg(*(int *)fd, &m, 0);
}

/* A blocking write returns when all of it is written, however slowly it is read. */
static void whole_writes(void)
{
	void (*const kinds[])(int *) = { open_pair, open_tcp };
	long (*const writers[])(void *) = { write_much, send_much, sendmsg_much };
	int small = 65536;
	struct waiter w;

	much = malloc(MUCH);
	make_pattern(much, 0, MUCH);
	for (int kind = 0; kind < 2; kind++)
		for (int way = 0; way < 3; way++) {
			kinds[kind](ends);
			CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
			CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
			wait_begin(&w, writers[way], &ends[1]);
			still_waits(&w);
			drain(ends[0], 0, MUCH / 4);
			sleep_ms(1);
			still_waits(&w);
			drain(ends[0], MUCH / 4, MUCH - MUCH / 4);
			wait_say(&w, kind ? "tcp" : "unix");
			close_both(ends);
		}
	free(much);
}

/* SO_RCVLOWAT: a call that waits does so until that much is there; one that does not wait takes less. */
static long recv_up_to_ten(void *fd)
{
	char block[10];

	return recv(*(int *)fd, block, sizeof(block), 0);
}

static void low_water(void)
{
	void (*const kinds[])(int *) = { open_pair, open_tcp };
	int four = 4;
	struct waiter w;
	char c[10];

	for (int kind = 0; kind < 2; kind++) {
		kinds[kind](ends);
		CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_RCVLOWAT, &four, sizeof(four)), 0);
		wait_begin(&w, recv_up_to_ten, &ends[0]);
		put(ends[1], "ab");
		sleep_ms(5);
		still_waits(&w);
		put(ends[1], "cd");
		wait_say(&w, "enough");
		put(ends[1], "ef");
		sleep_ms(5);
		say_result("without waiting", recv(ends[0], c, sizeof(c), MSG_DONTWAIT));
		close_both(ends);
	}
}

static long recv_urgent(void *fd)
{
	char c;

	return recv(*(int *)fd, &c, 1, MSG_OOB);
}

static long recv_errors(void *fd)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return recvmsg(*(int *)fd, &m, MSG_ERRQUEUE);
}

static long recv_nothing(void *fd)
{
	char c;

	return recv(*(int *)fd, &c, 0, 0);
}

/* Calls that never wait, though there is nothing to read. */
static void never_wait(void)
{
	struct waiter w;

	open_tcp(ends);
	wait_begin(&w, recv_urgent, &ends[0]);
	wait_say(&w, "urgent");
	wait_begin(&w, recv_errors, &ends[0]);
	wait_say(&w, "errors");
	put(ends[1], "x");
	wait_begin(&w, recv_nothing, &ends[0]);
	wait_say(&w, "no bytes");
	get(ends[0], "x");
	CHECK_EQ(send(ends[1], "!", 1, MSG_OOB), 1);
	sleep_ms(5);
	wait_begin(&w, recv_urgent, &ends[0]);
	wait_say(&w, "urgent");
	close_both(ends);
}

/* One thread waits to read from a socket, another one to write to it. */
static void both_directions(void)
{
	void (*const kinds[])(int *) = { open_pair, open_tcp };
	struct waiter reader, writer;
	int small = 65536;

	much = malloc(MUCH);
	make_pattern(much, 0, MUCH);
	for (int kind = 0; kind < 2; kind++) {
		kinds[kind](ends);
		CHECK_EQ(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
		CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
		wait_begin(&reader, call_recv, &ends[0]);
		wait_begin(&writer, send_much, &ends[0]);
		still_waits(&reader);
		still_waits(&writer);
		put(ends[1], "x");
		wait_say(&reader, "read");
		still_waits(&writer);
		wait_begin(&reader, call_recv, &ends[0]);
		drain(ends[1], 0, MUCH);
		wait_say(&writer, "written");
		still_waits(&reader);
		put(ends[1], "x");
		wait_say(&reader, "read");
		close_both(ends);
	}
	free(much);
}

/* O_NONBLOCK is looked at when a call begins: the one that waits goes on waiting. */
static void nonblock_meanwhile(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair, open_tcp };
	struct waiter w;
	char c;

	for (int kind = 0; kind < 3; kind++) {
		kinds[kind](ends);
		/* A thread that has not come to its wait in time finds nothing: another try. */
		for (int tries = 0;; tries++) {
			int flags = fcntl(ends[0], F_GETFL);

			wait_begin(&w, call_read, &ends[0]);
			CHECK_EQ(fcntl(ends[0], F_SETFL, flags | O_NONBLOCK), 0);
			sleep_ms(2);
			put(ends[1], "x");
			wait_end(&w);
			CHECK(w.result == 1 || w.error == EAGAIN);
			if (w.result == 1)
				break;
			CHECK(tries < 20);
			get(ends[0], "x");
			CHECK_EQ(fcntl(ends[0], F_SETFL, flags), 0);
		}
		say_result("waits", w.result);
		say_result("the next", read(ends[0], &c, 1));
		close_both(ends);
	}
}

struct batch {
	int fd, flags;
	struct timespec *timeout;
};

static long receive_three(void *arg)
{
	struct batch *b = arg;
	char c[3];
	struct iovec v[3] = { { &c[0], 1 }, { &c[1], 1 }, { &c[2], 1 } };
	struct mmsghdr m[3] = { 0 };

	for (int i = 0; i < 3; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
	return recvmmsg(b->fd, m, 3, b->flags, b->timeout);
}

static long send_three(void *fd)
{
	static char block[3][60000];
	struct iovec v[3] = { { block[0], 60000 }, { block[1], 60000 }, { block[2], 60000 } };
	struct mmsghdr m[3] = { 0 };

	for (int i = 0; i < 3; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
	return sendmmsg(*(int *)fd, m, 3, 0);
}

static void batches(void)
{
	struct timespec soon = { 0, LIMIT_MS * 1000000 };
	struct batch b = { 0 };
	struct waiter w;
	char block[60000];
	int small = 60000;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	b.fd = ends[0];
	wait_begin(&w, receive_three, &b);
	for (int i = 0; i < 3; i++) {
		sleep_ms(1);
		still_waits(&w);
		put(ends[1], "x");
	}
	wait_say(&w, "three, one by one");
	b.flags = MSG_WAITFORONE;
	wait_begin(&w, receive_three, &b);
	put(ends[1], "x");
	wait_say(&w, "for one");
	b.flags = MSG_DONTWAIT;
	say_result("without waiting", receive_three(&b));
	/* The limit is looked at when a message has come. */
	b = (struct batch){ ends[0], 0, &soon };
	wait_begin(&w, receive_three, &b);
	sleep_ms(2 * LIMIT_MS);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "late");
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	wait_begin(&w, send_three, &ends[1]);
	still_waits(&w);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(recv(ends[0], block, sizeof(block), 0), sizeof(block));
	wait_say(&w, "sent");
	close_both(ends);
}

static atomic_int pipes_broken;
static pthread_t broken_for;

static void count_broken(int signo)
{
	broken_for = pthread_self();
	pipes_broken++;
}

static long write_broken(void *fd)
{
	long result = write(*(int *)fd, "x", 1);

	CHECK(pthread_equal(broken_for, pthread_self()));
	return result;
}

/* SIGPIPE comes once, to the thread that writes. */
static void broken(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair };
	struct waiter w;

	signal(SIGPIPE, count_broken);
	for (int kind = 0; kind < 2; kind++) {
		kinds[kind](ends);
		close(ends[0]);
		wait_begin(&w, write_broken, &ends[1]);
		wait_say(&w, "nobody reads");
		printf("signals: %d\n", pipes_broken);
		close(ends[1]);
		kinds[kind](ends);
		fill(ends[1]);
		wait_begin(&w, write_broken, &ends[1]);
		still_waits(&w);
		close(ends[0]);
		wait_say(&w, "the reader goes");
		printf("signals: %d\n", pipes_broken);
		close(ends[1]);
	}
	open_pair(ends);
	close(ends[0]);
	say_result("no signal", send(ends[1], "x", 1, MSG_NOSIGNAL));
	printf("signals: %d\n", pipes_broken);
	close(ends[1]);
}

/* Two numbers of one file: closing one leaves those alone that wait by the other. */
static void twins(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair, open_tcp };
	struct waiter w[2];
	int twin;

	for (int kind = 0; kind < 3; kind++) {
		kinds[kind](ends);
		twin = dup(ends[0]);
		wait_begin(&w[0], call_read, &ends[0]);
		wait_begin(&w[1], call_read, &twin);
		still_waits(&w[0]);
		still_waits(&w[1]);
		put(ends[1], "x");
		put(ends[1], "y");
		wait_say(&w[0], "one");
		wait_say(&w[1], "the twin");
		wait_begin(&w[1], call_read, &twin);
		CHECK_EQ(close(ends[0]), 0);
		sleep_ms(1);
		still_waits(&w[1]);
		put(ends[1], "z");
		wait_say(&w[1], "its twin is closed");
		close(twin);
		close(ends[1]);
	}
}

const struct check checks[] = {
	{ "time_limits", time_limits, NULL },
	{ "limit_meanwhile", limit_meanwhile, NULL },
	{ "wait_all", wait_all, NULL },
	{ "peeks", peeks, NULL },
	{ "dont_wait", dont_wait, NULL },
	{ "whole_writes", whole_writes, NULL },
	{ "low_water", low_water, NULL },
	{ "never_wait", never_wait, NULL },
	{ "both_directions", both_directions, NULL },
	{ "nonblock_meanwhile", nonblock_meanwhile, NULL },
	{ "batches", batches, NULL },
	{ "broken", broken, NULL },
	{ "twins", twins, NULL },
	{ 0 },
};
