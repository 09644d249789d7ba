/* SPDX-License-Identifier: MIT */
/*
 * Many threads that sleep on one semaphore: how long it takes to create them, to
 * wake and join them, and how much resident memory each costs meanwhile. One
 * pass only: a second one would find the stacks of the first in libc's cache.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* From the last arrival's announcement to its sleep. */
#define SETTLE_SECONDS 0.02

static sem_t all_arrived, release;
static atomic_uint missing;

static void take(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		if (errno != EINTR)
			bench_check_errno(-1, "sem_wait");
}

static void *wait_for_release(void *arg)
{
	if (atomic_fetch_sub(&missing, 1) == 1)
		sem_post(&all_arrived);
	take(&release);
	return NULL;
}

static double resident_kb(void)
{
	unsigned long size, resident;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
		bench_fail("cannot read /proc/self/statm");
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t create_all(pthread_t *threads, unsigned count)
{
	uint64_t start = bench_now();

	for (unsigned i = 0; i < count; i++)
		threads[i] = bench_thread(wait_for_release, NULL);
	take(&all_arrived);
	return bench_now() - start;
}

static uint64_t release_all(const pthread_t *threads, unsigned count)
{
	uint64_t start = bench_now();

	for (unsigned i = 0; i < count; i++)
		sem_post(&release);
	for (unsigned i = 0; i < count; i++)
		bench_check(pthread_join(threads[i], NULL), "pthread_join");
	return bench_now() - start;
}

void bench_blocked(void)
{
	unsigned count = bench_options.threads;
	pthread_t *threads = bench_alloc(count, sizeof *threads);
	double before, during, create, wake_join;

	bench_check_errno(sem_init(&all_arrived, 0, 0), "sem_init");
	bench_check_errno(sem_init(&release, 0, 0), "sem_init");
	atomic_store(&missing, count);
	before = resident_kb();
	create = (double)create_all(threads, count);
	bench_sleep(SETTLE_SECONDS);
	during = resident_kb();
	wake_join = (double)release_all(threads, count);
	bench_report("blocked");
	bench_figure("ns_per_op", (create + wake_join) / count);
	bench_figure("create_ns", create / count);
	bench_figure("wake_join_ns", wake_join / count);
	bench_figure("create_seconds", create / 1e9);
	bench_figure("wake_join_seconds", wake_join / 1e9);
	bench_figure("resident_kb", (during - before) / count);
	bench_report_end();
	free(threads);
}
