/* SPDX-License-Identifier: MIT */
/* The stack of a thread: where and how large it says it is, its guard, and that it is nobody else's for as long as it runs. */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

enum { ROUNDS = 300, PAGE = 4096 };

static const size_t sizes[] = { 0, 64 << 10, 256 << 10, 1 << 20, 4 << 20 };	/* 0: the default */
enum { NSIZES = sizeof(sizes) / sizeof(*sizes) };

static sem_t over;
static atomic_int wrong;

static void init_attr(pthread_attr_t *attr, size_t size)
{
	pthread_attr_init(attr);
	if (size)
		CHECK_EQ(pthread_attr_setstacksize(attr, size), 0);
}

static void *look(void *arg)
{
	const size_t *asked = arg;
	size_t size, guard, usual;
	pthread_attr_t attr;
	void *stack;

	pthread_attr_init(&attr);
	pthread_attr_getguardsize(&attr, &usual);
	CHECK_EQ(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_EQ(pthread_attr_getstack(&attr, &stack, &size), 0);
	CHECK_EQ(pthread_attr_getguardsize(&attr, &guard), 0);
	CHECK((char *)&attr > (char *)stack && (char *)&attr < (char *)stack + size);
	CHECK(size + 2 * PAGE >= *asked);	/* glibc counts the thread's data, and the guard, as stack */
	CHECK_EQ(guard, usual);
	pthread_attr_destroy(&attr);
	return stack;
}

static void bounds(void)
{
	for (int i = 0; i < 10 * NSIZES; i++) {
		pthread_attr_t attr;
		pthread_t t;

		init_attr(&attr, sizes[i % NSIZES]);
		CHECK_EQ(pthread_create(&t, sizes[i % NSIZES] ? &attr : NULL, look, (void *)&sizes[i % NSIZES]), 0);
		pthread_attr_destroy(&attr);
		CHECK(join_thread(t));
	}
}

static void *write_below(void *arg)
{
	size_t size = 0;
	volatile char *stack = look(&size);

	stack[-1] = 1;
	return NULL;
}

/* Of a stack that has been used before, too. */
static void guarded(void)
{
	for (int i = 0; i < 6; i++) {
		int status;
		pid_t pid;

		for (int n = 0; n < i; n++) {
			pthread_t t;

			start_thread(&t, look, (void *)&sizes[0]);
			join_thread(t);
		}
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			pthread_t t;

			start_thread(&t, write_below, NULL);
			join_thread(t);
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	}
}

/* Whoever runs on our stack writes into it. */
static void *mark(void *arg)
{
	unsigned char mine[2 * PAGE], n = (unsigned char)(uintptr_t)arg;

	for (size_t i = 0; i < sizeof(mine); i += 64)
		((volatile unsigned char *)mine)[i] = n;
	for (int round = 0; round < 3; round++) {
		sched_yield();
		for (size_t i = 0; i < sizeof(mine); i += 64)
			if (((volatile unsigned char *)mine)[i] != n)
				atomic_fetch_add(&wrong, 1);
	}
	sem_post(&over);
	return arg;
}

static void *detach_and_mark(void *arg)
{
	CHECK_EQ(pthread_detach(pthread_self()), 0);
	return mark(arg);
}

static void *mark_and_exit(void *arg)
{
	pthread_exit(mark(arg));
}

enum { ITSELF, AT_BIRTH, SOON, LATE, TRIED, JOINED, WAYS };

static void start_marking(pthread_t *t, uintptr_t n)
{
	size_t size = sizes[(n / 64 + n % 2) % NSIZES];
	pthread_attr_t attr;

	init_attr(&attr, size);
	if (n % WAYS == AT_BIRTH)
		CHECK_EQ(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), 0);
	CHECK_EQ(pthread_create(t, &attr, n % WAYS == ITSELF ? detach_and_mark : n & 8 ? mark_and_exit : mark, (void *)n), 0);
	pthread_attr_destroy(&attr);
	if (n % WAYS == SOON)
		CHECK_EQ(pthread_detach(*t), 0);
}

static void part(pthread_t t, uintptr_t n)
{
	void *result;

	if (n % WAYS == LATE) {
		CHECK_EQ(pthread_detach(t), 0);
	} else if (n % WAYS == TRIED) {
		while (pthread_tryjoin_np(t, &result) == EBUSY)
			sched_yield();
		CHECK_EQ((uintptr_t)result, n);
	} else if (n % WAYS == JOINED) {
		CHECK_EQ((uintptr_t)join_thread(t), n);
	}
}

/* Joined and detached in each way, at each moment. */
static void own_for_life(void)
{
	enum { AT_ONCE = 2 * WAYS };

	sem_init(&over, 0, 0);
	for (uintptr_t n = 0; n < ROUNDS * AT_ONCE; n += AT_ONCE) {
		pthread_t t[AT_ONCE];

		for (uintptr_t i = 0; i < AT_ONCE; i++)
			start_marking(&t[i], n + i);
		for (int i = 0; i < AT_ONCE; i++)
			sem_wait(&over);
		for (uintptr_t i = 0; i < AT_ONCE; i++)
			part(t[i], n + i);
	}
	CHECK_EQ(wrong, 0);
}

/* In a child that is forked off while others run, all begins anew. */
static void *run_and_fork(void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 40; i++) {
			pthread_t t[4];

			start_threads(t, 4, mark);
			join_threads(t, 4);
		}
		_exit(wrong != 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	return mark(NULL);
}

static void in_a_child(void)
{
	pthread_t t[6];

	sem_init(&over, 0, 0);
	start_threads(t, 6, run_and_fork);
	join_threads(t, 6);
	CHECK_EQ(wrong, 0);
}

const struct check checks[] = {
	{ "bounds", bounds, NULL },
	{ "guarded", guarded, NULL },
	{ "own_for_life", own_for_life, NULL },
	{ "in_a_child", in_a_child, NULL },
	{ 0 },
};
