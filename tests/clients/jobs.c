/* SPDX-License-Identifier: MIT */
/*
 * Processes with threads as jobs of a shell: stopped and continued from their terminal, ended by it; and what they
 * leave behind when they crash.
 */
#include "client.h"

#include <fcntl.h>
#include <pty.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>

enum { BLOCKED_THREADS = 3 };

static sem_t never;
static atomic_int continued;

static void on_continue(int sig)
{
	continued++;
}

__attribute__((noinline)) static void *wait_in_job(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void *compute_in_job(void *arg)
{
	while (burn(1000))
		continue;
	return NULL;
}

static void *read_line(void *arg)
{
	char line[20] = "";

	dprintf(1, "reads\n");
	CHECK_EQ(read(0, line, sizeof(line)), 5);
	CHECK_EQ(memcmp(line, "line\n", 5), 0);
	while (!continued)	/* by whichever thread */
		sleep_ms(1);
	exit(46);
}

static void start_crowd(void)
{
	pthread_t t[BLOCKED_THREADS];

	sem_init(&never, 0, 0);
	start_threads(t, BLOCKED_THREADS, wait_in_job);
	start_thread(&t[0], compute_in_job, NULL);
	sleep_ms(20);
}

/* In the background it is stopped when it reads from the terminal. */
static void be_reader(void)
{
	pthread_t t;

	CHECK(signal(SIGCONT, on_continue) != SIG_ERR);
	start_crowd();
	start_thread(&t, read_line, NULL);
	join_thread(t);
}

static void be_busy(void)
{
	start_crowd();
	dprintf(1, "busy\n");
	compute_in_job(NULL);
}

static pid_t start_job(void (*job)(void), bool foreground)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	setpgid(pid, pid);
	if (foreground)
		tcsetpgrp(0, pid ? pid : getpid());
	if (pid)
		return pid;
	signal(SIGTTOU, SIG_DFL);
	job();
	_exit(1);
}

static void await(pid_t job, const char *what)
{
	int status;

	CHECK_EQ(waitpid(job, &status, WUNTRACED | WCONTINUED), job);
	if (WIFSTOPPED(status))
		dprintf(1, "%s: stopped %s\n", what, strsignal(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		dprintf(1, "%s: continued\n", what);
	else if (WIFSIGNALED(status))
		dprintf(1, "%s: ended %s\n", what, strsignal(WTERMSIG(status)));
	else
		dprintf(1, "%s: exit %d\n", what, WEXITSTATUS(status));
}

static void foreground(pid_t job)
{
	CHECK_EQ(tcsetpgrp(0, job), 0);
	CHECK_EQ(kill(-job, SIGCONT), 0);
}

static void be_shell(void)
{
	pid_t job;

	signal(SIGTTOU, SIG_IGN);
	job = start_job(be_reader, false);
	await(job, "background");
	foreground(job);
	await(job, "foreground");
	await(job, "reader");
	tcsetpgrp(0, getpid());
	job = start_job(be_busy, true);
	await(job, "keyboard");
	foreground(job);
	await(job, "foreground");
	dprintf(1, "again\n");
	await(job, "busy one");
	_exit(0);
}

/* Read from the shell's terminal until it says this; all that came is the transcript. */
static void expect(int terminal, const char *wanted)
{
	static char text[4096];
	static size_t got;
	ssize_t n;

	while (!strstr(text, wanted)) {
		n = read(terminal, text + got, sizeof(text) - 1 - got);
		if (n <= 0)
			break;
		got += n;
	}
	CHECK(strstr(text, wanted));
}

static void in_a_shell(void)
{
	struct termios raw;
	pid_t shell;
	int terminal, status;

	shell = forkpty(&terminal, NULL, NULL, NULL);
	CHECK(shell >= 0);
	if (!shell) {
		CHECK_EQ(tcgetattr(0, &raw), 0);
		raw.c_lflag &= ~(tcflag_t)ECHO;
		CHECK_EQ(tcsetattr(0, TCSANOW, &raw), 0);
		be_shell();
	}
	expect(terminal, "background: stopped Stopped (tty input)");
	expect(terminal, "foreground: continued");
	CHECK_EQ(write(terminal, "line\n", 5), 5);
	expect(terminal, "reader: exit 46");
	expect(terminal, "busy\r\n");
	CHECK_EQ(write(terminal, "\x1a", 1), 1);
	expect(terminal, "keyboard: stopped Stopped");
	expect(terminal, "again");
	CHECK_EQ(write(terminal, "\x03", 1), 1);
	expect(terminal, "busy one: ended Interrupt");
	CHECK_EQ(waitpid(shell, &status, 0), shell);
	CHECK_EQ(status, 0);
}

/* What the crash of one thread leaves behind shows them all. */

__attribute__((noinline)) static void *crash_in_job(void *arg)
{
	sched_yield();
	sleep_ms(30);
	*(volatile int *)arg = 1;
	return arg;
}

static void crash(void)
{
	struct rlimit all;
	pthread_t t;

	CHECK_EQ(getrlimit(RLIMIT_CORE, &all), 0);
	all.rlim_cur = all.rlim_max;
	CHECK_EQ(setrlimit(RLIMIT_CORE, &all), 0);
	start_crowd();
	start_thread(&t, crash_in_job, (void *)8);
	join_thread(t);
}

static bool core_is_a_plain_file(void)
{
	char pattern[200] = "";
	struct rlimit most;
	FILE *f = fopen("/proc/sys/kernel/core_pattern", "r");

	if (!f || !fgets(pattern, sizeof(pattern), f))
		return false;
	fclose(f);
	return !strcmp(pattern, "core\n") && !getrlimit(RLIMIT_CORE, &most) && most.rlim_max == RLIM_INFINITY;
}

/* What gdb has to say about the core file. */
static void ask_gdb(void)
{
	char command[8192];

	snprintf(command, sizeof(command),
		 "LD_PRELOAD= gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'thread apply all bt' '%s' core* >frames 2>&1",
		 client_argv[0]);
	CHECK_EQ(system(command), 0);
}

static int frames_of(const char *function)
{
	FILE *in = fopen("frames", "r");
	char line[4096];
	int n = 0;

	CHECK(in);
	while (fgets(line, sizeof(line), in))
		n += strstr(line, function) != NULL;
	fclose(in);
	return n;
}

static void core_file(void)
{
	pid_t child;
	int status;

	if (!core_is_a_plain_file())
		client_skip("the kernel puts core files elsewhere");
	child = fork();
	CHECK(child >= 0);
	if (!child)
		crash();
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
	CHECK(WCOREDUMP(status));
	if (access("/usr/bin/gdb", X_OK))
		client_skip("gdb is not installed");
	ask_gdb();
	CHECK_EQ(frames_of(" wait_in_job ("), BLOCKED_THREADS);
	CHECK(frames_of(" crash_in_job (") >= 1);	/* gdb begins with the one that crashed */
	CHECK_EQ(frames_of(" compute_in_job ("), 1);
}

const struct check checks[] = {
	{ "in_a_shell", in_a_shell, NULL },
	{ "core_file", core_file, NULL },
	{ 0 },
};
