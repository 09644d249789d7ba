/* SPDX-License-Identifier: MIT */
/*
 * Tasks across processes: the main thread is one task, a child of fork() has the other. Both come to each other's
 * by descriptors sent over a socket.
 */
#include "client.h"

#include <umcg/libumcg.h>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FAILS(call, error)                  \
	do {                                \
		errno = 0;                  \
		CHECK_EQ((call), -1);       \
		CHECK_EQ(errno, (error));   \
	} while (0)

struct peer {
	pid_t pid;
	int socket;
	umcg_tid id;
};

/* Seen by both. */
static struct board {
	volatile int flag, count, stop;
	volatile long long at;
} *board;

static void *nothing(void *arg)
{
	return arg;
}

/* From the first thread on, the preload schedules. */
static void start_runtime(void)
{
	pthread_t t;

	start_thread(&t, nothing, NULL);
	join_thread(t);
}

static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(socket, &m, 0), 1);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd;

	CHECK_EQ(recvmsg(socket, &m, 0), 1);
	CHECK(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void tell(int socket)
{
	CHECK_EQ(write(socket, "x", 1), 1);
}

static void hear(int socket)
{
	char byte;

	CHECK_EQ(read(socket, &byte, 1), 1);
}

static void send_self(int socket)
{
	int fd = umcg_share();

	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	send_fd(socket, fd);
	close(fd);
}

static umcg_tid receive_task(int socket)
{
	int fd = receive_fd(socket);
	umcg_tid id = umcg_attach(fd);

	CHECK(id != UMCG_NONE);
	close(fd);
	return id;
}

static void become_task(void)
{
	umcg_unregister_task();		/* a fork's child may have inherited that its parent was one */
	CHECK(umcg_register_core_task(0) != UMCG_NONE);
}

/* A child that runs as a task; it gets no handle of ours unless it asks for one by receive_task(). */
static struct peer start_peer(void (*run)(int socket))
{
	struct peer p;
	int ends[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	p.pid = fork();
	CHECK(p.pid >= 0);
	if (p.pid == 0) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a check that fails leaves nobody behind */
		start_runtime();
		become_task();
		send_self(ends[1]);
		run(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	p.socket = ends[0];
	p.id = receive_task(p.socket);
	return p;
}

static void finish(struct peer *p, int status)
{
	int got;

	CHECK_EQ(waitpid(p->pid, &got, 0), p->pid);
	CHECK_EQ(got, status);
	close(p->socket);
	CHECK_EQ(umcg_detach(p->id), 0);
}

static void begin(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(board != MAP_FAILED);
	start_runtime();
	become_task();
}

/* The peer answers each swap until it is told to stop, or is killed. */
static void answer(int socket)
{
	umcg_tid client = receive_task(socket);

	tell(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	while (!board->stop) {
		board->count++;
		CHECK_EQ(umcg_swap(client, NULL), 0);
	}
	umcg_wake(client);
}

static struct peer start_answering(void)
{
	struct peer p;

	board->stop = board->count = 0;
	p = start_peer(answer);
	send_self(p.socket);
	hear(p.socket);
	return p;
}

static void stop_answering(struct peer *p)
{
	board->stop = 1;
	CHECK_EQ(umcg_swap(p->id, NULL), 0);
	finish(p, 0);
}

static void swap(void)
{
	struct peer p;

	begin();
	p = start_answering();
	for (int i = 0; i < 20000; i++) {
		CHECK_EQ(board->count, i);
		CHECK_EQ(umcg_swap(p.id, NULL), 0);
	}
	umcg_set_task_tag(p.id, 17);
	CHECK_EQ(umcg_get_task_tag(p.id), 17);
	stop_answering(&p);
}

static void silent(int socket)
{
	hear(socket);
	while (board->count >= 0) {
		struct timespec soon = after_ms(CLOCK_REALTIME, 20);

		if (umcg_wait(&soon) == 0)
			board->count++;
		else
			CHECK_EQ(errno, ETIMEDOUT);
		if (board->stop)
			break;
	}
	tell(socket);
}

/* One wakeup is queued, a second is refused. */
static void queued(void)
{
	struct timespec past = after_ms(CLOCK_REALTIME, -10);
	struct peer p;

	begin();
	p = start_peer(silent);
	CHECK_EQ(umcg_wake(p.id), 0);
	FAILS(umcg_wake(p.id), EAGAIN);
	FAILS(umcg_swap(p.id, &past), EAGAIN);
	tell(p.socket);
	while (!board->count)
		sleep_ms(1);
	sleep_ms(50);
	CHECK_EQ(board->count, 1);
	CHECK_EQ(umcg_wake(p.id), 0);
	while (board->count < 2)
		sleep_ms(1);
	board->stop = 1;
	hear(p.socket);
	CHECK_EQ(board->count, 2);
	finish(&p, 0);
}

static void wake_late(int socket)
{
	umcg_tid client = receive_task(socket);

	tell(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	hear(socket);
	CHECK_EQ(umcg_wake(client), 0);
	FAILS(umcg_wake(client), EAGAIN);
	tell(socket);
	hear(socket);
}

static void timeout(void)
{
	struct timespec past = after_ms(CLOCK_REALTIME, -10), before = { -5, 0 }, bad = { 0, 1000000000 }, soon;
	struct peer p;

	begin();
	p = start_peer(wake_late);
	send_self(p.socket);
	hear(p.socket);
	FAILS(umcg_wait(&past), ETIMEDOUT);
	FAILS(umcg_wait(&before), ETIMEDOUT);
	FAILS(umcg_wait(&bad), EINVAL);
	soon = after_ms(CLOCK_REALTIME, 60);
	FAILS(umcg_swap(p.id, &soon), ETIMEDOUT);
	CHECK(now_us(CLOCK_REALTIME) >= soon.tv_sec * 1000000LL + soon.tv_nsec / 1000);
	tell(p.socket);
	hear(p.socket);
	CHECK_EQ(umcg_wait(&past), 0);	/* it was queued: that comes before the timeout */
	FAILS(umcg_wait(&past), ETIMEDOUT);
	tell(p.socket);
	finish(&p, 0);
}

/* Wakes once per request. */
static void wake_often(int socket)
{
	umcg_tid client = receive_task(socket);

	tell(socket);
	while (!board->stop) {
		int want = board->flag;

		if (board->count < want) {
			burn(rand() % 15000);
			board->count++;
			while (umcg_wake(client) != 0)
				CHECK_EQ(errno, EAGAIN);
		}
	}
}

/* Sockets and children are not for it. */
static void block_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

/* Each wakeup ends one wait, whatever else happens at that moment. */
static void meet(int (*wait)(void))
{
	struct timespec past = after_ms(CLOCK_REALTIME, -10);
	struct peer p;
	int others = 0;

	block_signal(SIG_BLOCK);
	p = start_peer(wake_often);
	send_self(p.socket);
	hear(p.socket);
	block_signal(SIG_UNBLOCK);
	for (int i = 0; i < 10000; i++) {
		board->flag = i + 1;
		while (wait() != 0)
			others++;
		CHECK(board->count > i);
	}
	block_signal(SIG_BLOCK);
	FAILS(umcg_wait(&past), ETIMEDOUT);
	client_figure("ended_otherwise", others);
	board->stop = 1;
	finish(&p, 0);
}

static int wait_briefly(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += rand() % 2 ? rand() % 20000 : 0;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	if (umcg_wait(&t) == 0)
		return 0;
	CHECK_EQ(errno, ETIMEDOUT);
	return -1;
}

static void wake_and_timeout(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
	begin();
	meet(wait_briefly);
}

static volatile int handled;

static void count_signal(int sig)
{
	handled++;
}

static int wait_through(void)
{
	if (umcg_wait(NULL) == 0)
		return 0;
	CHECK_EQ(errno, EINTR);
	return -1;
}

static pid_t start_signals(void)
{
	pid_t me = getpid(), child = fork();

	CHECK(child >= 0);
	while (child == 0) {
		if (kill(me, SIGUSR1) || board->stop)
			_exit(0);
		usleep(rand() % 300);
	}
	return child;
}

static void wake_and_signal(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	pid_t signals;

	begin();
	sigaction(SIGUSR1, &act, NULL);
	signals = start_signals();
	meet(wait_through);
	signal(SIGUSR1, SIG_IGN);
	CHECK(handled > 10);
	CHECK_EQ(waitpid(signals, NULL, 0), signals);
}

/* A handler runs while its task waits, and may itself end the wait. */
static umcg_tid main_task;

static void wake_main(int sig)
{
	umcg_wake(main_task);
}

static void wake_from_handler(void)
{
	struct sigaction act = { .sa_handler = wake_main, .sa_flags = SA_RESTART };
	pid_t me = getpid(), child;
	int fd;

	begin();
	main_task = umcg_get_utid();
	fd = umcg_share();
	CHECK(fd >= 0);
	sigaction(SIGUSR1, &act, NULL);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 20; i++) {
			usleep(2000);
			kill(me, SIGUSR1);
			while (board->count == i)
				usleep(100);
		}
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(umcg_wait(NULL), 0);
		board->count++;
	}
	CHECK_EQ(waitpid(child, NULL, 0), child);
}

static int maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int c, lines = 0;

	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}

/* By what a leak of each round would make; the runtime may end kernel threads of its own meanwhile, which splits mappings. */
static bool maps_grew(int before)
{
	return maps() > before + 20;
}

/* A memory file of a page's length, with the first bytes of another and some of its seals. */
static int forged(const void *head, size_t at, size_t len, off_t size, int seals)
{
	int fd = memfd_create("forged", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, size), 0);
	CHECK_EQ(pwrite(fd, head, len, at), (long)len);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void refused(int fd)
{
	errno = 0;
	CHECK_EQ(umcg_attach(fd), UMCG_NONE);
	CHECK_EQ(errno, EINVAL);
	close(fd);
}

static void garbage(void)
{
	enum { ALL = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };
	long size = sysconf(_SC_PAGESIZE);
	char *page = malloc(size), *bad = malloc(size), *head, path[64];
	int fd, ends[2], before;
	umcg_tid id;

	begin();
	fd = umcg_share();
	CHECK_EQ(pread(fd, page, size, 0), size);
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(ftruncate(fd, 2 * size), EPERM);
	FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	before = maps();

	errno = 0;
	CHECK_EQ(umcg_attach(-1), UMCG_NONE);
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(umcg_attach(999), UMCG_NONE);	/* from 1000 on the runtime has some */
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(pipe(ends), 0);
	refused(ends[0]);
	refused(ends[1]);
	refused(socket(AF_UNIX, SOCK_STREAM, 0));
	refused(open("/dev/zero", O_RDWR));
	refused(open("/proc/self/exe", O_RDONLY));
	refused(fileno(tmpfile()));
	memset(bad, 0, size);
	refused(forged(bad, 0, size, size, ALL));
	for (int i = 0; i < 12; i++) {	/* a bit of the name, of the version */
		memcpy(bad, page, size);
		head = memmem(bad, size, "umcgtask", 8);
		CHECK(head);
		head[i] ^= 0x40;
		refused(forged(bad, 0, size, size, ALL));
	}
	memset(bad, 0xff, size);
	refused(forged(bad, 0, size, size, ALL));
	refused(forged(page, 0, size, size, 0));
	refused(forged(page, 0, size, size, F_SEAL_SHRINK | F_SEAL_SEAL));
	refused(forged(page, 0, size, size, F_SEAL_SHRINK | F_SEAL_GROW));
	refused(forged(page, 0, size, 2 * size, ALL));
	refused(forged(page, 0, 1, 0, ALL));
	refused(forged(page, 0, size / 2, size / 2, ALL));
	refused(forged(page, 0, size, size, ALL | F_SEAL_WRITE));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	refused(open(path, O_RDONLY));
	CHECK(!maps_grew(before));

	/* A copy is a dead task, or one with a tid that means nothing: no harm. */
	fd = forged(page, 0, size, size, ALL);
	id = umcg_attach(fd);
	CHECK(id != UMCG_NONE);
	CHECK_EQ(umcg_wake(id), 0);
	FAILS(umcg_wake(id), EAGAIN);
	CHECK_EQ(umcg_detach(id), 0);
	FAILS(umcg_detach(UMCG_NONE), EINVAL);
	FAILS(umcg_detach(umcg_get_utid()), EINVAL);
	CHECK(!maps_grew(before));
}

static void answer_anything(int socket)
{
	umcg_tid client = receive_task(socket);

	tell(socket);
	for (;;) {
		struct timespec soon = after_ms(CLOCK_REALTIME, 1);

		umcg_swap(client, &soon);
		umcg_wait(&soon);
	}
}

/* Whoever has a descriptor may write anything: the owner neither crashes nor hangs for good. */
static void scribble(void)
{
	struct timespec soon;
	long size = sysconf(_SC_PAGESIZE);
	unsigned *words;
	struct peer p;
	int fd;

	begin();
	p = start_peer(answer_anything);
	send_self(p.socket);
	hear(p.socket);
	fd = umcg_share();
	words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(words != MAP_FAILED);
	for (int i = 0; i < 3000; i++) {
		for (int n = rand() % 30; n > 0; n--)
			words[size / 4 - 1 - rand() % 48] = rand() % 3 ? (unsigned)rand() * 2u : 0;
		soon = after_ms(CLOCK_REALTIME, 1);
		if (i % 2)
			umcg_wait(&soon);
		else
			umcg_swap(p.id, &soon);
		umcg_wake(umcg_get_utid());
		if (i % 100 == 0)
			CHECK_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size), 0);
	}
	kill(p.pid, SIGKILL);
	finish(&p, SIGKILL);
}

static void again(int socket)
{
	CHECK_EQ(umcg_wait(NULL), 0);
	board->count++;
	send_self(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	board->count++;
	hear(socket);
}

/* A second descriptor is for the same task; closed descriptors and other handles do not matter. */
static void descriptors(void)
{
	umcg_tid second, own;
	struct peer p;
	int fd, before;

	begin();
	FAILS(umcg_detach(UMCG_NONE), EINVAL);
	p = start_peer(again);
	CHECK_EQ(umcg_wake(p.id), 0);
	second = receive_task(p.socket);
	CHECK(second != p.id);
	CHECK_EQ(umcg_wake(second), 0);
	while (board->count < 2)
		sleep_ms(1);
	CHECK_EQ(umcg_detach(second), 0);
	tell(p.socket);
	finish(&p, 0);

	fd = umcg_share();
	own = umcg_attach(fd);
	CHECK(own != UMCG_NONE && own != umcg_get_utid());
	CHECK_EQ(umcg_swap(own, NULL), 0);
	CHECK_EQ(umcg_wake(umcg_get_utid()), 0);
	FAILS(umcg_wake(own), EAGAIN);
	CHECK_EQ(umcg_wait(NULL), 0);
	CHECK_EQ(umcg_detach(own), 0);
	before = maps();
	for (int i = 0; i < 3000; i++) {
		umcg_tid id = umcg_attach(fd);
		int other = umcg_share();

		CHECK(id != UMCG_NONE && other >= 0);
		close(other);
		CHECK_EQ(umcg_detach(id), 0);
	}
	CHECK(!maps_grew(before));
	/* The library's own descriptor is closed, and its number another file's: neither given out nor closed. */
	close_range(3, ~0u, 0);
	FAILS(umcg_share(), EBADF);
	for (int i = 3; i < 10; i++)
		CHECK_EQ(open("/dev/null", O_RDONLY), i);
	FAILS(umcg_share(), EBADF);
	CHECK_EQ(umcg_unregister_task(), 0);
	for (int i = 3; i < 10; i++)
		CHECK_EQ(close(i), 0);
	FAILS(umcg_share(), EINVAL);
	for (int i = 0; i < 100; i++) {
		become_task();
		fd = umcg_share();
		CHECK_EQ(fd, 4);	/* 3 is the library's own */
		close(fd);
		CHECK_EQ(umcg_unregister_task(), 0);
	}
	CHECK(!maps_grew(before));
}

static void never_answer(int socket)
{
	hear(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	board->flag = 1;
	hear(socket);
}

/* The same, and it has attached to the client before. */
static void guard_silently(int socket)
{
	receive_task(socket);
	never_answer(socket);
}

static void kill_at(struct peer *p, int ms)
{
	if (fork() == 0) {
		sleep_ms(ms);
		board->at = now_us(CLOCK_MONOTONIC);
		kill(p->pid, SIGKILL);
		_exit(0);
	}
}

/* How long the news took. */
static void heard_within(const char *what, int ms)
{
	long long us = now_us(CLOCK_MONOTONIC) - board->at;

	client_figure(what, us);
	CHECK(us >= 0 && us < ms * 1000LL);
}

static void killed_while_waiting(void)
{
	struct timespec far = after_ms(CLOCK_REALTIME, 10000), soon;

	begin();
	for (int i = 0; i < 8; i++) {
		struct peer p = start_peer(i & 1 ? guard_silently : never_answer);

		if (i & 1)
			send_self(p.socket);
		tell(p.socket);
		kill_at(&p, 40);
		if (i & 4) {
			soon = after_ms(CLOCK_REALTIME, 10);
			FAILS(umcg_swap(p.id, &soon), ETIMEDOUT);
			FAILS(umcg_wait(i & 2 ? &far : NULL), EOWNERDEAD);
		} else {
			FAILS(umcg_swap(p.id, i & 2 ? &far : NULL), EOWNERDEAD);
		}
		heard_within("us", 500);
		FAILS(umcg_wake(p.id), EOWNERDEAD);
		soon = after_ms(CLOCK_REALTIME, 10);
		FAILS(umcg_wait(&soon), ETIMEDOUT);	/* said once */
		finish(&p, SIGKILL);
		CHECK(wait(NULL) > 0);
	}
}

static void killed_before(void)
{
	struct peer p;

	begin();
	p = start_peer(never_answer);
	kill(p.pid, SIGKILL);
	CHECK_EQ(waitid(P_PID, p.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	FAILS(umcg_wake(p.id), EOWNERDEAD);
	FAILS(umcg_swap(p.id, NULL), EOWNERDEAD);
	finish(&p, SIGKILL);
}

/* Kills whom it is told to, a little later. */
static int start_killer(void)
{
	int ends[2];
	pid_t victim;

	CHECK_EQ(pipe(ends), 0);
	if (fork() != 0) {
		close(ends[0]);
		return ends[1];
	}
	close(ends[1]);
	while (read(ends[0], &victim, sizeof(victim)) == sizeof(victim)) {
		long long end = now_us(CLOCK_MONOTONIC) + rand() % 300;

		while (now_us(CLOCK_MONOTONIC) < end)
			continue;
		kill(victim, SIGKILL);
	}
	_exit(0);
}

static void killed_at_any_time(void)
{
	int killer, calls = 0;

	begin();
	killer = start_killer();
	for (int i = 0; i < 1000; i++) {
		struct peer p = start_answering();

		CHECK_EQ(write(killer, &p.pid, sizeof(p.pid)), sizeof(p.pid));
		while (umcg_swap(p.id, NULL) == 0)
			calls++;
		CHECK_EQ(errno, EOWNERDEAD);
		finish(&p, SIGKILL);
	}
	client_figure("calls", calls);
}

/* Clients of one server that dies; the first of them with it, if both are told to. */
static void clients(int guarded, bool first_too)
{
	enum { CLIENTS = 6 };
	struct peer server = start_peer(guarded ? guard_silently : never_answer);
	pid_t client[CLIENTS];
	int status;

	if (guarded)
		send_self(server.socket);
	board->count = 0;
	for (int i = 0; i < CLIENTS; i++) {
		client[i] = fork();
		CHECK(client[i] >= 0);
		if (client[i])
			continue;
		start_runtime();
		become_task();
		while (umcg_swap(server.id, NULL) == -1 && errno == EAGAIN)
			__atomic_fetch_add(&board->count, i + 1 > board->count, __ATOMIC_SEQ_CST);
		CHECK_EQ(errno, EOWNERDEAD);
		if (!first_too)
			heard_within("us", 900);	/* not by a look */
		_exit(0);
	}
	tell(server.socket);
	while (!board->flag)
		sleep_ms(1);
	sleep_ms(50);
	if (first_too)
		kill(client[0], SIGSTOP);
	board->at = now_us(CLOCK_MONOTONIC);
	kill(server.pid, SIGKILL);
	if (first_too)
		kill(client[0], SIGKILL);
	for (int i = 0; i < CLIENTS; i++) {
		CHECK_EQ(waitpid(client[i], &status, 0), client[i]);
		CHECK_EQ(status, i == 0 && first_too ? SIGKILL : 0);
	}
	finish(&server, SIGKILL);
}

static void several_clients(void)
{
	begin();
	clients(0, false);
	clients(1, false);
}

static void several_clients_die(void)
{
	begin();
	clients(0, true);
}

static void leave_and_return(int socket)
{
	receive_task(socket);
	hear(socket);
	CHECK_EQ(umcg_unregister_task(), 0);
	tell(socket);
	hear(socket);
	become_task();
	send_self(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	sleep_ms(20);
	board->at = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(umcg_unregister_task(), 0);
	hear(socket);
}

static void unregistered(void)
{
	umcg_tid second;
	struct peer p;

	begin();
	p = start_peer(leave_and_return);
	send_self(p.socket);
	tell(p.socket);
	hear(p.socket);
	FAILS(umcg_wake(p.id), ESRCH);
	FAILS(umcg_swap(p.id, NULL), ESRCH);
	tell(p.socket);
	second = receive_task(p.socket);
	FAILS(umcg_wake(p.id), ESRCH);
	FAILS(umcg_swap(second, NULL), EOWNERDEAD);
	heard_within("us", 900);	/* not by a look */
	FAILS(umcg_wake(second), ESRCH);
	CHECK_EQ(umcg_detach(second), 0);
	tell(p.socket);
	finish(&p, 0);
}

/* Ends as a task that guards another. */
static void *short_task(void *arg)
{
	int socket = (int)(long)arg;
	umcg_tid client;

	become_task();
	send_self(socket);
	client = receive_task(socket);
	tell(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	sleep_ms(20);
	return (void *)client;
}

static void thread_as_peer(int socket)
{
	pthread_t t;
	int before = 0;

	for (int i = 0; i < 20; i++) {
		start_thread(&t, short_task, (void *)(long)socket);
		CHECK_EQ(umcg_detach((umcg_tid)join_thread(t)), 0);
		if (i == 5)
			before = maps();
	}
	CHECK(maps() < before + 10);
	hear(socket);
}

static void thread_ends(void)
{
	struct peer p;

	begin();
	p = start_peer(thread_as_peer);
	for (int i = 0; i < 20; i++) {
		umcg_tid id = receive_task(p.socket);

		send_self(p.socket);
		hear(p.socket);
		FAILS(umcg_swap(id, NULL), EOWNERDEAD);
		FAILS(umcg_wake(id), EOWNERDEAD);
		CHECK_EQ(umcg_detach(id), 0);
	}
	tell(p.socket);
	finish(&p, 0);
}

static void execs(int socket)
{
	receive_task(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	usleep(20000);
	execlp("sleep", "sleep", "0.2", NULL);
	_exit(1);
}

static void peer_execs(void)
{
	struct peer p;

	begin();
	p = start_peer(execs);
	send_self(p.socket);
	FAILS(umcg_swap(p.id, NULL), EOWNERDEAD);
	finish(&p, 0);
}

static void child_of_owner(umcg_tid peer)
{
	int fd, ret;

	FAILS(umcg_wait(NULL), EINVAL);
	FAILS(umcg_swap(peer, NULL), EINVAL);
	FAILS(umcg_wake(umcg_get_utid()), ESRCH);
	FAILS(umcg_unregister_task(), EINVAL);
	FAILS(umcg_share(), EINVAL);
	CHECK_EQ(umcg_wake(peer), 0);	/* what the parent holds is inherited */
	start_runtime();
	become_task();
	while ((ret = umcg_swap(peer, NULL)) != 0 && errno == EAGAIN)
		sched_yield();		/* it has not consumed the first wakeup yet */
	CHECK(ret == 0 || errno == EOWNERDEAD);
	fd = umcg_share();
	CHECK(fd >= 0);
	CHECK_EQ(umcg_unregister_task(), 0);
	CHECK_EQ(umcg_detach(peer), 0);
	_exit(0);
}

static void count_wakes(int socket)
{
	umcg_tid client = receive_task(socket);

	tell(socket);
	CHECK_EQ(umcg_wait(NULL), 0);
	board->count++;
	CHECK_EQ(umcg_wait(NULL), 0);
	board->count++;
	CHECK_EQ(umcg_unregister_task(), 0);	/* the child waits for it */
	FAILS(umcg_share(), EINVAL);
	CHECK_EQ(umcg_wake(client), 0);
	hear(socket);
}

static void forked(void)
{
	struct timespec soon;
	struct peer p;
	pid_t child;
	int status;

	begin();
	p = start_peer(count_wakes);
	send_self(p.socket);
	hear(p.socket);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		child_of_owner(p.id);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	/* Its end was not ours. */
	CHECK_EQ(umcg_wait(NULL), 0);
	CHECK_EQ(board->count, 2);
	soon = after_ms(CLOCK_REALTIME, 10);
	FAILS(umcg_wait(&soon), ETIMEDOUT);
	tell(p.socket);
	finish(&p, 0);
}

/* Threads of one process: shared and not, by their own ids. */
static umcg_tid shared_task, plain_task;
static pthread_barrier_t ready;

static void *shared_thread(void *arg)
{
	int fd;

	become_task();
	CHECK_EQ(umcg_wake(umcg_get_utid()), 0);
	fd = umcg_share();		/* what was queued stays queued */
	CHECK(fd >= 0);
	CHECK_EQ(umcg_wait(NULL), 0);
	shared_task = umcg_get_utid();
	pthread_barrier_wait(&ready);
	CHECK_EQ(umcg_wait(NULL), 0);
	for (int i = 0; i < 2000; i++)
		CHECK_EQ(umcg_swap(plain_task, NULL), 0);
	CHECK_EQ(umcg_wake(plain_task), 0);
	CHECK_EQ(umcg_unregister_task(), 0);
	become_task();
	pthread_barrier_wait(&ready);
	CHECK_EQ(umcg_wait(NULL), 0);
	return NULL;
}

static void local(void)
{
	pthread_t t;

	begin();
	plain_task = umcg_get_utid();
	pthread_barrier_init(&ready, NULL, 2);
	start_thread(&t, shared_thread, NULL);
	pthread_barrier_wait(&ready);
	for (int i = 0; i < 2001; i++)
		CHECK_EQ(umcg_swap(shared_task, NULL), 0);
	pthread_barrier_wait(&ready);
	CHECK_EQ(umcg_wake(shared_task), 0);
	join_thread(t);
}

/* More servers than can guard one client. */
static void many_servers(void)
{
	enum { SERVERS = 12 };
	struct peer p[SERVERS];

	begin();
	for (int i = 0; i < SERVERS; i++)
		p[i] = start_answering();
	for (int i = 0; i < 2000; i++)
		CHECK_EQ(umcg_swap(p[rand() % SERVERS].id, NULL), 0);
	for (int i = 0; i < SERVERS; i++) {
		for (int j = i; j < SERVERS; j++)
			CHECK_EQ(umcg_swap(p[j].id, NULL), 0);
		kill(p[i].pid, SIGKILL);
		while (umcg_swap(p[i].id, NULL) == 0)
			continue;
		CHECK_EQ(errno, EOWNERDEAD);
		finish(&p[i], SIGKILL);
	}
}

static void deny_waitv(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 449, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* Before Linux 5.16. */
static void without_waitv(void)
{
	begin();
	deny_waitv();
	FAILS(syscall(449, NULL, 0, 0, NULL, 0), ENOSYS);
	for (int i = 0; i < 4; i++) {
		struct timespec far = after_ms(CLOCK_REALTIME, 10000), soon = after_ms(CLOCK_REALTIME, 30);
		struct peer p = start_peer(never_answer);

		tell(p.socket);
		FAILS(umcg_swap(p.id, &soon), ETIMEDOUT);
		CHECK(now_us(CLOCK_REALTIME) - soon.tv_sec * 1000000LL - soon.tv_nsec / 1000 < 500000);
		kill_at(&p, 40);
		FAILS(umcg_wait(i & 1 ? &far : NULL), EOWNERDEAD);
		heard_within("us", 500);
		finish(&p, SIGKILL);
		CHECK(wait(NULL) > 0);
	}
}

/* In a namespace of its own the peer is thread 1, and so is another that dies. */
static void namespaces(void)
{
	struct peer p[2];

	begin();
	for (int i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWPID) != 0)
			client_skip("no rights to make a PID namespace");
		p[i] = start_peer(guard_silently);
		send_self(p[i].socket);
		tell(p[i].socket);
		CHECK_EQ(setns(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), CLONE_NEWPID), 0);
	}
	for (int i = 0; i < 2; i++) {
		struct timespec soon = after_ms(CLOCK_REALTIME, 100);

		if (i == 0) {
			kill_at(&p[1], 20);
			FAILS(umcg_swap(p[0].id, &soon), ETIMEDOUT);
			FAILS(umcg_wake(p[1].id), EOWNERDEAD);
			kill(p[0].pid, SIGKILL);
			FAILS(umcg_wait(NULL), EOWNERDEAD);
			CHECK(wait(NULL) > 0);
		}
	}
}

const struct check checks[] = {
	{ "swap", swap, NULL },
	{ "queued", queued, NULL },
	{ "timeout", timeout, NULL },
	{ "wake_and_timeout", wake_and_timeout, NULL },
	{ "wake_and_signal", wake_and_signal, NULL },
	{ "wake_from_handler", wake_from_handler, NULL },
	{ "garbage", garbage, NULL },
	{ "scribble", scribble, NULL },
	{ "descriptors", descriptors, NULL },
	{ "killed_while_waiting", killed_while_waiting, NULL },
	{ "killed_before", killed_before, NULL },
	{ "killed_at_any_time", killed_at_any_time, NULL },
	{ "several_clients", several_clients, NULL },
	{ "several_clients_die", several_clients_die, NULL },
	{ "unregistered", unregistered, NULL },
	{ "thread_ends", thread_ends, NULL },
	{ "peer_execs", peer_execs, NULL },
	{ "forked", forked, NULL },
	{ "local", local, NULL },
	{ "many_servers", many_servers, NULL },
	{ "without_waitv", without_waitv, NULL },
	{ "namespaces", namespaces, NULL },
	{ 0 },
};
