/* SPDX-License-Identifier: MIT */
/* The ways in which a process with threads ends: who may end it, what runs then, and with which status. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>

static sem_t never;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static atomic_int flag;

static atomic_int lingered;

/* In turn, however busy the machine is. */
static void *linger(void *arg)
{
	sleep_ms(30 * ((intptr_t)arg + 1));
	while (lingered < (intptr_t)arg)
		sleep_ms(1);
	printf("thread %d ends\n", (int)(intptr_t)arg);
	atomic_fetch_add(&lingered, 1);
	return NULL;
}

static void main_leaves_first(void)
{
	pthread_t t[3];

	start_threads(t, 3, linger);
	for (int i = 0; i < 3; i++)
		pthread_detach(t[i]);
	printf("main leaves\n");
	pthread_exit(NULL);
}

static pthread_t main_thread;

static void *join_main(void *arg)
{
	CHECK(join_thread(main_thread) == (void *)5L);
	printf("main was joined\n");
	return NULL;
}

static void main_is_joined(void)
{
	pthread_t t;

	main_thread = pthread_self();
	start_thread(&t, join_main, NULL);
	sleep_ms(10);
	pthread_exit((void *)5L);
}

static void say_last(void)
{
	printf("atexit in a process without threads\n");
}

static void *quick(void *arg)
{
	return NULL;
}

static void last_thread_runs_atexit(void)
{
	pthread_t t;

	atexit(say_last);
	start_thread(&t, quick, NULL);
	pthread_detach(t);
	pthread_exit(NULL);
}

static void *spin(void *arg)
{
	while (!atomic_load_explicit(&flag, memory_order_relaxed))
		continue;
	return NULL;
}

static void *wait_for_ever(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void *want_lock(void *arg)
{
	pthread_mutex_lock(&held);
	return NULL;
}

static void *block_in_read(void *arg)
{
	int p[2];
	char c;

	CHECK_EQ(pipe(p), 0);
	read(p[0], &c, 1);
	return NULL;
}

static void *sleep_long(void *arg)
{
	sleep(1000);
	return NULL;
}

static void crowd(void)
{
	static void *(*const kinds[])(void *) = { spin, wait_for_ever, want_lock, block_in_read, sleep_long };
	pthread_t t;

	sem_init(&never, 0, 0);
	pthread_mutex_lock(&held);
	for (int i = 0; i < 10; i++) {
		start_thread(&t, kinds[i % 5], NULL);
		pthread_detach(t);
	}
}

static void *exit_seven(void *arg)
{
	sleep_ms(20);
	exit(7);
}

static void exit_in_thread(void)
{
	pthread_t t;

	crowd();
	start_thread(&t, exit_seven, NULL);
	join_thread(t);
}

static void exit_in_main(void)
{
	crowd();
	sleep_ms(20);
	exit(8);
}

static void *exit_at_once_nine(void *arg)
{
	sleep_ms(20);
	_exit(9);
}

static void underscore_exit_in_thread(void)
{
	pthread_t t;

	atexit(say_last);
	crowd();
	start_thread(&t, exit_at_once_nine, NULL);
	join_thread(t);
}

static void *quick_exit_ten(void *arg)
{
	quick_exit(10);
}

static void say_quick(void)
{
	printf("at_quick_exit\n");
}

static void quick_exit_in_thread(void)
{
	pthread_t t;

	at_quick_exit(say_quick);
	atexit(say_last);
	start_thread(&t, quick_exit_ten, NULL);
	join_thread(t);
}

static pthread_t exiting;
static sem_t ping, pong;

static void *answer(void *arg)
{
	while (!sem_wait(&ping))
		sem_post(&pong);
	return NULL;
}

/* Others go on while handlers run: a handler may wait for them. */
static void handler_uses_threads(void)
{
	CHECK(pthread_equal(pthread_self(), exiting));
	for (int i = 0; i < 100; i++) {
		sem_post(&ping);
		CHECK_EQ(sem_wait(&pong), 0);
	}
	printf("second handler\n");
}

static void first_registered(void)
{
	printf("first registered, last run\n");
}

static void *exit_with_handlers(void *arg)
{
	exiting = pthread_self();
	exit(11);
}

static void atexit_in_thread(void)
{
	pthread_t t;

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	atexit(first_registered);
	atexit(handler_uses_threads);
	start_thread(&t, answer, NULL);
	start_thread(&t, exit_with_handlers, NULL);
	join_thread(t);
}

static void *write_unflushed(void *arg)
{
	setvbuf(stdout, NULL, _IOFBF, 4096);
	printf("kept in the buffer");
	exit(12);
}

static void exit_flushes(void)
{
	pthread_t t;

	start_thread(&t, write_unflushed, NULL);
	join_thread(t);
}

#ifdef __GLIBC__	/* musl's join waits for what the thread itself says at its end */
static void never_called(void *arg)
{
	flag = 1;
}

/* By the system call: its kernel thread alone ends, without destructors. */
static void *vanish(void *key)
{
	pthread_setspecific(*(pthread_key_t *)key, key);
	usleep(1000);
	syscall(SYS_exit, 0);
	return NULL;
}

static void raw_exit_in_thread(void)
{
	pthread_key_t key;
	pthread_t t[8], last;

	CHECK_EQ(pthread_key_create(&key, never_called), 0);
	for (int i = 0; i < 8; i++)
		start_thread(&t[i], vanish, &key);
	start_thread(&last, linger, NULL);
	join_threads(t, 8);
	join_thread(last);
	CHECK_EQ(flag, 0);
}
#endif

const struct check checks[] = {
	{ "main_leaves_first", main_leaves_first, "exit 0" },
	{ "main_is_joined", main_is_joined, "exit 0" },
	{ "last_thread_runs_atexit", last_thread_runs_atexit, "exit 0" },
	{ "exit_in_thread", exit_in_thread, "exit 7" },
	{ "exit_in_main", exit_in_main, "exit 8" },
	{ "underscore_exit_in_thread", underscore_exit_in_thread, "exit 9" },
	{ "quick_exit_in_thread", quick_exit_in_thread, "exit 10" },
	{ "atexit_in_thread", atexit_in_thread, "exit 11" },
	{ "exit_flushes", exit_flushes, "exit 12" },
#ifdef __GLIBC__
	{ "raw_exit_in_thread", raw_exit_in_thread, "exit 0" },
#endif
	{ 0 },
};
