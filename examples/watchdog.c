/* SPDX-License-Identifier: MIT */
/*
 * A watchdog for runaway workers. The scheduler is the simplest there is: one
 * server that runs workers in turn until they give the CPU back. One of them
 * never does. A thread that is no task looks now and then who runs and since
 * when, and preempts a worker whose quantum is over.
 */
#include "common.h"

#include <umcg/libumcg.h>

#include <pthread.h>
#include <stdatomic.h>

enum { POLITE = 3, WORKERS = POLITE + 1, QUANTUM_MS = 5, ALONE_MS = 200, GUARDED_MS = 1000 };

/* Workers never take this lock: one that was preempted with it would stop the scheduler. */
static struct {
	pthread_mutex_t lock;
	umcg_tid worker;	/* that runs, or UMCG_NONE */
	uint64_t since;		/* ns */
} running = { .lock = PTHREAD_MUTEX_INITIALIZER };

static umcg_t group;
static atomic_bool over, done;
static atomic_uint alive = WORKERS;
static atomic_ulong steps[WORKERS];	/* the last one's are the runaway's */
static unsigned long acted;

static void set_running(umcg_tid worker)
{
	pthread_mutex_lock(&running.lock);
	running.worker = worker;
	running.since = now();
	pthread_mutex_unlock(&running.lock);
}

static void *serve(void *unused)
{
	(void)unused;
	must(umcg_register_server(group, 0) != UMCG_NONE, "umcg_register_server");
	while (alive) {
		struct timespec limit = in_a_second();
		umcg_tid worker = umcg_poll_worker(&limit);

		if (!worker)
			continue;
		set_running(worker);
		must(umcg_run_worker(worker) != UMCG_NONE, "umcg_run_worker");
		set_running(UMCG_NONE);
	}
	umcg_unregister_task();
	return NULL;
}

/* Under the lock the worker that is looked at stays the one that runs, or has run. */
static void look(void)
{
	pthread_mutex_lock(&running.lock);
	if (running.worker && now() - running.since > QUANTUM_MS * 1000000ull)
		acted += umcg_preempt_worker(running.worker) == 0;
	pthread_mutex_unlock(&running.lock);
}

static void *work(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	must(umcg_register_worker(group, 0) != UMCG_NONE, "umcg_register_worker");
	while (!over) {
		compute_us(50);
		steps[index]++;
		if (index < POLITE)
			umcg_yield();
	}
	umcg_unregister_task();
	alive--;		/* not before: one that is preempted in between needs a server once more */
	while (!done)		/* the watchdog may still look at this one's id: good until the thread ends */
		nap_us(1000);
	return NULL;
}

static void print_steps(const char *when, const unsigned long *before)
{
	printf("%-26s", when);
	for (int i = 0; i < POLITE; i++)
		printf(" worker %d: %6lu steps,", i, steps[i] - before[i]);
	printf(" runaway: %6lu\n", steps[POLITE] - before[POLITE]);
}

static void remember(unsigned long *before)
{
	for (int i = 0; i < WORKERS; i++)
		before[i] = steps[i];
}

int main(void)
{
	unsigned long begin[WORKERS] = { 0 }, middle[WORKERS];
	pthread_t server, thread[WORKERS];
	int held = 1;

	calibrate();
	group = umcg_create_group(0);
	must(group != NULL, "umcg_create_group");
	must(pthread_create(&server, NULL, serve, NULL) == 0, "pthread_create");
	for (uintptr_t i = 0; i < WORKERS; i++)
		must(pthread_create(&thread[i], NULL, work, (void *)i) == 0, "pthread_create");
	while (!steps[POLITE])
		nap_us(1000);
	remember(begin);
	nap_us(1000 * ALONE_MS);
	print_steps("without watchdog, 200 ms:", begin);
	remember(middle);
	for (uint64_t end = now() + GUARDED_MS * 1000000ull; now() < end; nap_us(1000))
		look();
	print_steps("with watchdog, 1000 ms:", middle);
	printf("the watchdog has preempted %lu times, quantum %d ms\n", acted, QUANTUM_MS);
	for (int i = 0; i < POLITE; i++)
		held &= middle[i] == begin[i] && steps[i] - middle[i] >= 5;
	held &= steps[POLITE] > middle[POLITE] && acted >= 5;
	for (over = true; alive; nap_us(1000))
		look();
	pthread_join(server, NULL);
	done = true;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	must(umcg_destroy_group(group) == 0, "umcg_destroy_group");
	puts(held ? "the runaway did not stop the others" : "the watchdog did not help");
	return !held;
}
