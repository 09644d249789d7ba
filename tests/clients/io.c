/* SPDX-License-Identifier: MIT */
/* See io.h. */
#include "io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/time.h>

static void *waiter_run(void *arg)
{
	struct waiter *w = arg;
	long long begin = now_us(CLOCK_MONOTONIC);

	w->begun = true;
	w->result = w->call(w->arg);
	w->error = w->result < 0 ? errno : 0;
	w->us = now_us(CLOCK_MONOTONIC) - begin;
	w->ended = true;
	return NULL;
}

/* By system calls alone: a thread that waits may have locked the list of all streams. */
char state_of(const char *stat)
{
	char text[64] = "", *name_end; /* "PID (NAME) STATE ..." */
	int fd = open(stat, O_RDONLY);

	if (fd < 0)
		return 0;
	CHECK(read(fd, text, sizeof(text) - 1) >= 0 || errno == ESRCH);
	close(fd);
	name_end = strrchr(text, ')');
	return name_end ? name_end[2] : 0;
}

/* Whether the caller's is the only kernel thread of the process that has a CPU or waits for one; true if nobody can tell. */
static bool all_asleep(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	int awake = 0;

	if (!tasks) {
		CHECK_EQ(errno, EMFILE);
		return true;
	}
	while ((e = readdir(tasks))) {
		char path[300];

		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", e->d_name);
		awake += e->d_name[0] != '.' && state_of(path) == 'R';
	}
	closedir(tasks);
	return awake <= 1;
}

void wait_start(struct waiter *w, long (*call)(void *arg), void *arg)
{
	*w = (struct waiter){ .call = call, .arg = arg };
	start_thread(&w->thread, waiter_run, w);
	while (!w->begun)
		sched_yield();
}

void wait_begin(struct waiter *w, long (*call)(void *arg), void *arg)
{
	wait_start(w, call, arg);
	sleep_ms(SETTLE_MS);
	for (int i = 0; i < PATIENCE_MS && !all_asleep(); i++)
		sleep_ms(1);
}

long wait_end(struct waiter *w)
{
	join_thread(w->thread);
	return w->result;
}

void still_waits(const struct waiter *w)
{
	CHECK(!w->ended);
}

void say_result(const char *what, long result)
{
	if (result < 0)
		printf("%s: %ld %s\n", what, result, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
}

void wait_say(struct waiter *w, const char *what)
{
	wait_end(w);
	errno = w->error;
	say_result(what, w->result);
}

void set_limit(int fd, int option, long ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	CHECK_EQ(setsockopt(fd, SOL_SOCKET, option, &t, sizeof(t)), 0);
}

void say_limited(struct waiter *w, const char *what)
{
	wait_say(w, what);
	CHECK(w->us >= LIMIT_MS * 1000);
}

void open_pipe(int ends[2])
{
	CHECK_EQ(pipe(ends), 0);
}

void open_pair(int ends[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

void open_tcp(int ends[2])
{
	struct sockaddr_in address;
	int listener = listen_tcp(&address, 1);

	ends[1] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(ends[1], (struct sockaddr *)&address, sizeof(address)), 0);
	ends[0] = accept(listener, NULL, NULL);
	CHECK(ends[0] >= 0);
	close(listener);
}

void close_both(const int ends[2])
{
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(close(ends[1]), 0);
}

void put(int fd, const char *text)
{
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

void get(int fd, const char *text)
{
	char got[256];

	CHECK_EQ(read(fd, got, strlen(text)), strlen(text));
	CHECK(!memcmp(got, text, strlen(text)));
}

int listen_unix(struct sockaddr_un *address, socklen_t *length, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	CHECK_EQ(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)), 0);
	*length = sizeof(*address);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)address, length), 0);
	CHECK_EQ(listen(fd, backlog), 0);
	return fd;
}

int listen_tcp(struct sockaddr_in *address, int backlog)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_EQ(bind(fd, (struct sockaddr *)address, length), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)address, &length), 0);
	CHECK_EQ(listen(fd, backlog), 0);
	return fd;
}

char pattern(size_t at)
{
	return (char)(at * 2654435761u >> 13);
}

void make_pattern(char *to, size_t from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = pattern(from + i);
}

size_t fill(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	size_t count = 0;
	char block[4096];
	ssize_t n;

	CHECK_EQ(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	do {
		make_pattern(block, count, sizeof(block));
		n = write(fd, block, sizeof(block));
		count += n > 0 ? n : 0;
	} while (n > 0);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(fcntl(fd, F_SETFL, flags), 0);
	return count;
}

void drain(int fd, size_t from, size_t count)
{
	char block[10000];

	for (size_t got = 0; got < count;) {
		size_t most = count - got < sizeof(block) ? count - got : sizeof(block);
		ssize_t n = read(fd, block, most);

		CHECK(n > 0);
		for (ssize_t i = 0; i < n; i++)
			CHECK(block[i] == pattern(from + got + i));
		got += n;
	}
}

long call_read(void *fd)
{
	char c;

	return read(*(int *)fd, &c, 1);
}

long call_recv(void *fd)
{
	char c;

	return recv(*(int *)fd, &c, 1, 0);
}

long call_accept(void *listener)
{
	int fd = accept(*(int *)listener, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}
