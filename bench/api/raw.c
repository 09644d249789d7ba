/* SPDX-License-Identifier: MIT */
/* The transitions of umcg.h by hand, each step a compare-and-swap as its contract has it. */
#include "api.h"

#include <pthread.h>
#include <unistd.h>

static struct umcg_task server, worker[2];
static uint64_t idle_workers;
static uint32_t idle_server, server_tid, worker_tid[2];
static struct figure found;
static bool over;

static void move(struct umcg_task *t, uint32_t from, uint32_t to)
{
	if (!__atomic_compare_exchange_n(&t->state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		fail("a task is not in the state that it has to be in");
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static void server_runs(unsigned i)
{
	move(&server, UMCG_TASK_RUNNING, UMCG_TASK_IDLE);
	move(&worker[i], UMCG_TASK_IDLE, UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
	store(&worker[i].next_tid, server_tid);
	store(&server.next_tid, worker_tid[i]);
	move(&worker[i], UMCG_TASK_RUNNING | UMCG_TF_LOCKED, UMCG_TASK_RUNNING);
	must(umcg_wait(0, 0) == 0, "umcg_wait");
}

/* The worker gives its server the CPU. */
static void worker_yields(unsigned i)
{
	move(&worker[i], UMCG_TASK_RUNNING, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
	move(&server, UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
	must(umcg_wait(0, 0) == 0, "umcg_wait");
}

static void worker_swaps(unsigned i)
{
	unsigned other = 1 - i;

	move(&worker[other], UMCG_TASK_IDLE, UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
	move(&worker[i], UMCG_TASK_RUNNING, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
	store(&worker[other].next_tid, server_tid);
	store(&server.next_tid, worker_tid[other]);
	store(&worker[i].next_tid, worker_tid[other]);
	move(&worker[other], UMCG_TASK_RUNNING | UMCG_TF_LOCKED, UMCG_TASK_RUNNING);
	must(umcg_wait(0, 0) == 0, "umcg_wait");
}

/* Leave for good: the server goes on. */
static void worker_ends(unsigned i)
{
	move(&worker[i], UMCG_TASK_RUNNING, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
	move(&server, UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
	must(umcg_ctl(UMCG_CTL_UNREGISTER, NULL) == 0, "umcg_ctl");
}

static void join_as_worker(unsigned i)
{
	worker[i] = (struct umcg_task){
		.state = UMCG_TASK_IDLE,
		.idle_workers_ptr = (uint64_t)(uintptr_t)&idle_workers,
		.idle_server_tid_ptr = (uint64_t)(uintptr_t)&idle_server,
	};
	worker_tid[i] = (uint32_t)gettid();
	must(umcg_ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &worker[i]) == 0, "umcg_ctl");
}

static void *yielder(void *unused)
{
	(void)unused;
	join_as_worker(0);
	while (!over)
		worker_yields(0);
	worker_ends(0);
	return NULL;
}

static void swap_to_other(void)
{
	worker_swaps(0);
}

static void *swapper(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	join_as_worker(i);
	if (i == 1) {
		worker_yields(1);
		while (!over)
			worker_swaps(1);
		worker_ends(1);
		return NULL;
	}
	found = cost_of(swap_to_other, 2);
	over = true;
	worker_ends(0);
	return NULL;
}

/* Wait for n workers to appear on the idle list. */
static void gather(unsigned n)
{
	while (n) {
		struct umcg_task *w = umcg_idle_take(&idle_workers);

		if (!w)
			nap(100);
		for (; w; n--)
			w = umcg_idle_next(w, &idle_workers);
	}
}

static void open_server(void)
{
	over = false;
	server = (struct umcg_task){ .state = UMCG_TASK_RUNNING };
	server_tid = (uint32_t)gettid();
	must(umcg_ctl(UMCG_CTL_REGISTER, &server) == 0, "umcg_ctl");
}

static void close_server(void)
{
	must(umcg_ctl(UMCG_CTL_UNREGISTER, NULL) == 0, "umcg_ctl");
}

static void run_first(void)
{
	server_runs(0);
}

struct figure cost_run_raw(void)
{
	struct figure figure;
	pthread_t thread;

	open_server();
	must(pthread_create(&thread, NULL, yielder, NULL) == 0, "pthread_create");
	gather(1);
	run_first();
	figure = cost_of(run_first, 1);
	over = true;
	server_runs(0);
	pthread_join(thread, NULL);
	close_server();
	return figure;
}

struct figure cost_swap_raw(void)
{
	pthread_t thread[2];

	open_server();
	for (uintptr_t i = 0; i < 2; i++)
		must(pthread_create(&thread[i], NULL, swapper, (void *)i) == 0, "pthread_create");
	gather(2);
	server_runs(1);
	server_runs(0);
	server_runs(1);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	close_server();
	return found;
}
