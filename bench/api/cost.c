/* SPDX-License-Identifier: MIT */
/* What the calls of libumcg.h cost where nothing has to sleep, and the bare switch to hold them against. */
#include "api.h"
#include "arch/context.h"
#include "arch/cpu.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/auxv.h>

enum {
	WAKE_ROUNDS = 3000,
	LIVES = 2000,
	STACK = 64 << 10,
};

static struct figure per(uint64_t start, double operations)
{
	return (struct figure){ .value = (double)(now() - start) / operations };
}

/*
 * Bare switch: two contexts on one kernel thread, one of them with the thread
 * pointer of another thread, which sleeps. It touches no thread-local data.
 */
static struct context here, there;
static sem_t told, enough;
static void *others_fs;

static void *lend_thread_pointer(void *unused)
{
	(void)unused;
	others_fs = cpu_thread_pointer();
	sem_post(&told);
	sem_wait(&enough);
	return NULL;
}

static void switch_back(void *unused)
{
	(void)unused;
	for (;;)
		arch_switch(&there, &here);
}

static void switch_there(void)
{
	arch_switch(&here, &there);
}

struct figure cost_bare_switch(void)
{
	char *stack = malloc(STACK);
	struct figure figure;
	pthread_t thread;

	must(stack, "malloc");
	arch_tp_switch = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? TP_WRFSBASE : TP_SYSCALL;
	sem_init(&told, 0, 0);
	sem_init(&enough, 0, 0);
	must(pthread_create(&thread, NULL, lend_thread_pointer, NULL) == 0, "pthread_create");
	sem_wait(&told);
	here.tp = cpu_thread_pointer();
	arch_context_init(&there, stack + STACK, others_fs, switch_back, NULL);
	switch_there();
	figure = cost_of(switch_there, 2);
	sem_post(&enough);
	pthread_join(thread, NULL);
	free(stack);
	return figure;
}

/* umcg_swap(): two workers hand one server to and fro. */
static struct figure found;
static bool over;

static void swap(void)
{
	must(umcg_swap(team_worker[1], NULL) == 0, "umcg_swap");
}

static void swap_body(unsigned index)
{
	if (index == 1) {
		umcg_wait(NULL);
		while (!over)
			umcg_swap(team_worker[0], NULL);
		return;
	}
	found = cost_of(swap, 2);
	over = true;
	umcg_wake(team_worker[1]);
}

struct figure cost_swap(void)
{
	over = false;
	team_open(2, swap_body);
	team_run(team_worker[1]);
	team_run(team_worker[0]);
	team_run(team_poll());
	team_close();
	return found;
}

/* Server, worker, server: the worker yields, and has to be polled for again. */
static void yield_body(unsigned index)
{
	(void)index;
	while (!over)
		umcg_yield();
}

static void poll_and_run(void)
{
	team_run(team_poll());
}

struct figure cost_run_yield(void)
{
	struct figure figure;

	over = false;
	team_open(1, yield_body);
	team_run(team_worker[0]);
	figure = cost_of(poll_and_run, 1);
	over = true;
	team_run(team_poll());
	team_close();
	return figure;
}

/* The same, but the worker waits, and its server wakes it. */
static void wait_body(unsigned index)
{
	(void)index;
	while (!over)
		umcg_wait(NULL);
}

static void wake_and_run(void)
{
	umcg_wake(team_worker[0]);
	team_run(team_poll());
}

struct figure cost_run_wait(void)
{
	struct figure figure;

	over = false;
	team_open(1, wait_body);
	team_run(team_worker[0]);
	figure = cost_of(wake_and_run, 1);
	over = true;
	umcg_wake(team_worker[0]);
	team_run(team_poll());
	team_close();
	return figure;
}

/* A wakeup for a task that does not wait: the workers have yielded, and consume it when they run. */
static void yield_and_consume(unsigned index)
{
	(void)index;
	while (!over) {
		umcg_yield();
		if (!over)
			umcg_wait(NULL);
	}
}

struct figure cost_queued_wake(void)
{
	struct figure figure;

	over = false;
	team_open(MAX_WORKERS, yield_and_consume);
	for (unsigned i = 0; i < MAX_WORKERS; i++)
		team_run(team_worker[i]);
	for (int round = 0; round < WAKE_ROUNDS; round++) {
		uint64_t start = now();

		for (unsigned i = 0; i < MAX_WORKERS; i++)
			must(umcg_wake(team_worker[i]) == 0, "umcg_wake");
		sample_add(now() - start);
		for (unsigned i = 0; i < MAX_WORKERS; i++)
			team_run(team_poll());
	}
	figure = (struct figure){ .value = sample_figure().value / MAX_WORKERS };
	over = true;
	for (unsigned i = 0; i < MAX_WORKERS; i++)
		team_run(team_poll());
	team_close();
	return figure;
}

static void wake_and_consume(void)
{
	must(umcg_wake(team_worker[0]) == 0, "umcg_wake");
	umcg_wait(NULL);
}

static void consume_body(unsigned index)
{
	(void)index;
	found = cost_of(wake_and_consume, 1);
}

struct figure cost_wake_consume(void)
{
	team_open(1, consume_body);
	team_run(team_worker[0]);
	team_close();
	return found;
}

struct figure cost_group(void)
{
	uint64_t start = now();

	for (int i = 0; i < LIVES; i++) {
		umcg_t group = umcg_create_group(0);

		must(group, "umcg_create_group");
		must(umcg_register_server(group, 0) != UMCG_NONE, "umcg_register_server");
		must(umcg_unregister_task() == 0, "umcg_unregister_task");
		must(umcg_destroy_group(group) == 0, "umcg_destroy_group");
	}
	return per(start, LIVES);
}

/* One thread is a worker again and again. */
static void life_body(unsigned index)
{
	for (int i = 0; i < LIVES; i++) {
		must(umcg_unregister_task() == 0, "umcg_unregister_task");
		must(umcg_register_worker(team_group, (intptr_t)index) != UMCG_NONE, "umcg_register_worker");
	}
}

struct figure cost_worker(void)
{
	struct figure figure;
	uint64_t start;

	team_open(1, life_body);
	start = now();
	team_run(team_worker[0]);
	for (int i = 0; i < LIVES; i++)
		team_run(team_poll());
	figure = per(start, LIVES);
	team_close();
	return figure;
}
