/* SPDX-License-Identifier: MIT */
/*
 * Two processes that take turns: umcg_swap() of shared tasks beside a futex
 * wake and wait, a pipe and an eventfd. One operation is a round trip. The rows
 * alternate within one run of the program; the figures of one row never come
 * from another hour than its neighbour's.
 */
#define _GNU_SOURCE
#include <umcg/libumcg.h>

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNS = 99, AFFINITIES = 2 };

/* side 0 begins; each side throws, then catches. */
struct way {
	const char *name;
	void (*prepare)(void);		/* in the parent, before the fork */
	void (*meet)(int side, int channel);
	void (*throw)(int side);
	void (*catch)(int side);
	void (*turn)(int side);		/* both in one step, or NULL */
	void (*part)(void);
};

static int fds[2][2];
static struct { uint32_t word; char room[60]; } *words;
static umcg_tid other;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "processes: %s: %s\n", what, strerror(errno));
	_exit(1);
}

/* Shared tasks */

static void send_fd(int channel, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	must(sendmsg(channel, &m, 0) == 1, "sendmsg");
}

static int receive_fd(int channel)
{
	char byte, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd;

	must(recvmsg(channel, &m, 0) == 1 && CMSG_FIRSTHDR(&m), "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void task_meet(int side, int channel)
{
	int mine, its;

	(void)side;
	must(umcg_register_core_task(0) != UMCG_NONE, "umcg_register_core_task");
	mine = umcg_share();
	must(mine >= 0, "umcg_share");
	send_fd(channel, mine);
	its = receive_fd(channel);
	other = umcg_attach(its);
	must(other != UMCG_NONE, "umcg_attach");
	close(mine);
	close(its);
}

static void task_throw(int side)
{
	(void)side;
	must(umcg_wake(other) == 0, "umcg_wake");
}

static void task_catch(int side)
{
	(void)side;
	must(umcg_wait(NULL) == 0, "umcg_wait");
}

static void task_turn(int side)
{
	(void)side;
	must(umcg_swap(other, NULL) == 0, "umcg_swap");
}

static void task_part(void)
{
	must(umcg_detach(other) == 0, "umcg_detach");
	must(umcg_unregister_task() == 0, "umcg_unregister_task");
}

/* A futex for each side: 1 when the ball is there */

static void futex_prepare(void)
{
	words = mmap(NULL, 2 * sizeof(*words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(words != MAP_FAILED, "mmap");
}

static void futex_throw(int side)
{
	uint32_t *word = &words[!side].word;

	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, 1);
}

static void futex_catch(int side)
{
	uint32_t *word = &words[side].word;

	while (!__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL);
}

static void futex_part(void)
{
	munmap(words, 2 * sizeof(*words));
}

/* Descriptors */

static void pipe_prepare(void)
{
	must(pipe(fds[0]) == 0 && pipe(fds[1]) == 0, "pipe");
}

static void eventfd_prepare(void)
{
	for (int i = 0; i < 2; i++) {
		fds[i][0] = eventfd(0, 0);
		fds[i][1] = dup(fds[i][0]);
		must(fds[i][0] >= 0 && fds[i][1] >= 0, "eventfd");
	}
}

static void fd_throw(int side)
{
	uint64_t one = 1;

	must(write(fds[!side][1], &one, sizeof(one)) == sizeof(one), "write");
}

static void fd_catch(int side)
{
	uint64_t one;

	must(read(fds[side][0], &one, sizeof(one)) == sizeof(one), "read");
}

static void fd_part(void)
{
	for (int i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
}

static const struct way ways[] = {
	{ "umcg_swap", NULL, task_meet, task_throw, task_catch, task_turn, task_part },
	{ "futex", futex_prepare, NULL, futex_throw, futex_catch, NULL, futex_part },
	{ "pipe", pipe_prepare, NULL, fd_throw, fd_catch, NULL, fd_part },
	{ "eventfd", eventfd_prepare, NULL, fd_throw, fd_catch, NULL, fd_part },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* Measuring */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void turn(const struct way *w, int side)
{
	if (w->turn) {
		w->turn(side);
	} else {
		w->throw(side);
		w->catch(side);
	}
}

static void second_process(const struct way *w, int channel, long rounds)
{
	if (w->meet)
		w->meet(1, channel);
	w->catch(1);
	for (long i = 1; i < rounds; i++)
		turn(w, 1);
	w->throw(1);
	_exit(0);
}

/* ns for each of so many round trips. */
static double measure(const struct way *w, long rounds)
{
	int channel[2], status;
	double begin, end;
	pid_t pid;

	if (w->prepare)
		w->prepare();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, channel) == 0, "socketpair");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		second_process(w, channel[1], rounds);
	if (w->meet)
		w->meet(0, channel[0]);
	turn(w, 0);			/* both are there, and warm */
	begin = now();
	for (long i = 1; i < rounds; i++)
		turn(w, 0);
	end = now();
	must(waitpid(pid, &status, 0) == pid && status == 0, "the other process");
	if (w->part)
		w->part();
	close(channel[0]);
	close(channel[1]);
	return (end - begin) / (double)(rounds - 1);
}

/* Rounds for about so many seconds, by a short try. */
static double sample(const struct way *w, double seconds)
{
	double once = measure(w, 2000);

	return measure(w, (long)(seconds * 1e9 / once) + 2);
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void pin(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	must(sched_getaffinity(0, sizeof(all), &all) == 0, "sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	must(sched_setaffinity(0, sizeof(one), &one) == 0, "sched_setaffinity");
}

static void report(FILE *json, const char *affinity, const char *name, double *samples, int runs)
{
	fprintf(json, "{\"bench\":\"processes-%s\",\"affinity\":\"%s\",\"unit\":\"ns\",\"samples\":[", name, affinity);
	for (int i = 0; i < runs; i++)
		fprintf(json, "%s%.6g", i ? "," : "", samples[i]);
	fprintf(json, "]}\n");
	qsort(samples, (size_t)runs, sizeof(*samples), order);
	printf("%-10s %-8s %8.0f ns   %.0f - %.0f\n", name, affinity, samples[runs / 2], samples[0], samples[runs - 1]);
}

int main(int argc, char **argv)
{
	static const char *const affinities[AFFINITIES] = { "default", "pinned" };
	static double samples[WAYS][MAX_RUNS];
	const char *path = argc > 1 ? argv[1] : "/dev/null";
	int runs = argc > 2 ? atoi(argv[2]) : 9;
	double seconds = argc > 3 ? atof(argv[3]) : 0.3;
	FILE *json = fopen(path, "w");

	must(json && runs > 0 && runs <= MAX_RUNS && seconds > 0, "usage: processes [JSON [RUNS [SECONDS]]]");
	puts("round trip between two processes: median, min - max");
	for (int a = 0; a < AFFINITIES; a++) {
		if (a == 1)
			pin();
		for (int run = 0; run < runs; run++)
			for (int w = 0; w < WAYS; w++)
				samples[w][run] = sample(&ways[w], seconds);
		for (int w = 0; w < WAYS; w++)
			report(json, affinities[a], ways[w].name, samples[w], runs);
	}
	must(fclose(json) == 0, path);
	return 0;
}
