/* SPDX-License-Identifier: MIT */
/*
 * Two threads that take turns, by condition variable, semaphore or pipe. One
 * operation is a round trip: both threads have slept and have been woken once.
 */
#include "bench.h"

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

static size_t rounds;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed[2];
	unsigned turn;
} table = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = { PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER },
};

static sem_t ball[2];
static int channel[2][2];

static uint64_t measure_team(size_t n, void (*body)(unsigned))
{
	struct bench_times times;

	rounds = n;
	times = bench_team(2, body, NULL);
	return times.finished - times.opened;
}

static void report(const char *name, uint64_t (*measure)(size_t))
{
	bench_options.threads = 2;
	bench_report_scaled(name, bench_scale(measure, 100));
}

/* With one condition variable both wait on it; only one of the two ever waits at a time. */
static pthread_cond_t *cond_of(unsigned index)
{
	return &table.changed[bench_options.conds == 2 ? index : 0];
}

static void condvar_body(unsigned index)
{
	for (size_t i = 0; i < rounds; i++) {
		pthread_mutex_lock(&table.lock);
		while (table.turn != index)
			pthread_cond_wait(cond_of(index), &table.lock);
		table.turn = !index;
		pthread_cond_signal(cond_of(!index));
		pthread_mutex_unlock(&table.lock);
	}
}

static uint64_t measure_condvar(size_t n)
{
	return measure_team(n, condvar_body);
}

void bench_condvar(void)
{
	report("condvar", measure_condvar);
	bench_count("conds", bench_options.conds);
	bench_report_end();
}

static void take(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		if (errno != EINTR)
			bench_check_errno(-1, "sem_wait");
}

static void semaphore_body(unsigned index)
{
	for (size_t i = 0; i < rounds; i++) {
		take(&ball[index]);
		sem_post(&ball[!index]);
	}
}

static uint64_t measure_semaphore(size_t n)
{
	return measure_team(n, semaphore_body);
}

void bench_semaphore(void)
{
	/* The ball starts at 0, and an even number of throws leaves it there. */
	bench_check_errno(sem_init(&ball[0], 0, 1), "sem_init");
	bench_check_errno(sem_init(&ball[1], 0, 0), "sem_init");
	report("semaphore", measure_semaphore);
	bench_report_end();
}

static void throw(int fd)
{
	if (write(fd, "x", 1) != 1)
		bench_check_errno(-1, "write to the pipe");
}

static void catch(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		bench_check_errno(-1, "read from the pipe");
}

static void pipe_body(unsigned index)
{
	for (size_t i = 0; i < rounds; i++) {
		if (index == 0)
			throw(channel[1][1]);
		catch(channel[index][0]);
		if (index == 1)
			throw(channel[0][1]);
	}
}

static uint64_t measure_pipe(size_t n)
{
	return measure_team(n, pipe_body);
}

void bench_pipe(void)
{
	bench_check_errno(pipe(channel[0]), "pipe");
	bench_check_errno(pipe(channel[1]), "pipe");
	report("pipe", measure_pipe);
	bench_report_end();
}
