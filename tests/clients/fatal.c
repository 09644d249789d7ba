/* SPDX-License-Identifier: MIT */
/* Violent ends from a thread: the status that the parent sees, and the handlers that run before. */
#include "client.h"

#include <assert.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static sem_t never;

static void *block(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void in_thread(void *(*what)(void *))
{
	pthread_t t[4];

	sem_init(&never, 0, 0);
	start_threads(t, 3, block);
	start_thread(&t[3], what, NULL);
	join_thread(t[3]);
	printf("still alive\n");
}

static void *call_abort(void *arg)
{
	abort();
}

static void abort_in_thread(void)
{
	in_thread(call_abort);
}

static __thread int own;
static pthread_t aborting;

static void on_abort(int sig)
{
	static const char text[] = "handler ran in the thread\n";

	if (pthread_equal(pthread_self(), aborting) && own == 17)
		write(1, text, sizeof(text) - 1);
}

static void *abort_with_handler(void *arg)
{
	own = 17;
	aborting = pthread_self();
	signal(SIGABRT, on_abort);
	abort();
}

static void abort_runs_handler(void)
{
	in_thread(abort_with_handler);
}

static void *fail_assertion(void *arg)
{
	assert(arg != NULL && "an argument");
	return NULL;
}

static void assertion_in_thread(void)
{
	in_thread(fail_assertion);
}

static void *fail_call(void *arg)
{
	int error = EXDEV;

#ifdef __GLIBC__
	assert_perror(error);
#else
	assert(!error);
#endif
	return NULL;
}

static void failed_call_in_thread(void)
{
	in_thread(fail_call);
}

static void *raise_term(void *arg)
{
	raise(SIGTERM);
	return NULL;
}

static void raise_in_thread(void)
{
	in_thread(raise_term);
}

static void *kill_self(void *arg)
{
	kill(getpid(), SIGINT);
	sem_wait(&never);
	return NULL;
}

static void kill_in_thread(void)
{
	in_thread(kill_self);
}

static void *thread_kill(void *arg)
{
	pthread_kill(pthread_self(), SIGUSR1);
	sem_wait(&never);
	return NULL;
}

static void thread_kill_in_thread(void)
{
	in_thread(thread_kill);
}

static void *write_nowhere(void *arg)
{
	volatile int *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*p = 1;
	return NULL;
}

static void fault_in_thread(void)
{
	in_thread(write_nowhere);
}

static void fault_in_main(void)
{
	pthread_t t[3];

	sem_init(&never, 0, 0);
	start_threads(t, 3, block);
	write_nowhere(NULL);
}

static void *divide(void *arg)
{
	volatile int seven = 7, zero = 0;

	return (void *)(intptr_t)(seven / zero);
}

static void division_in_thread(void)
{
	in_thread(divide);
}

static void *illegal(void *arg)
{
	__builtin_trap();
}

static void illegal_in_thread(void)
{
	in_thread(illegal);
}

static void *free_twice(void *arg)
{
	char *p = malloc(24);
	char *volatile q = p;

	free(p);
	free(q);
	return NULL;
}

static void double_free_in_thread(void)
{
	in_thread(free_twice);
}

__attribute__((noinline)) static void overrun(volatile char *p, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = 'x';
}

__attribute__((noinline, optimize("stack-protector-all"))) static void *smash(void *arg)
{
	char frame[16];

	overrun(frame, 64);
	return NULL;
}

static void smashed_stack_in_thread(void)
{
	in_thread(smash);
}

static void *write_to_closed_pipe(void *arg)
{
	int p[2];

	CHECK_EQ(pipe(p), 0);
	close(p[0]);
	write(p[1], "x", 1);
	return NULL;
}

static void broken_pipe_in_thread(void)
{
	in_thread(write_to_closed_pipe);
}

const struct check checks[] = {
	{ "abort_in_thread", abort_in_thread, "signal 6" },
	{ "abort_runs_handler", abort_runs_handler, "signal 6" },
	{ "assertion_in_thread", assertion_in_thread, "signal 6" },
	{ "failed_call_in_thread", failed_call_in_thread, "signal 6" },
	{ "raise_in_thread", raise_in_thread, "signal 15" },
	{ "kill_in_thread", kill_in_thread, "signal 2" },
	{ "thread_kill_in_thread", thread_kill_in_thread, "signal 10" },
	{ "fault_in_thread", fault_in_thread, "signal 11" },
	{ "fault_in_main", fault_in_main, "signal 11" },
	{ "division_in_thread", division_in_thread, "signal 8" },
	{ "illegal_in_thread", illegal_in_thread, "signal 4" },
	{ "double_free_in_thread", double_free_in_thread, BY_LIBC("signal 6", "signal 11") },
	{ "smashed_stack_in_thread", smashed_stack_in_thread, BY_LIBC("signal 6", "signal 11") },
	{ "broken_pipe_in_thread", broken_pipe_in_thread, "signal 13" },
	{ 0 },
};
