/* SPDX-License-Identifier: MIT */
/* Waits for terminals, children, file locks, messages, semaphore sets, and for names of hosts. */
#include "io.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <termios.h>

static int master, slave;

static void open_terminal(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	CHECK(slave >= 0);
}

static long read_line(void *fd)
{
	char line[64];
	long n = read(*(int *)fd, line, sizeof(line));

	if (n > 0)
		printf("line: %.*s", (int)n, line);
	return n;
}

/* A terminal gives whole lines; when the other side hangs up its reads end. */
static void terminal_lines(void)
{
	struct waiter w;

	open_terminal();
	wait_begin(&w, read_line, &slave);
	put(master, "hel");
	sleep_ms(2);
	still_waits(&w);
	put(master, "lo\n");
	wait_say(&w, "read");
	wait_begin(&w, read_line, &slave);
	still_waits(&w);
	close(master);
	wait_say(&w, "the master goes");
	close(slave);
}

static void terminal_master(void)
{
	struct termios t;
	struct waiter w;

	open_terminal();
	CHECK_EQ(tcgetattr(slave, &t), 0);
	cfmakeraw(&t);
	CHECK_EQ(tcsetattr(slave, TCSANOW, &t), 0);
	wait_begin(&w, read_line, &master);
	still_waits(&w);
	put(slave, "raw\n");
	wait_say(&w, "read");
	wait_begin(&w, read_line, &master);
	still_waits(&w);
	close(slave);
	wait_say(&w, "the slave goes");
	close(master);
}

static pid_t child;
static int gate[2];

/* A child that ends with 7 when its gate is closed. */
static void start_child(void)
{
	open_pipe(gate);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		char c;

		close(gate[1]);
		_exit(read(gate[0], &c, 1) == 0 ? 7 : 1);
	}
	close(gate[0]);
}

static long wait_pid(void *arg)
{
	int status;
	pid_t pid = waitpid(arg ? -1 : child, &status, 0);

	return pid < 0 ? -1 : pid == child && WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static long wait_id(void *arg)
{
	siginfo_t info;

	return waitid(P_PID, child, &info, WEXITED) < 0 ? -1 : info.si_pid == child ? info.si_status : 100;
}

static void children(void)
{
	long (*const ways[])(void *) = { wait_pid, wait_id };
	struct waiter w;

	for (int i = 0; i < 3; i++) {
		start_child();
		wait_begin(&w, ways[i % 2], i == 2 ? "any" : NULL);
		still_waits(&w);
		close(gate[1]);
		wait_say(&w, "status");
	}
	wait_begin(&w, wait_pid, "any");
	wait_say(&w, "no child");
}

static int file;

static long lock_whole(void *arg)
{
	return flock(file, LOCK_EX);
}

static long lock_record(void *arg)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };

	return fcntl(file, arg ? F_OFD_SETLKW : F_SETLKW, &l);
}

static long lock_lockf(void *arg)
{
	CHECK_EQ(lseek(file, 10, SEEK_SET), 10);
	return lockf(file, F_LOCK, 10);
}

/* A child holds the lock until its gate is closed; it says when it has it. */
static void hold_lock(long (*lock)(void *), void *arg)
{
	int has[2];
	char c;

	open_pipe(gate);
	open_pipe(has);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		close(gate[1]);
		close(file);
		file = open("lock", O_RDWR);
		if (lock(arg) || write(has[1], "x", 1) != 1)
			_exit(1);
		_exit(read(gate[0], &c, 1) == 0 ? 7 : 1);
	}
	close(gate[0]);
	get(has[0], "x");
	close_both(has);
}

static void file_locks(void)
{
	static const struct {
		const char *name;
		long (*lock)(void *);
		void *arg;
	} ways[] = {
		{ "flock", lock_whole, NULL },
		{ "F_SETLKW", lock_record, NULL },
		{ "F_OFD_SETLKW", lock_record, "of the open file" },
		{ "lockf", lock_lockf, NULL },
	};
	struct waiter w;

	for (int i = 0; i < 4; i++) {
		file = open("lock", O_RDWR | O_CREAT, 0600);
		hold_lock(ways[i].lock, ways[i].arg);
		wait_begin(&w, ways[i].lock, ways[i].arg);
		still_waits(&w);
		close(gate[1]);
		wait_say(&w, ways[i].name);
		CHECK_EQ(wait_pid(NULL), 7);
		close(file);
	}
	unlink("lock");
}

static void until_asleep(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state_of(path) != 'S')
		sleep_ms(1);
}

/* Two records, two processes, crosswise: the kernel sees it. */
static void deadlock(void)
{
	struct flock first = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
	struct waiter w;

	file = open("lock", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(fcntl(file, F_SETLK, &first), 0);
	open_pipe(gate);
	child = fork();
	if (child == 0) {
		if (lock_record(NULL) || write(gate[1], "x", 1) != 1)
			_exit(1);
		/* Waits until the parent gives the record back. */
		_exit(fcntl(file, F_SETLKW, &first) == 0 ? 7 : 1);
	}
	get(gate[0], "x");
	until_asleep(child);
	wait_begin(&w, lock_record, NULL);
	wait_say(&w, "crosswise");
	first.l_type = F_UNLCK;
	CHECK_EQ(fcntl(file, F_SETLK, &first), 0);
	CHECK_EQ(wait_pid(NULL), 7);
	close(file);
	close_both(gate);
	unlink("lock");
}

static int id;

struct message {
	long type;
	char text[16];
};

static long receive_message(void *type)
{
	struct message m;

	return msgrcv(id, &m, sizeof(m.text), (intptr_t)type, 0);
}

static long send_message(void *length)
{
	struct message m = { 3, "text" };

	return msgsnd(id, &m, (intptr_t)length, 0);
}

static long take_two(void *arg)
{
	struct sembuf ops[2] = { { 0, -2, 0 }, { 1, 1, 0 } };

	return semop(id, ops, 2);
}

static long take_in_time(void *arg)
{
	struct sembuf op = { 0, -1, 0 };
	struct timespec t = { 0, 30000000 };

	return semtimedop(id, &op, 1, &t);
}

static void system_v(void)
{
	struct sembuf one = { 0, 1, 0 };
	struct waiter w;

	id = msgget(IPC_PRIVATE, 0600);
	wait_begin(&w, receive_message, (void *)3);
	still_waits(&w);
	CHECK_EQ(send_message((void *)5), 0);
	wait_say(&w, "message");
	wait_begin(&w, receive_message, (void *)4);
	CHECK_EQ(send_message((void *)5), 0);
	sleep_ms(2);
	still_waits(&w);
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
	wait_say(&w, "removed");
	id = semget(IPC_PRIVATE, 2, 0600);
	wait_begin(&w, take_two, NULL);
	CHECK_EQ(semop(id, &one, 1), 0);
	sleep_ms(2);
	still_waits(&w);
	CHECK_EQ(semop(id, &one, 1), 0);
	wait_say(&w, "two at once");
	CHECK_EQ(semctl(id, 1, GETVAL), 1);
	wait_begin(&w, take_in_time, NULL);
	wait_say(&w, "in time");
	CHECK(w.us >= 30000);
	wait_begin(&w, take_two, NULL);
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
	wait_say(&w, "removed");
}

static mqd_t queue;

static long receive_posix(void *arg)
{
	char text[64];
	unsigned priority;
	long n = mq_receive(queue, text, sizeof(text), &priority);

	if (n > 0)
		printf("message: %.*s of priority %u\n", (int)n, text, priority);
	return n;
}

static long receive_in_time(void *arg)
{
	struct timespec t = after_ms(CLOCK_REALTIME, 30);
	char text[64];

	return mq_timedreceive(queue, text, sizeof(text), NULL, &t);
}

static long send_posix(void *text)
{
	return mq_send(queue, text, strlen(text), 5);
}

static void posix_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 64 };
	struct waiter w;
	char name[32];

	snprintf(name, sizeof(name), "/umcg-io-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CHECK(queue >= 0);
	mq_unlink(name);
	wait_begin(&w, receive_posix, NULL);
	still_waits(&w);
	CHECK_EQ(send_posix("one"), 0);
	wait_say(&w, "received");
	CHECK_EQ(send_posix("two"), 0);
	wait_begin(&w, send_posix, "three");
	still_waits(&w);
	receive_posix(NULL);
	wait_say(&w, "sent");
	receive_posix(NULL);
	wait_begin(&w, receive_in_time, NULL);
	wait_say(&w, "in time");
	mq_close(queue);
}

static long resolve(void *name)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *list;
	char text[INET6_ADDRSTRLEN];
	int error;

	if (strchr(name, ':'))
		hints.ai_family = AF_INET6;
	if (*(char *)name != 'l')
		hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	error = getaddrinfo(name, "80", &hints, &list);
	if (error) {
		printf("%s: %s\n", (char *)name, gai_strerror(error));
		return error;
	}
	CHECK_EQ(getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST), 0);
	printf("%s: %s\n", (char *)name, text);
	freeaddrinfo(list);
	return 0;
}

static void *resolve_often(void *arg)
{
	struct addrinfo hints = { .ai_family = AF_INET }, *list;

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(getaddrinfo(i & 1 ? "localhost" : "127.0.0.1", NULL, &hints, &list), 0);
		CHECK_EQ(((struct sockaddr_in *)list->ai_addr)->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		freeaddrinfo(list);
	}
	return NULL;
}

/* None of them asks the network. */
static void names(void)
{
	const char *const hosts[] = { "localhost", "127.0.0.1", "10.1.2.3", "::1", "not-a-number" };
	pthread_t t[8];
	struct waiter w;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		wait_begin(&w, resolve, (void *)hosts[i]);
		wait_end(&w);
	}
	start_threads(t, 8, resolve_often);
	join_threads(t, 8);
}

const struct check checks[] = {
	{ "terminal_lines", terminal_lines, NULL },
	{ "terminal_master", terminal_master, NULL },
	{ "children", children, NULL },
	{ "file_locks", file_locks, NULL },
	{ "deadlock", deadlock, NULL },
	{ "system_v", system_v, NULL },
	{ "posix_queue", posix_queue, NULL },
	{ "names", names, NULL },
	{ 0 },
};
