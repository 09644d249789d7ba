/* SPDX-License-Identifier: MIT */
/*
 * Figures that a judge compares with NPTL's: shares of a contended mutex, CPU time of threads that only sleep or
 * wait, resident memory of blocked threads.
 */
#include "client.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>

enum { MOST = 64, SLEEPERS = 300, BLOCKED = 1000 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool over;
static long ops[MOST], longest_us[MOST];

static void *take_share(void *arg)
{
	int me = (int)(intptr_t)arg;

	while (!atomic_load_explicit(&over, memory_order_relaxed)) {
		long long begin = now_us(CLOCK_MONOTONIC), waited;

		pthread_mutex_lock(&m);
		waited = now_us(CLOCK_MONOTONIC) - begin;
		if (waited > longest_us[me])
			longest_us[me] = waited;
		ops[me]++;
		burn(50);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void shares(void)
{
	pthread_t t[MOST];
	long least, longest = 0;

	start_threads(t, MOST, take_share);
	sleep_ms(1000);
	atomic_store(&over, true);
	join_threads(t, MOST);
	least = ops[0];
	for (int i = 0; i < MOST; i++) {
		least = ops[i] < least ? ops[i] : least;
		longest = longest_us[i] > longest ? longest_us[i] : longest;
	}
	client_figure("least_ops", least);
	client_figure("longest_us", longest);
}

static long long cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static sem_t begun, end;

static void *sleep_on(void *arg)
{
	sem_post(&begun);
	sleep_ms(1500);
	return NULL;
}

static void sleepers(void)
{
	pthread_t t[SLEEPERS];
	long long before;

	sem_init(&begun, 0, 0);
	start_threads(t, SLEEPERS, sleep_on);
	for (int i = 0; i < SLEEPERS; i++)
		sem_wait(&begun);
	sleep_ms(100);
	before = cpu_us();
	sleep_ms(1000);			/* all asleep; their ends are another matter */
	client_figure("cpu_us", cpu_us() - before);
	join_threads(t, SLEEPERS);
}

static void *block(void *arg)
{
	sem_post(&begun);
	sem_wait(&end);
	return NULL;
}

static void *block_on_mutex(void *arg)
{
	sem_post(&begun);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	return NULL;
}

static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t of_cond = PTHREAD_MUTEX_INITIALIZER;

static void *block_on_cond(void *arg)
{
	sem_post(&begun);
	pthread_mutex_lock(&of_cond);
	while (!atomic_load(&over))
		pthread_cond_wait(&c, &of_cond);
	pthread_mutex_unlock(&of_cond);
	return NULL;
}

/* Threads that wait for each other, and nothing to do. */
static void idle(void)
{
	pthread_t t[12];
	long long before;

	sem_init(&begun, 0, 0);
	sem_init(&end, 0, 0);
	pthread_mutex_lock(&m);
	start_threads(t, 4, block);
	start_threads(t + 4, 4, block_on_mutex);
	start_threads(t + 8, 4, block_on_cond);
	for (int i = 0; i < 12; i++)
		sem_wait(&begun);
	sleep_ms(200);
	before = cpu_us();
	sleep_ms(1000);
	client_figure("cpu_us", cpu_us() - before);
	atomic_store(&over, true);
	pthread_mutex_unlock(&m);
	pthread_mutex_lock(&of_cond);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&of_cond);
	for (int i = 0; i < 4; i++)
		sem_post(&end);
	join_threads(t, 12);
}

/* smaps_rollup counts pages; statm may lag behind by some dozen. */
static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb = -1;

	CHECK(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "Rss: %ld kB", &kb);
	fclose(f);
	CHECK(kb > 0);
	return kb;
}

static void memory(void)
{
	static pthread_t t[BLOCKED];
	long before;

	sem_init(&begun, 0, 0);
	sem_init(&end, 0, 0);
	start_threads(t, 10, block);
	before = resident_kb();
	start_threads(t + 10, BLOCKED - 10, block);
	for (int i = 0; i < BLOCKED; i++)
		sem_wait(&begun);
	sleep_ms(50);
	client_figure("kb_each", (resident_kb() - before) / (double)(BLOCKED - 10));
	for (int i = 0; i < BLOCKED; i++)
		sem_post(&end);
	join_threads(t, BLOCKED);
}

const struct check checks[] = {
	{ "shares", shares, NULL },
	{ "sleepers", sleepers, NULL },
	{ "idle", idle, NULL },
	{ "memory", memory, NULL },
	{ 0 },
};
