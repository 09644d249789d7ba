/* SPDX-License-Identifier: MIT */
/* Starting, watching and reaping a child. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "child.h"
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EXEC_FAILED = 127,
	/* At most so many reads in one go: a child that never stops writing must
	   not keep the runner from looking at the deadline. */
	READS = 16,
};

struct capture {
	int fd;
	char *text;
	size_t size, used;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pin_to_first_cpu(void)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
		_exit(EXEC_FAILED);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof one, &one) != 0)
		_exit(EXEC_FAILED);
}

static void set_environment(const struct child *child)
{
	char servers[16];

	if (child->preload)
		setenv("LD_PRELOAD", child->preload, 1);
	else
		unsetenv("LD_PRELOAD");
	snprintf(servers, sizeof servers, "%u", child->servers);
	if (child->servers)
		setenv("UMCG_SERVERS", servers, 0);
	if (child->trace_objects)
		setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
}

static void become(const struct child *child, pid_t parent, int output, int errors)
{
	int input = child->input >= 0 ? child->input : open("/dev/null", O_RDONLY);

	/* A killed runner must leave no benchmark behind to disturb the next one. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXEC_FAILED);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	set_environment(child);
	if (child->pinned)
		pin_to_first_cpu();
	execvp(child->argv[0], (char *const *)child->argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", child->argv[0], strerror(errno));
	_exit(EXEC_FAILED);
}

static void capture_read(struct capture *capture)
{
	char spill[4096];

	for (int i = 0; capture->fd >= 0 && i < READS; i++) {
		size_t room = capture->size - 1 - capture->used;
		ssize_t n = read(capture->fd, spill, sizeof spill);
		size_t take = n > 0 && (size_t)n < room ? (size_t)n : room;

		if (n < 0)
			return;
		if (n == 0) {
			close(capture->fd);
			capture->fd = -1;
			return;
		}
		memcpy(capture->text + capture->used, spill, take);
		capture->used += take;
		capture->text[capture->used] = '\0';
	}
}

static int capture_open(struct capture *capture, char *text, size_t size)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		pairs_fail("pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*capture = (struct capture){ .fd = ends[0], .text = text, .size = size };
	text[0] = '\0';
	return ends[1];
}

/* Until the child has ended or the deadline is over; true: it has ended. */
static bool watch(int pidfd, struct capture captures[2], double deadline)
{
	struct pollfd fds[3] = { { .fd = pidfd, .events = POLLIN } };

	for (;;) {
		double left = deadline - now();

		for (int i = 0; i < 2; i++)
			fds[1 + i] = (struct pollfd){ .fd = captures[i].fd, .events = POLLIN };
		if (left <= 0)
			return false;
		if (poll(fds, 3, (int)(left * 1000) + 1) < 0 && errno != EINTR)
			pairs_fail("poll: %s", strerror(errno));
		for (int i = 0; i < 2; i++)
			capture_read(&captures[i]);
		if (fds[0].revents)
			return true;
	}
}

static void reap(pid_t pid, struct child_result *result)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			pairs_fail("wait4: %s", strerror(errno));
	result->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	if (WIFSIGNALED(status)) {
		result->outcome = OUTCOME_DIED;
		result->detail = WTERMSIG(status);
	} else if (WEXITSTATUS(status) != 0) {
		result->outcome = OUTCOME_EXIT;
		result->detail = WEXITSTATUS(status);
	}
}

void child_run(const struct child *child, struct child_result *result)
{
	struct capture captures[2];
	int output, errors, pidfd;
	pid_t parent = getpid(), pid;
	double start;
	bool ended;

	memset(result, 0, sizeof *result);
	output = capture_open(&captures[0], result->output, sizeof result->output);
	errors = capture_open(&captures[1], result->errors, sizeof result->errors);
	fflush(NULL);
	start = now();
	pid = fork();
	if (pid < 0)
		pairs_fail("fork: %s", strerror(errno));
	if (pid == 0)
		become(child, parent, child->output >= 0 ? child->output : output, errors);
	close(output);
	close(errors);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		pairs_fail("pidfd_open: %s", strerror(errno));
	}
	ended = watch(pidfd, captures, start + child->deadline);
	result->seconds = now() - start;
	if (!ended)
		kill(pid, SIGKILL);
	reap(pid, result);
	if (!ended)
		result->outcome = OUTCOME_HANG;
	for (int i = 0; i < 2; i++) {
		capture_read(&captures[i]);
		if (captures[i].fd >= 0)
			close(captures[i].fd);
	}
	close(pidfd);
}

const char *child_outcome_text(enum outcome outcome, int detail)
{
	static char text[48];
	const char *name;

	switch (outcome) {
	case OUTCOME_OK:
		return "ok";
	case OUTCOME_HANG:
		return "hang";
	case OUTCOME_BAD_OUTPUT:
		return "wrong output";
	case OUTCOME_EXIT:
		snprintf(text, sizeof text, "exit %d", detail);
		return text;
	case OUTCOME_DIED:
		break;
	}
	name = sigabbrev_np(detail);
	if (name)
		snprintf(text, sizeof text, "died (SIG%s)", name);
	else
		snprintf(text, sizeof text, "died (signal %d)", detail);
	return text;
}
