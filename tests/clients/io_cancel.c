/* SPDX-License-Identifier: MIT */
/*
 * Cancellation of threads that wait for descriptors, children, locks and messages. Each ends in its wait, runs its
 * cleanup once, and takes nothing: what comes afterwards is still there for the next one.
 */
#include "io.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int ends[2], full[2], epoll, listener, queue, messages, locked;
static struct sockaddr_un address;
static socklen_t address_len;
static pid_t child;

static void read_one(void)
{
	call_read(&ends[0]);
}

static void readv_one(void)
{
	char c;
	struct iovec v = { &c, 1 };

	readv(ends[0], &v, 1);
}

static void recv_one(void)
{
	call_recv(&ends[0]);
}

static void recvfrom_one(void)
{
	char c;

	recvfrom(ends[0], &c, 1, 0, NULL, NULL);
}

static void recvmsg_one(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	recvmsg(ends[0], &m, 0);
}

static void recvmmsg_one(void)
{
	char c;
	struct iovec v = { &c, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };

	recvmmsg(ends[0], &m, 1, 0, NULL);
}

static void poll_one(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	poll(&p, 1, -1);
}

static void ppoll_one(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };

	ppoll(&p, 1, NULL, NULL);
}

static void select_one(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	select(ends[0] + 1, &set, NULL, NULL, NULL);
}

static void pselect_one(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	pselect(ends[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static void epoll_one(void)
{
	struct epoll_event e;

	epoll_wait(epoll, &e, 1, -1);
}

static void epoll_pwait_one(void)
{
	struct epoll_event e;

	epoll_pwait(epoll, &e, 1, -1, NULL);
}

static void write_one(void)
{
	CHECK_EQ(write(full[1], "x", 1), 1);
}

static void writev_one(void)
{
	struct iovec v = { "x", 1 };

	CHECK_EQ(writev(full[1], &v, 1), 1);
}

static void send_one(void)
{
	send(full[1], "x", 1, 0);
}

static void sendto_one(void)
{
	sendto(full[1], "x", 1, 0, NULL, 0);
}

static void sendmsg_one(void)
{
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	sendmsg(full[1], &m, 0);
}

static void accept_one(void)
{
	accept(listener, NULL, NULL);
}

static void accept4_one(void)
{
	accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static void connect_one(void)
{
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, address_len);
}

static void open_fifo(void)
{
	open("fifo", O_RDONLY);
}

#ifdef __GLIBC__
static void lock_file(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	fcntl(locked, F_OFD_SETLKW, &l);
}
#endif

static void wait_child(void)
{
	waitpid(child, NULL, 0);
}

static void waitid_child(void)
{
	siginfo_t info;

	waitid(P_PID, child, &info, WEXITED);
}

static void receive_message(void)
{
	struct {
		long type;
		char text[8];
	} m;

	msgrcv(messages, &m, sizeof(m.text), 0, 0);
}

static void receive_posix(void)
{
	char text[64];

	mq_receive(queue, text, sizeof(text), NULL);
}

static void wait_signal(void)
{
	sigset_t set;
	int signo;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &signo);
}

static void pause_here(void)
{
	pause();
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "read", read_one },         { "readv", readv_one },       { "recv", recv_one },
	{ "recvfrom", recvfrom_one }, { "recvmsg", recvmsg_one },   { "recvmmsg", recvmmsg_one },
	{ "poll", poll_one },         { "ppoll", ppoll_one },       { "select", select_one },
	{ "pselect", pselect_one },   { "epoll_wait", epoll_one },  { "epoll_pwait", epoll_pwait_one },
	{ "write", write_one },       { "writev", writev_one },     { "send", send_one },
	{ "sendto", sendto_one },     { "sendmsg", sendmsg_one },   { "accept", accept_one },
	{ "accept4", accept4_one },   { "connect", connect_one },   { "open", open_fifo },
	{ "waitpid", wait_child },    { "waitid", waitid_child },   { "msgrcv", receive_message },
	{ "mq_receive", receive_posix }, { "sigwait", wait_signal }, { "pause", pause_here },
#ifdef __GLIBC__	/* musl's is one for F_SETLKW only */
	{ "fcntl", lock_file },
#endif
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

static size_t filled;

static void prepare(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 64 };

	open_pair(ends);
	open_pair(full);
	filled = fill(full[1]);
	epoll = epoll_create1(0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e), 0);
	CHECK_EQ(mkfifo("fifo", 0600), 0);
	CHECK_EQ(fcntl(open("lock", O_RDWR | O_CREAT, 0600), F_OFD_SETLK, &l), 0);
	locked = open("lock", O_RDWR);
	messages = msgget(IPC_PRIVATE, 0600);
	queue = mq_open("/umcg-io-cancel", O_RDWR | O_CREAT, 0600, &attr);
	CHECK(messages >= 0 && queue >= 0);
	mq_unlink("/umcg-io-cancel");
	child = fork();
	if (child == 0)
		pause();
}

/* accept() waits for a connection, connect() for room: each has a listener of its own kind. */
static void listen_for(void (*call)(void))
{
	int fd;

	listener = listen_unix(&address, &address_len, 0);
	if (call == connect_one) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK_EQ(connect(fd, (struct sockaddr *)&address, address_len), 0);
		close(fd);
	}
}

static int cleaned;
static void (*current)(void);

static void clean(void *arg)
{
	cleaned++;
}

static long wait_and_clean(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	current();
	pthread_cleanup_pop(0);
	return 0;
}

static void finish(void)
{
	CHECK_EQ(kill(child, SIGKILL), 0);
	/* Cancelled, nobody has reaped it. */
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_EQ(msgctl(messages, IPC_RMID, NULL), 0);
	unlink("fifo");
	unlink("lock");
	drain(full[0], 0, filled);
	put(full[1], "!");
	get(full[0], "!");
	put(ends[1], "x");
	get(ends[0], "x");
}

static void waiting(void)
{
	struct waiter w;

	prepare();
	for (int i = 0; i < CALLS; i++) {
		cleaned = 0;
		current = calls[i].call;
		listen_for(current);
		wait_begin(&w, wait_and_clean, NULL);
		still_waits(&w);
		CHECK_EQ(pthread_cancel(w.thread), 0);
		CHECK(join_thread(w.thread) == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, 1);
		printf("%s: cancelled\n", calls[i].name);
		close(listener);
	}
	finish();
}

static atomic_bool go;

static long cancelled_before(void *arg)
{
	while (!go)
		sched_yield();
	return wait_and_clean(arg);
}

/* Cancelled before it calls: the same. */
static void pending(void)
{
	struct waiter w;

	prepare();
	for (int i = 0; i < CALLS; i++) {
		cleaned = 0;
		go = false;
		current = calls[i].call;
		listen_for(current);
		wait_start(&w, cancelled_before, NULL);
		CHECK_EQ(pthread_cancel(w.thread), 0);
		go = true;
		CHECK(join_thread(w.thread) == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, 1);
		printf("%s: cancelled\n", calls[i].name);
		close(listener);
	}
	finish();
}

static long wait_disabled(void *arg)
{
	int old;
	long n;

	CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
	n = call_read(&ends[0]);
	CHECK_EQ(n, 1);
	*(int *)arg = 1;
	CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old), 0);
	pthread_testcancel();
	return 0;
}

static void disabled(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair };
	struct waiter w;

	for (int kind = 0; kind < 2; kind++) {
		int got = 0;

		kinds[kind](ends);
		wait_begin(&w, wait_disabled, &got);
		CHECK_EQ(pthread_cancel(w.thread), 0);
		sleep_ms(5);
		still_waits(&w);
		put(ends[1], "x");
		CHECK(join_thread(w.thread) == PTHREAD_CANCELED);
		CHECK_EQ(got, 1);
		close_both(ends);
	}
}

static long read_asynchronously(void *arg)
{
	int old;

	CHECK_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old), 0);
	current();
	return 0;
}

static void asynchronous(void)
{
	void (*const some[])(void) = { read_one, poll_one, epoll_one, write_one };
	struct waiter w;

	prepare();
	for (int i = 0; i < 4; i++) {
		current = some[i];
		wait_begin(&w, read_asynchronously, NULL);
		still_waits(&w);
		CHECK_EQ(pthread_cancel(w.thread), 0);
		CHECK(join_thread(w.thread) == PTHREAD_CANCELED);
	}
	finish();
}

enum { TRIES = 500 };

static int taken;

static void *take_until_cancelled(void *arg)
{
	char c;

	while (read(ends[0], &c, 1) == 1)
		taken++;
	return NULL;
}

/*
 * A byte that comes together with the cancellation is taken or left, and never comes twice. That none is lost this
 * libc does not promise: it may cancel a thread whose read has just been done.
 */
static void races(void)
{
	int sent = 0, left = 0;
	pthread_t t;
	char c;

	open_pair(ends);
	for (int i = 0; i < TRIES; i++) {
		start_thread(&t, take_until_cancelled, NULL);
		for (int n = 0; n < i % 7; n++)
			sched_yield();
		put(ends[1], "x");
		sent++;
		if (i % 3 == 0)
			burn(i * 50);
		CHECK_EQ(pthread_cancel(t), 0);
		CHECK(join_thread(t) == PTHREAD_CANCELED);
		while (recv(ends[0], &c, 1, MSG_DONTWAIT) == 1)
			left++;
		CHECK(taken + left <= sent);
	}
	client_figure("taken", taken);
	client_figure("lost", sent - taken - left);
	close_both(ends);
}

#ifdef __GLIBC__

static int number;

static void *use_number(void *call)
{
	struct pollfd p = { .fd = number, .events = POLLIN };
	char c;

	switch ((intptr_t)call) {
	case 0: read(number, &c, 1); break;
	case 1: recv(number, &c, 1, 0); break;
	case 2: poll(&p, 1, -1); break;
	}
	return NULL;
}

/* Wherever the thread is, before its call or in it, it is cancelled first: that the descriptor is bad it does not see. */
static void then_closed(void)
{
	pthread_t t;

	for (int i = 0; i < 6 * TRIES; i++) {
		open_pair(ends);
		number = ends[0];
		start_thread(&t, use_number, (void *)(intptr_t)(i % 3));
		for (int n = 0; n < i % 5; n++)
			sched_yield();
		burn(i % 4 * (i % 100) * 20);
		CHECK_EQ(pthread_cancel(t), 0);
		CHECK_EQ(close(number), 0);
		CHECK(join_thread(t) == PTHREAD_CANCELED);
		close(ends[1]);
	}
}

#endif

const struct check checks[] = {
#ifdef __GLIBC__
	{ "then_closed", then_closed, NULL },
#endif
	{ "waiting", waiting, NULL },
	{ "pending", pending, NULL },
	{ "disabled", disabled, NULL },
	{ "asynchronous", asynchronous, NULL },
	{ "races", races, NULL },
	{ 0 },
};
