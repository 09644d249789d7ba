/* SPDX-License-Identifier: MIT */
/* Threads before main() begins and after it has returned: constructors, destructors, atexit handlers. */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t ping, pong;
static int ready, runs;
static bool ask_at_end;
static pthread_t early;

static void run_once(void)
{
	runs++;
}

static void *answer(void *arg)
{
	pthread_once(&once, run_once);
	pthread_setspecific(key, &key);
	pthread_mutex_lock(&m);
	ready = 1;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	while (!sem_wait(&ping))
		sem_post(&pong);
	return NULL;
}

static void ask(void)
{
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(sem_post(&ping), 0);
		CHECK_EQ(sem_wait(&pong), 0);
	}
}

/* Before the constructors of a library that was linked later or preloaded may have run. */
__attribute__((constructor(101))) static void before_main(void)
{
	CHECK_EQ(pthread_key_create(&key, NULL), 0);
	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	start_thread(&early, answer, NULL);
	pthread_mutex_lock(&m);
	while (!ready)
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	ask();
}

__attribute__((destructor(101))) static void after_main(void)
{
	static const char text[] = "a destructor still talks to its thread\n";

	if (!ask_at_end)
		return;
	ask();
	write(1, text, sizeof(text) - 1);
}

static void in_constructor(void)
{
	CHECK_EQ(ready, 1);
	CHECK_EQ(runs, 1);
	ask();
	CHECK_EQ(pthread_detach(early), 0);
}

static void in_destructor(void)
{
	ask_at_end = true;
}

static void in_destructor_of_thread_exit(void)
{
	ask_at_end = true;
	exit(23);
}

static void *call_exit(void *arg)
{
	in_destructor_of_thread_exit();
	return NULL;
}

static void in_destructor_of_thread(void)
{
	pthread_t t;

	start_thread(&t, call_exit, NULL);
	join_thread(t);
}

static void *allocate(void *arg)
{
	char *held[32];

	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 32; i++) {
			held[i] = malloc(10 + i * 7);
			CHECK(held[i]);
			memset(held[i], i, 10 + i * 7);
		}
		if (round % 50 == 0)
			sched_yield();
		for (int i = 0; i < 32; i++) {
			CHECK_EQ(held[i][9 + i * 7], i);
			free(held[i]);
		}
	}
	return NULL;
}

/* For the judge that also preloads a malloc which itself uses pthread calls. */
static void allocations(void)
{
	pthread_t t[8];

	start_threads(t, 8, allocate);
	join_threads(t, 8);
	ask();
}

const struct check checks[] = {
	{ "in_constructor", in_constructor, NULL },
	{ "in_destructor", in_destructor, NULL },
	{ "in_destructor_of_thread", in_destructor_of_thread, "exit 23" },
	{ "allocations", allocations, NULL },
	{ 0 },
};
