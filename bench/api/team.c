/* SPDX-License-Identifier: MIT */
/* The group under test, its helper thread, samples. See api.h. */
#include "api.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SAMPLES = 4096, HELPER_US = 1000 };

umcg_t team_group;
umcg_tid team_worker[MAX_WORKERS];

static struct {
	pthread_t thread[MAX_WORKERS];
	unsigned size;
	void (*body)(unsigned index);
} team;

static struct {
	pthread_t thread;
	sem_t go;
	bool over;
	void (*act)(void);
} helper;

static struct {
	uint64_t ns[MAX_SAMPLES];
	size_t count;
} samples;

void fail(const char *what)
{
	fprintf(stderr, "umcg-api: %s\n", what);
	_Exit(1);
}

void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "umcg-api: %s: %s\n", what, strerror(errno));
	_Exit(1);
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void nap(unsigned us)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000L * us }, NULL);
}

static void *worker_main(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	must(umcg_register_worker(team_group, (intptr_t)index) != UMCG_NONE, "umcg_register_worker");
	team.body(index);
	must(umcg_unregister_task() == 0, "umcg_unregister_task");
	return NULL;
}

void team_open(unsigned n, void (*body)(unsigned index))
{
	team.size = n;
	team.body = body;
	team_group = umcg_create_group(0);
	must(team_group, "umcg_create_group");
	must(umcg_register_server(team_group, 0) != UMCG_NONE, "umcg_register_server");
	for (unsigned i = 0; i < n; i++)
		must(pthread_create(&team.thread[i], NULL, worker_main, (void *)(uintptr_t)i) == 0, "pthread_create");
	for (unsigned i = 0; i < n; i++) {
		umcg_tid worker = team_poll();

		team_worker[umcg_get_task_tag(worker)] = worker;
	}
}

void team_close(void)
{
	for (unsigned i = 0; i < team.size; i++)
		pthread_join(team.thread[i], NULL);
	must(umcg_unregister_task() == 0, "umcg_unregister_task");
	must(umcg_destroy_group(team_group) == 0, "umcg_destroy_group");
}

umcg_tid team_poll(void)
{
	umcg_tid worker = umcg_poll_worker(NULL);

	must(worker != UMCG_NONE, "umcg_poll_worker");
	return worker;
}

void team_run(umcg_tid worker)
{
	must(umcg_run_worker(worker) != UMCG_NONE, "umcg_run_worker");
}

static void *helper_main(void *unused)
{
	(void)unused;
	for (;;) {
		sem_wait(&helper.go);
		if (helper.over)
			return NULL;
		nap(HELPER_US);
		helper.act();
	}
}

void helper_open(void (*act)(void))
{
	helper.act = act;
	helper.over = false;
	sem_init(&helper.go, 0, 0);
	must(pthread_create(&helper.thread, NULL, helper_main, NULL) == 0, "pthread_create");
}

void helper_go(void)
{
	sem_post(&helper.go);
}

void helper_close(void)
{
	helper.over = true;
	sem_post(&helper.go);
	pthread_join(helper.thread, NULL);
	sem_destroy(&helper.go);
}

void sample_add(uint64_t ns)
{
	if (samples.count == MAX_SAMPLES)
		fail("too many samples");
	samples.ns[samples.count++] = ns;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct figure sample_figure(void)
{
	size_t n = samples.count;

	qsort(samples.ns, n, sizeof(samples.ns[0]), ascending);
	samples.count = 0;
	return (struct figure){ (double)samples.ns[n / 2], (double)samples.ns[n * 99 / 100] };
}
