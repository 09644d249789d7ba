/* SPDX-License-Identifier: MIT */
/*
 * Two tasks that hand the CPU to each other by umcg_swap(). Works alone, where a
 * swap is a wake and a wait in the kernel, and under `umcg run`, where it is a
 * switch in user space.
 */
#include <umcg/libumcg.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 100000 };

static _Atomic umcg_tid first;
static umcg_tid second;
static pthread_barrier_t registered;

static void must(int ret, const char *what)
{
	if (ret == 0)
		return;
	fprintf(stderr, "swap: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *partner(void *unused)
{
	(void)unused;
	second = umcg_register_core_task(0);
	pthread_barrier_wait(&registered);
	must(umcg_wait(NULL), "umcg_wait");
	for (int i = 1; i < ROUNDS; i++)
		must(umcg_swap(first, NULL), "umcg_swap");
	must(umcg_wake(first), "umcg_wake");
	umcg_unregister_task();
	return NULL;
}

int main(void)
{
	struct timespec begin, end;
	pthread_t thread;

	first = umcg_register_core_task(0);
	pthread_barrier_init(&registered, NULL, 2);
	must(pthread_create(&thread, NULL, partner, NULL), "pthread_create");
	pthread_barrier_wait(&registered);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < ROUNDS; i++)
		must(umcg_swap(second, NULL), "umcg_swap");
	clock_gettime(CLOCK_MONOTONIC, &end);
	pthread_join(thread, NULL);
	umcg_unregister_task();
	printf("%d round trips, %.0f ns each\n", ROUNDS,
	       ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / ROUNDS);
	return 0;
}
