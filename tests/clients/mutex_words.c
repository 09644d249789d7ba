/* SPDX-License-Identifier: MIT */
/* The words of a mutex as debuggers and un-interposed code read them: lock 0, 1 or 2, the owner's tid, users. */
#include "client.h"

#include <dlfcn.h>
#include <semaphore.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void words_are(int lock, int owner, unsigned users, int count)
{
	CHECK_EQ(__atomic_load_n(&m.__data.__lock, __ATOMIC_SEQ_CST), lock);
	CHECK_EQ(m.__data.__owner, owner);
	CHECK_EQ(m.__data.__nusers, users);
	CHECK_EQ(m.__data.__count, count);
}

static void *alone(void *arg)
{
	words_are(0, 0, 0, 0);
	pthread_mutex_lock(&m);
	words_are(1, gettid(), 1, 0);
	pthread_mutex_unlock(&m);
	words_are(0, 0, 0, 0);
	CHECK_EQ(pthread_mutex_trylock(&m), 0);
	words_are(1, gettid(), 1, 0);
	sched_yield();
	words_are(1, gettid(), 1, 0);
	pthread_mutex_unlock(&m);
	words_are(0, 0, 0, 0);
	return NULL;
}

static void uncontended(void)
{
	pthread_t t;

	alone(NULL);
	start_thread(&t, alone, NULL);
	join_thread(t);
	alone(NULL);
}

static void *wait_for_lock(void *arg)
{
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	CHECK_EQ(m.__data.__owner, gettid());
	CHECK_EQ(m.__data.__nusers, 1);
	CHECK(m.__data.__lock == 1 || m.__data.__lock == 2);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return NULL;
}

static void contended(void)
{
	pthread_t t[8];

	for (int round = 0; round < 10; round++) {
		pthread_mutex_lock(&m);
		start_threads(t, 8, wait_for_lock);
		for (int i = 0; i < 5000 && __atomic_load_n(&m.__data.__lock, __ATOMIC_SEQ_CST) != 2; i++)
			sleep_ms(1);
		words_are(2, gettid(), 1, 0);
		pthread_mutex_unlock(&m);
		join_threads(t, 8);
		words_are(0, 0, 0, 0);
	}
}

static void *nest(void *arg)
{
	for (int i = 1; i <= 4; i++) {
		pthread_mutex_lock(&m);
		words_are(1, gettid(), 1, i);
	}
	sched_yield();
	for (int i = 3; i >= 0; i--) {
		words_are(1, gettid(), 1, i + 1);
		pthread_mutex_unlock(&m);
	}
	words_are(0, 0, 0, 0);
	return NULL;
}

static void recursive_count(void)
{
	pthread_mutexattr_t a;
	pthread_t t;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &a);
	CHECK_EQ(m.__data.__kind, PTHREAD_MUTEX_RECURSIVE_NP);
	nest(NULL);
	start_thread(&t, nest, NULL);
	join_thread(t);
	words_are(0, 0, 0, 0);
}

static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t waiting;
static int ready;

static void *wait_on_cond(void *arg)
{
	pthread_mutex_lock(&m);
	sem_post(&waiting);
	while (!ready)
		pthread_cond_wait(&c, &m);
	CHECK_EQ(m.__data.__owner, gettid());
	pthread_mutex_unlock(&m);
	return NULL;
}

static void through_a_condition(void)
{
	pthread_t t[4];

	sem_init(&waiting, 0, 0);
	start_threads(t, 4, wait_on_cond);
	for (int i = 0; i < 4; i++)
		sem_wait(&waiting);
	pthread_mutex_lock(&m);
	CHECK_EQ(m.__data.__owner, gettid());
	ready = 1;
	pthread_cond_broadcast(&c);
	CHECK_EQ(m.__data.__owner, gettid());
	pthread_mutex_unlock(&m);
	join_threads(t, 4);
	words_are(0, 0, 0, 0);
}

/* libc's own lock and unlock, as code inside libc or linked otherwise calls them. */
static int (*libc_lock)(pthread_mutex_t *), (*libc_unlock)(pthread_mutex_t *);
static int counter;

static void find_in_libc(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	CHECK(libc);
	libc_lock = (int (*)(pthread_mutex_t *))dlsym(libc, "pthread_mutex_lock");
	libc_unlock = (int (*)(pthread_mutex_t *))dlsym(libc, "pthread_mutex_unlock");
	CHECK(libc_lock && libc_unlock);
}

static void *count_by_libc(void *arg)
{
	CHECK_EQ(libc_lock(&m), 0);
	CHECK_EQ(m.__data.__owner, gettid());
	counter++;
	sched_yield();
	CHECK_EQ(libc_unlock(&m), 0);
	return NULL;
}

/* Waiters that sleep in the kernel on the word itself, and an owner that unlocks in the ordinary way. */
static void waited_for_by_libc(void)
{
	pthread_t t[8];

	find_in_libc();
	for (int round = 1; round <= 10; round++) {
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		start_threads(t, 8, count_by_libc);
		for (int i = 0; i < 5000 && __atomic_load_n(&m.__data.__lock, __ATOMIC_SEQ_CST) != 2; i++)
			sleep_ms(1);
		words_are(2, gettid(), 1, 0);
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
		join_threads(t, 8);
		CHECK_EQ(counter, 8 * round);
	}
	words_are(0, 0, 0, 0);
}

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool waits, may_go;

static void *wait_on(void *mutex)
{
	CHECK_EQ(pthread_mutex_lock(mutex), 0);
	waits = true;
	while (!may_go)
		CHECK_EQ(pthread_cond_wait(&changed, mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(mutex), 0);
	return NULL;
}

static void wait_by_one(int protocol)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	pthread_t t;

	waits = may_go = false;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	CHECK_EQ(pthread_mutex_init(&mutex, &attr), 0);
	start_thread(&t, wait_on, &mutex);
	for (bool seen = false; !seen;) {
		pthread_mutex_lock(&mutex);
		seen = waits;
		pthread_mutex_unlock(&mutex);
	}
	CHECK_EQ(pthread_mutex_destroy(&mutex), EBUSY);
	pthread_mutex_lock(&mutex);
	may_go = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	join_thread(t);
	CHECK_EQ(mutex.__data.__nusers, 0);
	CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
}

/* Who waits on a condition with it will need it again. */
static void waiter_is_user(void)
{
	wait_by_one(PTHREAD_PRIO_NONE);
	wait_by_one(PTHREAD_PRIO_INHERIT);
}

const struct check checks[] = {
	{ "waiter_is_user", waiter_is_user, NULL },
	{ "uncontended", uncontended, NULL },
	{ "contended", contended, NULL },
	{ "recursive_count", recursive_count, NULL },
	{ "through_a_condition", through_a_condition, NULL },
	{ "waited_for_by_libc", waited_for_by_libc, NULL },
	{ 0 },
};
