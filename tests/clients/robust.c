/* SPDX-License-Identifier: MIT */
/* Mutexes whose owner may die, and mutexes with priority inheritance: the kernel's part must see the right thread. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static pthread_mutex_t *m;
static long counter;

static void make(int robust, int protocol, int shared)
{
	pthread_mutexattr_t a;

	if (!m)
		m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_EQ(pthread_mutexattr_init(&a), 0);
	CHECK_EQ(pthread_mutexattr_setrobust(&a, robust), 0);
	CHECK_EQ(pthread_mutexattr_setprotocol(&a, protocol), 0);
	CHECK_EQ(pthread_mutexattr_setpshared(&a, shared), 0);
	CHECK_EQ(pthread_mutex_init(m, &a), 0);
}

static void *die_holding(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(m), 0);
	sched_yield();
	return NULL;
}

static void *wait_for_the_dead(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(m), 0);
	CHECK_EQ(pthread_mutex_unlock(m), 0);
	return NULL;
}

static void owner_thread_dies_with(int protocol)
{
	pthread_t t, u;

	make(PTHREAD_MUTEX_ROBUST, protocol, PTHREAD_PROCESS_PRIVATE);
	start_thread(&t, die_holding, NULL);
	join_thread(t);
	start_thread(&u, wait_for_the_dead, NULL);
	join_thread(u);
	CHECK_EQ(pthread_mutex_lock(m), 0);
	CHECK_EQ(pthread_mutex_unlock(m), 0);
	start_thread(&t, die_holding, NULL);
	join_thread(t);
	CHECK_EQ(pthread_mutex_trylock(m), EOWNERDEAD);
	/* Not made consistent: nobody gets it again. */
	CHECK_EQ(pthread_mutex_unlock(m), 0);
	CHECK_EQ(pthread_mutex_lock(m), ENOTRECOVERABLE);
	CHECK_EQ(pthread_mutex_trylock(m), ENOTRECOVERABLE);
	CHECK_EQ(pthread_mutex_destroy(m), 0);
}

static void owner_thread_dies(void)
{
	owner_thread_dies_with(PTHREAD_PRIO_NONE);
	owner_thread_dies_with(PTHREAD_PRIO_INHERIT);
}

static sem_t has_it;

static void *hold_a_while(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(m), 0);
	sem_post(&has_it);
	sleep_ms(50);
	return NULL;
}

static void owner_dies_while_others_wait(void)
{
	pthread_t t, u;

	make(PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
	sem_init(&has_it, 0, 0);
	start_thread(&t, hold_a_while, NULL);
	sem_wait(&has_it);
	start_thread(&u, wait_for_the_dead, NULL);
	join_thread(u);
	join_thread(t);
}

static int locked[2];

static void *hold(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(m), 0);
	CHECK_EQ(write(locked[1], "", 1), 1);
	sleep_ms(5000);
	return NULL;
}

static void owner_process_dies(void)
{
	int status;
	pid_t child;
	char c;

	make(PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
	CHECK_EQ(pipe(locked), 0);
	child = fork();
	if (!child) {
		pthread_t t;

		start_thread(&t, hold, NULL);
		join_thread(t);
		_exit(0);
	}
	CHECK_EQ(read(locked[0], &c, 1), 1);
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(m), 0);
	CHECK_EQ(pthread_mutex_unlock(m), 0);
}

static void *count(void *arg)
{
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(pthread_mutex_lock(m), 0);
		counter++;
		if (i % 50 == 0)
			sched_yield();
		CHECK_EQ(pthread_mutex_unlock(m), 0);
	}
	return NULL;
}

static void robust_counter(void)
{
	pthread_t t[8];

	make(PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
	start_threads(t, 8, count);
	join_threads(t, 8);
	CHECK_EQ(counter, 4000);
}

static void *relock_inherited(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 10);

	CHECK_EQ(pthread_mutex_trylock(m), EBUSY);
	CHECK_EQ(pthread_mutex_timedlock(m, &end), ETIMEDOUT);
	return NULL;
}

static void inheritance_counter(void)
{
	pthread_t t[8];

	make(PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
	start_threads(t, 8, count);
	join_threads(t, 8);
	CHECK_EQ(counter, 4000);
	CHECK_EQ(pthread_mutex_lock(m), 0);
	start_thread(&t[0], relock_inherited, NULL);
	join_thread(t[0]);
	CHECK_EQ(pthread_mutex_unlock(m), 0);
	CHECK_EQ(pthread_mutex_destroy(m), 0);
}

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *alternate(void *arg)
{
	int mine = arg != NULL;

	for (int i = 0; i < 100; i++) {
		CHECK_EQ(pthread_mutex_lock(m), 0);
		while (turn % 2 != mine)
			CHECK_EQ(pthread_cond_wait(&changed, m), 0);
		turn++;
		pthread_cond_signal(&changed);
		CHECK_EQ(pthread_mutex_unlock(m), 0);
	}
	return NULL;
}

static void alternate_with(int robust, int protocol)
{
	pthread_t t[2];

	make(robust, protocol, PTHREAD_PROCESS_PRIVATE);
	turn = 0;
	start_threads(t, 2, alternate);
	join_threads(t, 2);
	CHECK_EQ(turn, 200);
}

static void cond_with_each(void)
{
	alternate_with(PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE);
	alternate_with(PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
	alternate_with(PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT);
}

const struct check checks[] = {
	{ "owner_thread_dies", owner_thread_dies, NULL },
	{ "owner_dies_while_others_wait", owner_dies_while_others_wait, NULL },
	{ "owner_process_dies", owner_process_dies, NULL },
	{ "robust_counter", robust_counter, NULL },
	{ "inheritance_counter", inheritance_counter, NULL },
	{ "cond_with_each", cond_with_each, NULL },
	{ 0 },
};
