/* SPDX-License-Identifier: MIT */
/* When its threads have ended, a process is single-threaded again; and it can have threads again. */
#include "client.h"

#include <dirent.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { THREADS = 4, ROUNDS = 3, EDGE_ROUNDS = 5 };

static sem_t posted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static int tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	CHECK(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void *wait_a_little(void *unused)
{
	(void)unused;
	sleep_ms(1);
	sched_yield();
	return NULL;
}

static void have_threads(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, wait_a_little);
	join_threads(t, THREADS);
}

static void be_alone(void)
{
	have_threads();
	while (tasks() > 1)
		sleep_ms(1);
}

static void sleeping(void)
{
	for (int i = 0; i < ROUNDS; i++)
		be_alone();
}

static void yielding(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		have_threads();
		while (tasks() > 1)
			sched_yield();
	}
}

static void computing(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		have_threads();
		while (tasks() > 1)
			burn(10000);
	}
}

/* New threads about when the process comes to be single-threaded. */
static void threads_at_the_edge(void)
{
	for (int i = 0; i < EDGE_ROUNDS; i++) {
		have_threads();
		sleep_ms(98 + (unsigned)i);
	}
	for (int i = 0; i < EDGE_ROUNDS; i++) {
		have_threads();
		burn_ms(98 + (unsigned)i);
	}
}

static void limited_wait(void)
{
	struct timespec end;

	have_threads();
	end = after_ms(CLOCK_REALTIME, 250);
	pthread_mutex_lock(&lock);
	CHECK_EQ(pthread_cond_timedwait(&never, &lock, &end), ETIMEDOUT);
	pthread_mutex_unlock(&lock);
	CHECK_EQ(tasks(), 1);
	have_threads();
}

static void post(int sig)
{
	(void)sig;
	sem_post(&posted);
}

static void signal_ends_wait(void)
{
	struct sigaction act = { .sa_handler = post, .sa_flags = SA_RESTART };

	CHECK_EQ(sigaction(SIGALRM, &act, NULL), 0);
	for (int i = 0; i < 2; i++) {
		have_threads();
		alarm(1);
		while (sem_wait(&posted))
			CHECK_EQ(errno, EINTR);
		CHECK_EQ(tasks(), 1);
	}
}

static void fork_then(void)
{
	int status;
	pid_t pid;

	be_alone();
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK_EQ(gettid(), getpid());
		CHECK_EQ(syscall(SYS_gettid), getpid());
		be_alone();
		_exit(42);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 42);
	have_threads();
}

static void credentials(void)
{
	be_alone();
	CHECK_EQ(setegid(getegid()), 0);
	have_threads();
	CHECK_EQ(seteuid(geteuid()), 0);
	be_alone();
}

static void user_namespace(void)
{
	int ret, tries = 0;

	have_threads();
	/* The kernel lets a joiner go a little before the thread is gone. */
	while ((ret = unshare(CLONE_NEWUSER)) && errno == EINVAL && tries++ < 1000)
		sleep_ms(1);
	printf("unshare: %s\n", ret ? strerror(errno) : "done");
	have_threads();
}

const struct check checks[] = {
	{ .name = "sleeping", .run = sleeping },
	{ .name = "yielding", .run = yielding },
	{ .name = "computing", .run = computing },
	{ .name = "threads_at_the_edge", .run = threads_at_the_edge },
	{ .name = "limited_wait", .run = limited_wait },
	{ .name = "signal_ends_wait", .run = signal_ends_wait },
	{ .name = "fork_then", .run = fork_then },
	{ .name = "credentials", .run = credentials },
	{ .name = "user_namespace", .run = user_namespace },
	{ 0 },
};
