/* SPDX-License-Identifier: MIT */
/*
 * What a thread that blocks in the kernel costs the others. "stuck": one makes another runnable and then a raw system
 * call that blocks, which no library sees; the time until the other one runs. "beside": one computes, while many
 * others are in fgets() on pipes that stay empty. Both are meant for one server, or one CPU.
 */
#include "bench.h"
#include "histogram.h"

#include <errno.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Many short rounds: the median of their quotients bears other work on the machine. */
enum { BESIDE_ROUNDS = 15, CHUNK = 10000 };
#define SETTLE_SECONDS 0.03

static struct {
	sem_t may_run;		/* the other one */
	atomic_int word;	/* 1: let go */
	int pipe[2];
	uint64_t blocks_at, end_at;
	struct histogram times;
	atomic_bool over;
} stuck;

/* Not the libc's syscall(), which a library may take over. */
static long raw_syscall(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static void futex_block(void)
{
	while (!atomic_load(&stuck.word))
		raw_syscall(SYS_futex, (long)&stuck.word, FUTEX_WAIT_PRIVATE, 0, 0);
	atomic_store(&stuck.word, 0);
}

static void futex_release(void)
{
	atomic_store(&stuck.word, 1);
	raw_syscall(SYS_futex, (long)&stuck.word, FUTEX_WAKE_PRIVATE, 1, 0);
}

static void read_block(void)
{
	char byte;

	while (raw_syscall(SYS_read, stuck.pipe[0], (long)&byte, 1, 0) == -EINTR)
		;
}

static void read_release(void)
{
	if (raw_syscall(SYS_write, stuck.pipe[1], (long)"x", 1, 0) != 1)
		bench_fail("stuck: the raw write failed");
}

static void (*block)(void), (*release)(void);

static void take(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		if (errno != EINTR)
			bench_check_errno(-1, "sem_wait");
}

static void stuck_body(unsigned index)
{
	if (index == 0) {
		while (bench_now() < stuck.end_at) {
			/* Under a scheduler in user space this is where it takes the thread back. */
			sched_yield();
			stuck.blocks_at = bench_now();
			sem_post(&stuck.may_run);
			block();
		}
		atomic_store(&stuck.over, true);
		sem_post(&stuck.may_run);
		return;
	}
	for (;;) {
		take(&stuck.may_run);
		if (atomic_load(&stuck.over))
			return;
		histogram_record(&stuck.times, bench_now() - stuck.blocks_at);
		/* The first one is to be asleep before it is let go, also where both have a CPU. */
		bench_sleep(0.0002);
		release();
	}
}

static void run_stuck(const char *name)
{
	bench_options.threads = 2;
	bench_check_errno(sem_init(&stuck.may_run, 0, 0), "sem_init");
	bench_check_errno(pipe(stuck.pipe), "pipe");
	stuck.end_at = bench_now() + (uint64_t)(bench_options.seconds * 1e9);
	bench_team(2, stuck_body, NULL);
	bench_report(name);
	bench_figure("p50_ns", (double)histogram_quantile(&stuck.times, 0.50));
	bench_figure("p99_ns", (double)histogram_quantile(&stuck.times, 0.99));
	bench_figure("max_ns", (double)stuck.times.max);
	bench_count("operations", stuck.times.total);
	bench_report_end();
}

void bench_stuck_futex(void)
{
	block = futex_block;
	release = futex_release;
	run_stuck("stuck-futex");
}

void bench_stuck_read(void)
{
	block = read_block;
	release = read_release;
	run_stuck("stuck-read");
}

struct reader {
	pthread_t thread;
	int ends[2];
};

static atomic_uint reading;

static void *read_line(void *arg)
{
	struct reader *reader = arg;
	FILE *file = fdopen(reader->ends[0], "r");
	char line[16];

	atomic_fetch_add(&reading, 1);
	if (!file || !fgets(line, sizeof line, file) || strcmp(line, "end\n") != 0)
		bench_fail("beside: no line came");
	fclose(file);
	return NULL;
}

/* Nanoseconds for a chunk of work. */
static void *compute(void *arg)
{
	uint64_t begin = bench_now(), end = begin + (uint64_t)(bench_options.seconds * 1e9 / BESIDE_ROUNDS), now;
	double *cost = arg;
	unsigned chunks = 0;

	do {
		bench_spin(CHUNK);
		chunks++;
		now = bench_now();
	} while (now < end);
	*cost = (double)(now - begin) / chunks;
	return NULL;
}

static double compute_in_thread(void)
{
	double cost;

	bench_check(pthread_join(bench_thread(compute, &cost), NULL), "pthread_join");
	return cost;
}

static double compute_beside(struct reader *readers)
{
	unsigned count = bench_options.threads;
	double cost;

	atomic_store(&reading, 0);
	for (unsigned i = 0; i < count; i++) {
		bench_check_errno(pipe(readers[i].ends), "pipe");
		readers[i].thread = bench_thread(read_line, &readers[i]);
	}
	while (atomic_load(&reading) < count)
		bench_sleep(0.001);
	bench_sleep(SETTLE_SECONDS);
	cost = compute_in_thread();
	for (unsigned i = 0; i < count; i++)
		if (write(readers[i].ends[1], "end\n", 4) != 4)
			bench_check_errno(-1, "write");
	for (unsigned i = 0; i < count; i++) {
		bench_check(pthread_join(readers[i].thread, NULL), "pthread_join");
		close(readers[i].ends[1]);
	}
	return cost;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double values[BESIDE_ROUNDS])
{
	qsort(values, BESIDE_ROUNDS, sizeof values[0], ascending);
	return values[BESIDE_ROUNDS / 2];
}

void bench_beside(void)
{
	struct reader *readers = bench_alloc(bench_options.threads, sizeof *readers);
	double alone[BESIDE_ROUNDS], beside[BESIDE_ROUNDS], share[BESIDE_ROUNDS];

	for (int i = 0; i < BESIDE_ROUNDS; i++) {
		alone[i] = compute_in_thread();
		beside[i] = compute_beside(readers);
		share[i] = alone[i] / beside[i];
	}
	bench_report("beside");
	bench_figure("ns_per_op", median_of(beside));
	bench_figure("alone_ns", median_of(alone));
	bench_figure("speed_of_alone", median_of(share));
	bench_report_end();
	free(readers);
}
