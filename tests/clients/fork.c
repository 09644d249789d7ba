/* SPDX-License-Identifier: MIT */
/* fork() while other threads run: the child is the thread that called, with working locks, threads and mask. */
#include "crowd.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void *allocate(void *arg)
{
	while (!over) {
		void *p = malloc(1000 + (intptr_t)arg);

		sched_yield();
		free(p);
	}
	return NULL;
}

static void start_crowd(pthread_t *t)
{
	start_threads(t, 2, allocate);
	start_threads(t + 2, 2, alternate);
	sleep_ms(5);
}

static void end_crowd(pthread_t *t)
{
	over = true;
	pthread_mutex_lock(&m);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	join_threads(t, 4);
}

static sem_t ping, pong;

static void *answer(void *arg)
{
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(sem_wait(&ping), 0);
		CHECK_EQ(sem_post(&pong), 0);
	}
	return arg;
}

/* What a child has to be able to do: allocate, print, make threads that wait for each other, end. */
static void live_as_child(pthread_t self, int status)
{
	pthread_t t[2];
	char *text = malloc(5000);

	CHECK_EQ(gettid(), getpid());
	CHECK(pthread_equal(pthread_self(), self));
	memset(text, 1, 5000);
	free(text);
	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	start_threads(t, 2, answer);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(sem_post(&ping), 0);
		CHECK_EQ(sem_wait(&pong), 0);
	}
	join_threads(t, 2);
	exit(status);
}

static void fork_and_wait(int status)
{
	pthread_t self = pthread_self();
	int got = -1;
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child)
		live_as_child(self, status);
	CHECK_EQ(waitpid(child, &got, 0), child);
	CHECK(WIFEXITED(got));
	CHECK_EQ(WEXITSTATUS(got), status);
}

static void from_main(void)
{
	pthread_t t[4];

	start_crowd(t);
	for (int i = 0; i < 10; i++)
		fork_and_wait(20 + i);
	end_crowd(t);
}

static void *fork_some(void *arg)
{
	for (int i = 0; i < 5; i++)
		fork_and_wait(30 + (int)(intptr_t)arg);
	return NULL;
}

static void from_threads(void)
{
	pthread_t t[4], forkers[3];

	start_crowd(t);
	start_threads(forkers, 3, fork_some);
	join_threads(forkers, 3);
	end_crowd(t);
}

static void before_any_thread(void)
{
	for (int i = 0; i < 3; i++)
		fork_and_wait(40 + i);
}

static __thread int own = 5;

static void *fork_with_state(void *arg)
{
	int status;
	sigset_t mask, got;
	pid_t child;

	own = 6;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN + 1);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	child = fork();
	if (!child) {
		CHECK_EQ(own, 6);
		CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &got), 0);
		CHECK(!memcmp(&got, &mask, 8));
		/* The end of the thread that forked is the end of the child. */
		pthread_exit(NULL);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	return NULL;
}

static void state_of_the_child(void)
{
	pthread_t t;

	start_thread(&t, fork_with_state, NULL);
	join_thread(t);
}

static void *grow_family(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	int status;
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		pthread_t t;

		if (depth) {
			start_thread(&t, grow_family, (void *)(depth - 1));
			join_thread(t);
		}
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	return NULL;
}

static void generations(void)
{
	pthread_t t;

	start_thread(&t, grow_family, (void *)4L);
	join_thread(t);
}

static char order[16];
static int noted;

static void note(char what)
{
	order[noted++] = what;
}

static void prepare_1(void) { note('p'); }
static void parent_1(void) { note('q'); }
static void child_1(void) { note('c'); }
static void prepare_2(void) { note('P'); }
static void parent_2(void) { note('Q'); }
static void child_2(void) { note('C'); }

static void *fork_with_handlers(void *arg)
{
	int status;
	pid_t child = fork();

	if (!child) {
		CHECK(!strcmp(order, "PpcC"));
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK(!strcmp(order, "PpqQ"));
	return NULL;
}

static void atfork_order(void)
{
	pthread_t t;

	CHECK_EQ(pthread_atfork(prepare_1, parent_1, child_1), 0);
	CHECK_EQ(pthread_atfork(prepare_2, parent_2, child_2), 0);
	start_thread(&t, fork_with_handlers, NULL);
	join_thread(t);
}

/* A mutex held by the thread that forks stays held by it in the child. */
static void held_lock(void)
{
	int status;
	pthread_t t[4];
	pid_t child;

	start_crowd(t);
	pthread_mutex_lock(&m);
	child = fork();
	if (!child) {
		CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
		pthread_mutex_unlock(&m);
		CHECK_EQ(pthread_mutex_trylock(&m), 0);
		_exit(0);
	}
	pthread_mutex_unlock(&m);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	end_crowd(t);
}

static void *lock_and_end(void *arg)
{
	pthread_mutex_lock(&m);
	turn++;
	pthread_mutex_unlock(&m);
	return NULL;
}

static bool early_wanted;
static pthread_t early;

static void start_early(void)
{
	if (early_wanted)
		start_thread(&early, lock_and_end, NULL);
}

/* Before any library's constructor, so that it runs first in the child; musl begins with constructors. */
#ifndef __GLIBC__
__attribute__((constructor(101)))
#endif
static void register_early(void)
{
	pthread_atfork(NULL, NULL, start_early);
}

#ifdef __GLIBC__
__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = register_early;
#endif

static void child_with_early_thread(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		pthread_t t[4];

		start_threads(t, 4, lock_and_end);
		join_threads(t, 4);
		join_thread(early);
		_exit(turn);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 5 << 8);
}

/* A handler that creates a thread in the child, while the parent has had no thread yet and after it has. */
static void thread_in_handler(void)
{
	pthread_t t;

	early_wanted = true;
	for (int i = 0; i < 10; i++)
		child_with_early_thread();
	start_thread(&t, lock_and_end, NULL);
	join_thread(t);
	turn = 0;
	for (int i = 0; i < 10; i++)
		child_with_early_thread();
}

/* Waits that the kernel ends: nobody else is there to do it. */
static int wait_as_child(void *arg)
{
	int ends[2];
	char got;

	CHECK_EQ(usleep(1000), 0);
	CHECK_EQ(pipe(ends), 0);
	if (!fork()) {
		usleep(1000);
		CHECK_EQ(write(ends[1], "x", 1), 1);
		_exit(0);
	}
	CHECK_EQ(read(ends[0], &got, 1), 1);
	return 50;
}

static int unshare_as_child(void *arg)
{
	CHECK_EQ(unshare(CLONE_FS), 0);
	return 50;
}

/* The status of the last thread is the process's. */
static int have_thread_as_child(void *arg)
{
	pthread_t t;

	start_thread(&t, lock_and_end, NULL);
	join_thread(t);
	return wait_as_child(arg);
}

static void clone_and_wait(int (*live)(void *))
{
	static __thread char stack[65536] __attribute__((aligned(64)));
	pid_t children[2];

	children[0] = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!children[0])
		syscall(SYS_exit, live(NULL));
	children[1] = clone(live, stack + sizeof(stack), SIGCHLD, NULL);
	for (int i = 0; i < 2; i++) {
		int status = -1;

		CHECK(children[i] > 0);
		CHECK_EQ(waitpid(children[i], &status, 0), children[i]);
		CHECK_EQ(status, 50 << 8);
	}
}

static void *clone_some(void *arg)
{
	for (int i = 0; i < 3; i++) {
		usleep(100);
		clone_and_wait(wait_as_child);
	}
	return NULL;
}

/* Without fork(), so without its handlers; just after a thread has ended, and beside threads that do not wait for it. */
static void by_clone(void)
{
	pthread_t t[4], cloner;

	start_thread(&cloner, lock_and_end, NULL);
	join_thread(cloner);
	clone_and_wait(unshare_as_child);
	clone_and_wait(wait_as_child);
	clone_and_wait(have_thread_as_child);
	start_crowd(t);
	clone_and_wait(wait_as_child);
	start_thread(&cloner, clone_some, NULL);
	join_thread(cloner);
	end_crowd(t);
}

const struct check checks[] = {
	{ "from_main", from_main, NULL },
	{ "from_threads", from_threads, NULL },
	{ "before_any_thread", before_any_thread, NULL },
	{ "state_of_the_child", state_of_the_child, NULL },
	{ "generations", generations, NULL },
	{ "atfork_order", atfork_order, NULL },
	{ "held_lock", held_lock, NULL },
	{ "thread_in_handler", thread_in_handler, NULL },
	{ "by_clone", by_clone, NULL },
	{ 0 },
};
