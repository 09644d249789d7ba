/* SPDX-License-Identifier: MIT */
/*
 * Calls from a sandbox: a client that is not trusted asks a server in another
 * process by umcg_swap(), with the arguments in a small shared buffer. Each gets
 * the other's task as a descriptor over a socket, and neither can wake anybody
 * else's. In the end the server is killed in the middle of a call.
 *
 * The server trusts nothing that lies in the buffer: it copies a request once,
 * then checks the copy.
 */
#include <umcg/libumcg.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 100000, ROOM = 48 };
enum op { OP_SUM, OP_FAULT };

struct request {
	uint32_t op, length;
	uint8_t bytes[ROOM];
};

struct buffer {
	struct request request;
	int32_t result;		/* or -errno */
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "rpc: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The one byte goes along because a message without data carries no descriptor. */
static struct msghdr *message(struct msghdr *m)
{
	static char byte, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	static struct iovec io = { &byte, 1 };

	*m = (struct msghdr){ .msg_iov = &io, .msg_iovlen = 1,
			      .msg_control = control, .msg_controllen = sizeof(control) };
	return m;
}

static void send_descriptor(int channel, int fd)
{
	struct msghdr m;
	struct cmsghdr *c = CMSG_FIRSTHDR(message(&m));

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	must(sendmsg(channel, &m, 0) == 1, "sendmsg");
}

static int receive_descriptor(int channel)
{
	struct msghdr m;
	struct cmsghdr *c;
	int fd;

	must(recvmsg(channel, message(&m), MSG_CMSG_CLOEXEC) == 1, "recvmsg");
	c = CMSG_FIRSTHDR(&m);
	must(c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fd)), "no descriptor came");
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* The calling thread becomes a task that the other side can wake; returns the other side's. */
static umcg_tid meet(int channel)
{
	umcg_tid other;
	int fd;

	must(umcg_register_core_task(0) != UMCG_NONE, "umcg_register_core_task");
	fd = umcg_share();
	must(fd >= 0, "umcg_share");
	send_descriptor(channel, fd);
	close(fd);
	fd = receive_descriptor(channel);
	other = umcg_attach(fd);
	must(other != UMCG_NONE, "umcg_attach");
	close(fd);
	return other;
}

static int32_t answer(const struct request *r)
{
	int32_t sum = 0;

	if (r->op == OP_FAULT)
		raise(SIGKILL);
	if (r->op != OP_SUM || r->length > sizeof(r->bytes))
		return -EINVAL;
	for (uint32_t i = 0; i < r->length; i++)
		sum += r->bytes[i];
	return sum;
}

static void serve(int channel, volatile struct buffer *b)
{
	umcg_tid client = meet(channel);
	struct request r;

	must(umcg_wait(NULL) == 0, "umcg_wait");
	for (;;) {
		r = b->request;
		b->result = answer(&r);
		if (umcg_swap(client, NULL) == 0)
			continue;
		must(errno == EOWNERDEAD || errno == ESRCH, "umcg_swap");
		return;			/* nobody is left to serve */
	}
}

/* 0, or the error of the call itself. */
static int call(umcg_tid server, struct buffer *b, enum op op, uint32_t length)
{
	b->request.op = op;
	b->request.length = length;
	return umcg_swap(server, NULL) == 0 ? 0 : errno;
}

static void measure(umcg_tid server, struct buffer *b)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < CALLS; i++) {
		b->request.bytes[0] = (uint8_t)i;
		must(call(server, b, OP_SUM, 1) == 0, "call");
		must(b->result == (uint8_t)i, "a wrong sum");
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d calls, %.0f ns each\n", CALLS,
	       ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / CALLS);
}

int main(void)
{
	struct buffer *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	umcg_tid server;
	int ends[2], err;
	pid_t pid;

	must(b != MAP_FAILED, "mmap");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		close(ends[0]);
		serve(ends[1], b);
		return 0;
	}
	close(ends[1]);
	server = meet(ends[0]);
	measure(server, b);

	must(call(server, b, OP_SUM, 1000000) == 0, "call");
	printf("a request with a bad length: %s\n", strerror(-b->result));

	err = call(server, b, OP_FAULT, 0);
	printf("the server is killed during a call: %s\n", err ? strerror(err) : "nobody noticed");
	if (err != EOWNERDEAD)
		return 1;
	err = umcg_wake(server) ? errno : 0;
	printf("the next call: %s\n", strerror(err));
	umcg_detach(server);
	umcg_unregister_task();
	waitpid(pid, NULL, 0);
	return 0;
}
