/* SPDX-License-Identifier: MIT */
/* Running one test program apart from the rest of the machine: see isolate.h. */
#include "isolate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

enum { ARGUMENTS = 15 };	/* more than any suite needs */

/* Queue names, message limits and named semaphores are global: two tests at a time would meet there. */
static int private_namespaces(void)
{
	if (unshare(CLONE_NEWIPC | CLONE_NEWNS) != 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -errno;
	if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0)
		return -errno;
	int fd = open("/proc/sys/fs/mqueue/msg_max", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = write(fd, "1024\n", 5) == 5 ? 0 : -errno;
	close(fd);
	return error;
}

const char *isolate_kind(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(private_namespaces() == 0 ? 0 : 1);
	int status = 1;
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0 ? "ipc+shm" : "none";
}

static void default_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags, 0644);
	if (fd < 0 || dup2(fd, to) < 0)
		_exit(126);
	if (fd != to)
		close(fd);
}

/* In the child. SETSID keeps terminal signals out; the death signal covers an interrupted runner. */
static void become(const struct isolate_run *run, const char *output)
{
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	private_namespaces();
	prctl(PR_CAPBSET_DROP, CAP_SYS_TIME);
	redirect("/dev/null", O_RDONLY, STDIN_FILENO);
	redirect(output, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	if (chdir(run->directory) != 0)
		_exit(126);
	if (run->preload)
		setenv("LD_PRELOAD", run->preload, 1);
	else
		unsetenv("LD_PRELOAD");
	default_signals();
	char *argv[ARGUMENTS + 2] = { (char *)run->program };
	for (int i = 0; i < ARGUMENTS && run->arguments[i]; i++)
		argv[i + 1] = run->arguments[i];
	execv(run->program, argv);
	_exit(127);
}

static void read_word(int task, const char *tid, const char *name, char *word, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "%.20s/%.20s", tid, name);
	int fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, word, size - 1);
	word[n < 0 ? 0 : n] = '\0';
	word[strcspn(word, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* A hang is only worth a report when one can see who slept where. */
static void describe_threads(pid_t pid, const char *output)
{
	char path[64], name[64], wchan[64], stat[512];
	FILE *out = fopen(output, "a");
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *task = opendir(path);
	if (out && task) {
		struct dirent *entry;
		while ((entry = readdir(task))) {
			if (entry->d_name[0] == '.')
				continue;
			read_word(dirfd(task), entry->d_name, "comm", name, sizeof name);
			read_word(dirfd(task), entry->d_name, "wchan", wchan, sizeof wchan);
			read_word(dirfd(task), entry->d_name, "stat", stat, sizeof stat);
			const char *state = strrchr(stat, ')');
			fprintf(out, "[deadline] %s %s state %c wchan %s\n", entry->d_name, name,
				state && state[1] ? state[2] : '?', wchan);
		}
	}
	if (task)
		closedir(task);
	if (out)
		fclose(out);
}

static pid_t parent_of(int proc, const char *pid)
{
	char stat[512];
	read_word(proc, pid, "stat", stat, sizeof stat);
	const char *after_name = strrchr(stat, ')');
	int parent = 0;
	if (after_name)
		sscanf(after_name, ") %*c %d", &parent);
	return parent;
}

/* /proc/PID/task/TID/children would be shorter, but not every kernel has it. */
static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	if (!proc)
		return;
	pid_t self = getpid();
	struct dirent *entry;
	while ((entry = readdir(proc))) {
		int pid = atoi(entry->d_name);
		if (pid > 0 && parent_of(dirfd(proc), entry->d_name) == self)
			kill(pid, SIGKILL);
	}
	closedir(proc);
}

/*
 * Every process that the test started is our child by now or becomes one when its parent dies, so killing
 * children until there are none ends exactly what the test started, in whatever session it hides.
 */
static void reap_everything(void)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0)
			continue;
		kill_children();
		poll(NULL, 0, 2);
	}
}

static void exit_verdict(int code, char verdict[VERDICT_SIZE])
{
	static const char *const names[] = { "PASS", "FAIL", "UNRESOLVED", NULL, "UNSUPPORTED", "UNTESTED" };
	if (code < (int)(sizeof names / sizeof names[0]) && names[code])
		snprintf(verdict, VERDICT_SIZE, "%s", names[code]);
	else
		snprintf(verdict, VERDICT_SIZE, "EXIT%d", code);
}

static int ended_within(int pidfd, int seconds)
{
	struct pollfd done = { .fd = pidfd, .events = POLLIN };
	return poll(&done, 1, seconds * 1000) > 0;
}

static int catches(pid_t pid, int sig)
{
	char path[64], line[256];
	unsigned long long caught = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *in = fopen(path, "r");
	while (in && fgets(line, sizeof line, in))
		if (sscanf(line, "SigCgt: %llx", &caught) == 1)
			break;
	if (in)
		fclose(in);
	return caught >> (sig - 1) & 1;
}

/* On a busy machine the program may not have its handler yet, and the signal would simply kill it. */
static void ask_to_end(pid_t pid, int pidfd, const struct isolate_run *run)
{
	if (ended_within(pidfd, run->stop_after))
		return;
	for (int second = 0; !catches(pid, SIGUSR1) && second < run->deadline; second++)
		if (ended_within(pidfd, 1))
			return;
	pidfd_send_signal(pidfd, SIGUSR1, NULL, 0);
}

static int await(pid_t pid, const struct isolate_run *run, const char *output, char verdict[VERDICT_SIZE])
{
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return -errno;
	if (run->stop_after)
		ask_to_end(pid, pidfd, run);
	int ended = ended_within(pidfd, run->deadline);
	close(pidfd);
	if (!ended) {
		describe_threads(pid, output);
		kill(pid, SIGKILL);
	}
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!ended)
		snprintf(verdict, VERDICT_SIZE, "TIMEOUT");
	else if (WIFSIGNALED(status))
		snprintf(verdict, VERDICT_SIZE, "SIGNAL%d", WTERMSIG(status));
	else
		exit_verdict(WEXITSTATUS(status), verdict);
	return 0;
}

int isolate_run(const struct isolate_run *run, char verdict[VERDICT_SIZE])
{
	char output[4096];
	if (snprintf(output, sizeof output, "%s.out", run->directory) >= (int)sizeof output)
		return -ENAMETOOLONG;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(run, output);
	int error = await(pid, run, output, verdict);
	reap_everything();
	return error;
}
