/* SPDX-License-Identifier: MIT */
/* The less usual ways to make a process, to become a program and to wait for children, all from threads. */
#include "client.h"

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;
extern pid_t __vfork(void);

static sem_t never;

static void *block(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void *spin(void *arg)
{
	while (burn(1000))
		continue;
	return NULL;
}

static void in_thread_beside_others(void *(*what)(void *))
{
	pthread_t t;

	sem_init(&never, 0, 0);
	start_thread(&t, block, NULL);
	start_thread(&t, spin, NULL);
	start_thread(&t, what, NULL);
	join_thread(t);
	_exit(0);
}

static void exited_with(pid_t child, int wanted)
{
	int status;

	CHECK(child > 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), wanted);
}

static pid_t fork_for(int status)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		sleep_ms(5);
		_exit(status);
	}
	return child;
}

static void *wait_each_way(void *arg)
{
	struct rusage usage;
	siginfo_t info = { 0 };
	int status;
	pid_t child = fork_for(31);

	CHECK_EQ(wait(&status), child);
	CHECK_EQ(WEXITSTATUS(status), 31);
	child = fork_for(32);
	CHECK_EQ(wait3(&status, 0, &usage), child);
	CHECK_EQ(WEXITSTATUS(status), 32);
	child = fork_for(33);
	CHECK_EQ(wait4(child, &status, 0, &usage), child);
	CHECK_EQ(WEXITSTATUS(status), 33);
	child = fork_for(34);
	CHECK_EQ(waitid(P_PID, child, &info, WEXITED), 0);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_status, 34);
	child = fork_for(35);
	CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
	exited_with(child, 35);
	CHECK_EQ(waitpid(child, &status, 0), -1);
	CHECK_EQ(errno, ECHILD);
	return NULL;
}

static int cloned(void *arg)
{
	return *(int *)arg;
}

static void *make_each_way(void *arg)
{
	static char stack[65536] __attribute__((aligned(64)));
	int status = 41;
	pid_t child = _Fork();

	if (!child)
		_exit(40);
	exited_with(child, 40);
	exited_with(clone(cloned, stack + sizeof(stack), SIGCHLD, &status), 41);
	status = 42;
	exited_with(clone(cloned, stack + sizeof(stack), SIGCHLD | CLONE_VM | CLONE_VFORK, &status), 42);
	child = __vfork();
	if (!child)
		_exit(43);
	exited_with(child, 43);
	return NULL;
}

static void *make_terminal(void *arg)
{
	char line[64] = "";
	size_t got = 0;
	ssize_t n;
	int fd;
	pid_t child = forkpty(&fd, NULL, NULL, NULL);

	CHECK(child >= 0);
	if (!child) {
		CHECK(isatty(0) && getsid(0) == getpid());
		dprintf(1, "on a terminal");
		_exit(44);
	}
	while ((n = read(fd, line + got, sizeof(line) - 1 - got)) > 0)
		got += n;
	CHECK(!strcmp(line, "on a terminal"));
	exited_with(child, 44);
	close(fd);
	return NULL;
}

static void *become_daemon(void *arg)
{
	int p[2];
	char answer = 0;
	pid_t child, session = getsid(0);

	CHECK_EQ(pipe(p), 0);
	child = fork();
	if (!child) {
		CHECK_EQ(daemon(0, 1), 0);
		answer = getsid(0) != session ? 'd' : 'x';
		/* Threads work in what the daemon became. */
		sem_init(&never, 0, 0);
		start_thread(&(pthread_t){ 0 }, block, NULL);
		sem_post(&never);
		write(p[1], &answer, 1);
		_exit(0);
	}
	close(p[1]);
	CHECK_EQ(read(p[0], &answer, 1), 1);
	CHECK_EQ(answer, 'd');
	exited_with(child, 0);
	return NULL;
}

/* One kind of exec in each forked child. */
static void exec_kind(int kind)
{
	char *argv[] = { "sh", "-c", "test \"$OWN\" = given && exit 51", NULL };
	char *given[] = { "OWN=given", "PATH=/usr/bin:/bin", NULL };
	int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	switch (kind) {
	case 0: execve("/bin/sh", argv, given); break;
	case 1: execvpe("sh", argv, given); break;
	case 2: execle("/bin/sh", argv[0], argv[1], argv[2], (char *)NULL, given); break;
	case 3: fexecve(fd, argv, given); break;
	case 4: execveat(AT_FDCWD, "/bin/sh", argv, given, 0); break;
	case 5: environ = given; execvp("sh", argv); break;
	default: environ = given; execl("/bin/sh", argv[0], argv[1], argv[2], (char *)NULL); break;
	}
	_exit(127);
}

static void *exec_in_thread(void *kind)
{
	exec_kind(*(int *)kind);
	return NULL;
}

static void *exec_each_way(void *arg)
{
	for (int kind = 0; kind < 7; kind++) {
		pid_t child = fork();

		if (!child) {
			pthread_t t;

			if (kind & 1)
				exec_kind(kind);
			start_thread(&t, exec_in_thread, &kind);
			join_thread(t);
		}
		exited_with(child, 51);
	}
	return NULL;
}

/* The tracer is the very kernel thread that waited. */
static void *trace_child(void *arg)
{
	int status;
	pid_t child = fork();

	if (!child) {
		CHECK_EQ(ptrace(PTRACE_TRACEME, 0, NULL, NULL), 0);
		raise(SIGSTOP);
		_exit(52);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSTOPPED(status));
	for (int i = 0; i < 10; i++) {
		siginfo_t info;

		sched_yield();
		CHECK_EQ(ptrace(PTRACE_GETSIGINFO, child, NULL, &info), 0);
		CHECK_EQ(info.si_signo, SIGSTOP);
	}
	CHECK_EQ(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	exited_with(child, 52);
	return NULL;
}

static void tracer(void) { in_thread_beside_others(trace_child); }
static void waits(void) { in_thread_beside_others(wait_each_way); }
static void makes(void) { in_thread_beside_others(make_each_way); }
static void terminal(void) { in_thread_beside_others(make_terminal); }
static void as_daemon(void) { in_thread_beside_others(become_daemon); }
static void execs(void) { in_thread_beside_others(exec_each_way); }

const struct check checks[] = {
	{ "waits", waits, NULL },
	{ "makes", makes, NULL },
	{ "terminal", terminal, NULL },
	{ "as_daemon", as_daemon, NULL },
	{ "execs", execs, NULL },
	{ "tracer", tracer, NULL },
	{ 0 },
};
