/* SPDX-License-Identifier: MIT */
/* Other programs started by threads, and a thread that becomes another program: what the new image finds. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>

extern char **environ;

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

static void crowd(void)
{
	pthread_t t;

	sem_init(&never, 0, 0);
	for (int i = 0; i < 3; i++)
		start_thread(&t, block, NULL);
	start_thread(&t, spin, NULL);
}

static int exit_status_of(pid_t child)
{
	int status;

	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void *vfork_and_exec(void *arg)
{
	for (int i = 0; i < 5; i++) {
		volatile int shared = 0;
		pid_t child = vfork();

		if (!child) {
			/* The parent's memory, while it waits. */
			shared = 1;
			execl("/bin/sh", "sh", "-c", "exit 12", (char *)NULL);
			_exit(127);
		}
		CHECK(child > 0);
		CHECK_EQ(shared, 1);
		CHECK_EQ(exit_status_of(child), 12);
	}
	return NULL;
}

static void *spawn(void *arg)
{
	char *argv[] = { "sh", "-c", "exit 13", NULL };

	for (int i = 0; i < 5; i++) {
		pid_t child;

		CHECK_EQ(posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ), 0);
		CHECK_EQ(exit_status_of(child), 13);
		CHECK_EQ(posix_spawnp(&child, "sh", NULL, NULL, argv, environ), 0);
		CHECK_EQ(exit_status_of(child), 13);
		CHECK_EQ(posix_spawn(&child, "/nonexistent/program", NULL, NULL, argv, environ), ENOENT);
	}
	return NULL;
}

static void *run_system(void *arg)
{
	int status = system("exit 3");

	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 3);
	status = system("kill -TERM $$");
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGTERM);
	CHECK(system(NULL) != 0);
	return NULL;
}

/* musl's popen() may fail by EBADF while another thread closes a stream: the child is to close that too. */
static FILE *open_command(const char *command, const char *mode)
{
	FILE *f;

	do
		f = popen(command, mode);
	while (BY_LIBC(false, !f && errno == EBADF));
	return f;
}

static void *use_popen(void *arg)
{
	char line[64] = "";
	FILE *f = open_command("echo one; exit 4", "r");

	CHECK(f && fgets(line, sizeof(line), f));
	CHECK(!strcmp(line, "one\n"));
	CHECK_EQ(WEXITSTATUS(pclose(f)), 4);
	f = open_command("read line; test \"$line\" = two", "w");
	CHECK(f && fputs("two\n", f) >= 0);
	CHECK_EQ(pclose(f), 0);
	return NULL;
}

static void in_main_and_threads(void *(*what)(void *))
{
	pthread_t t[3];

	crowd();
	start_threads(t, 3, what);
	what(NULL);
	join_threads(t, 3);
	_exit(0);
}

static void vforks(void)
{
	in_main_and_threads(vfork_and_exec);
}

static void spawns(void)
{
	in_main_and_threads(spawn);
}

static void systems(void)
{
	in_main_and_threads(run_system);
}

static void popens(void)
{
	in_main_and_threads(use_popen);
}

/* What this process was given: the image that exec made, or a spawned one. */
static void print_image(void)
{
	sigset_t mask;

	for (int i = 1; i < client_argc; i++)
		printf("argument %s\n", client_argv[i]);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int s = 1; s < 65; s++) {
		struct sigaction a;

		if (sigismember(&mask, s) == 1)
			printf("blocked %d\n", s);
		if (!sigaction(s, NULL, &a) && a.sa_handler == SIG_IGN)
			printf("ignored %d\n", s);
	}
	printf("variable %s\n", getenv("OWN"));
}

static char self[4096], pid_text[32];

static void prepare_self(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(n > 0);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)getpid());
	setenv("OWN", "value of its own", 1);
	signal(SIGUSR2, SIG_IGN);
	printf("before\n");
}

static void *exec_self(void *arg)
{
	char *argv[] = { "client", "print_image", "first of its own", "last", NULL };
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigaddset(&s, SIGRTMIN + 5);
	if (arg)
		pthread_sigmask(SIG_SETMASK, &s, NULL);
	execv(self, argv);
	_exit(126);
}

static void exec_from_thread(void)
{
	pthread_t t;

	prepare_self();
	crowd();
	start_thread(&t, exec_self, NULL);
	join_thread(t);
}

static void exec_with_mask(void)
{
	pthread_t t;

	prepare_self();
	crowd();
	start_thread(&t, exec_self, &t);
	join_thread(t);
}

static void exec_from_main(void)
{
	prepare_self();
	crowd();
	exec_self(self);
}

static void *exec_keeping_pid(void *arg)
{
	execlp("sh", "sh", "-c", "test $$ = $1 && exit 15", "sh", pid_text, (char *)NULL);
	_exit(126);
}

static void exec_keeps_pid(void)
{
	pthread_t t;

	prepare_self();
	crowd();
	start_thread(&t, exec_keeping_pid, NULL);
	join_thread(t);
}

static void *exec_nothing(void *arg)
{
	char *argv[] = { "nothing", NULL };

	CHECK_EQ(execv("/nonexistent/program", argv), -1);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(execvp("nonexistent-program", argv), -1);
	CHECK_EQ(errno, ENOENT);
	return NULL;
}

/* After an exec that failed the process goes on as before. */
static void exec_fails(void)
{
	pthread_t t[4];

	/* A folder that may not be searched would give another error. */
	setenv("PATH", "/usr/bin:/bin", 1);
	crowd();
	start_threads(t, 4, exec_nothing);
	join_threads(t, 4);
	exec_nothing(NULL);
	spawn(NULL);
	_exit(0);
}

static void *spawn_with_mask(void *arg)
{
	char *argv[] = { "client", "print_image", NULL };
	posix_spawnattr_t a;
	sigset_t s;
	pid_t child;

	sigemptyset(&s);
	sigaddset(&s, SIGHUP);
	pthread_sigmask(SIG_SETMASK, &s, NULL);
	CHECK_EQ(posix_spawn(&child, self, NULL, NULL, argv, environ), 0);
	CHECK_EQ(exit_status_of(child), 0);
	sigaddset(&s, SIGQUIT);
	posix_spawnattr_init(&a);
	CHECK_EQ(posix_spawnattr_setflags(&a, POSIX_SPAWN_SETSIGMASK), 0);
	CHECK_EQ(posix_spawnattr_setsigmask(&a, &s), 0);
	CHECK_EQ(posix_spawn(&child, self, NULL, &a, argv, environ), 0);
	CHECK_EQ(exit_status_of(child), 0);
	posix_spawnattr_destroy(&a);
	return NULL;
}

static void masks_of_spawned(void)
{
	pthread_t t;

	prepare_self();
	start_thread(&t, spawn_with_mask, NULL);
	join_thread(t);
}

const struct check checks[] = {
	{ "vforks", vforks, NULL },
	{ "spawns", spawns, NULL },
	{ "systems", systems, NULL },
	{ "popens", popens, NULL },
	{ "exec_from_thread", exec_from_thread, NULL },
	{ "exec_with_mask", exec_with_mask, NULL },
	{ "exec_from_main", exec_from_main, NULL },
	{ "exec_keeps_pid", exec_keeps_pid, "exit 15" },
	{ "exec_fails", exec_fails, NULL },
	{ "masks_of_spawned", masks_of_spawned, NULL },
	{ "print_image", print_image, "mode" },
	{ 0 },
};
