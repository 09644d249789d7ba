/* SPDX-License-Identifier: MIT */
/* Objects shared between processes: a child of fork() with threads and its parent with threads use them together. */
#include "client.h"

#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct area {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	sem_t ping, pong;
	long counter;
	int turn;
};

static struct area *area;

static void make_area(void)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	pthread_rwlockattr_t r;
	pthread_barrierattr_t b;

	area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(area != MAP_FAILED);
	pthread_mutexattr_init(&m);
	CHECK_EQ(pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_mutex_init(&area->lock, &m), 0);
	pthread_condattr_init(&c);
	CHECK_EQ(pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_cond_init(&area->changed, &c), 0);
	pthread_rwlockattr_init(&r);
	CHECK_EQ(pthread_rwlockattr_setpshared(&r, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_rwlock_init(&area->rwlock, &r), 0);
	pthread_barrierattr_init(&b);
	CHECK_EQ(pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED), 0);
	CHECK_EQ(pthread_barrier_init(&area->barrier, &b, 4), 0);
	CHECK_EQ(sem_init(&area->ping, 1, 0), 0);
	CHECK_EQ(sem_init(&area->pong, 1, 0), 0);
}

/* Runs the part of each process in two threads, in both processes. */
static void in_both(void *(*child_part)(void *), void *(*parent_part)(void *))
{
	pthread_t t[2];
	int status;
	pid_t child = fork();

	CHECK(child >= 0);
	start_threads(t, 2, child ? parent_part : child_part);
	join_threads(t, 2);
	if (!child)
		_exit(0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

static void *count(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		CHECK_EQ(pthread_mutex_lock(&area->lock), 0);
		area->counter++;
		if (i % 100 == 0)
			sched_yield();
		CHECK_EQ(pthread_mutex_unlock(&area->lock), 0);
	}
	return NULL;
}

static void mutex(void)
{
	make_area();
	in_both(count, count);
	CHECK_EQ(area->counter, 8000);
}

static void take_turns(int mine)
{
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&area->lock);
		while (area->turn % 2 != mine)
			CHECK_EQ(pthread_cond_wait(&area->changed, &area->lock), 0);
		area->turn++;
		pthread_cond_broadcast(&area->changed);
		pthread_mutex_unlock(&area->lock);
	}
}

static void *even(void *arg)
{
	take_turns(0);
	return NULL;
}

static void *odd(void *arg)
{
	take_turns(1);
	return NULL;
}

static void cond(void)
{
	make_area();
	in_both(even, odd);
	CHECK_EQ(area->turn, 400);
}

static void *ping(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(sem_post(&area->ping), 0);
		CHECK_EQ(sem_wait(&area->pong), 0);
	}
	return NULL;
}

static void *pong(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(sem_wait(&area->ping), 0);
		CHECK_EQ(sem_post(&area->pong), 0);
	}
	return NULL;
}

static void semaphore(void)
{
	int value = -1;

	make_area();
	in_both(ping, pong);
	CHECK_EQ(sem_getvalue(&area->ping, &value), 0);
	CHECK_EQ(value, 0);
}

static void *write_and_read(void *arg)
{
	for (int i = 0; i < 500; i++) {
		long seen;

		CHECK_EQ(pthread_rwlock_wrlock(&area->rwlock), 0);
		area->counter++;
		CHECK_EQ(pthread_rwlock_unlock(&area->rwlock), 0);
		CHECK_EQ(pthread_rwlock_rdlock(&area->rwlock), 0);
		seen = area->counter;
		sched_yield();
		CHECK_EQ(area->counter, seen);
		CHECK_EQ(pthread_rwlock_unlock(&area->rwlock), 0);
	}
	return NULL;
}

static void rwlock(void)
{
	make_area();
	in_both(write_and_read, write_and_read);
	CHECK_EQ(area->counter, 2000);
}

static void *meet(void *arg)
{
	for (int i = 0; i < 100; i++) {
		int e = pthread_barrier_wait(&area->barrier);

		CHECK(e == 0 || e == PTHREAD_BARRIER_SERIAL_THREAD);
		if (e)
			__atomic_fetch_add(&area->counter, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void barrier(void)
{
	make_area();
	in_both(meet, meet);
	CHECK_EQ(area->counter, 100);
}

const struct check checks[] = {
	{ "mutex", mutex, NULL },
	{ "cond", cond, NULL },
	{ "semaphore", semaphore, NULL },
	{ "rwlock", rwlock, NULL },
	{ "barrier", barrier, NULL },
	{ 0 },
};
