/* SPDX-License-Identifier: MIT */
/* How soon a server learns what has become of its workers: block, wake and preemption. */
#include "api.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SAMPLES = 100,
	SLEEP_US = 3000,
	PHASE_US = 1500,	/* before an event, at random: longer than what looks periodically takes to look */
};

static int channel[2];
static uint64_t event;		/* when it happened */
static bool over;

static void spin(unsigned us)
{
	uint64_t until = now() + 1000ull * us;

	while (now() < until)
		;
}

static void spin_phase(void)
{
	static unsigned seed = 1;

	spin((unsigned)rand_r(&seed) % PHASE_US);
}

static void send_byte(void)
{
	event = now();
	must(write(channel[1], "x", 1) == 1, "write");
}

static void receive_byte(void)
{
	char byte;

	must(read(channel[0], &byte, 1) == 1, "read");
}

/* For comparison: a thread that sleeps in read() and the thread that writes. */
struct figure latency_plain_wake(void)
{
	must(pipe(channel) == 0, "pipe");
	helper_open(send_byte);
	for (int i = 0; i < SAMPLES; i++) {
		helper_go();
		receive_byte();
		sample_add(now() - event);
	}
	helper_close();
	close(channel[0]);
	close(channel[1]);
	return sample_figure();
}

/* From the call that blocks until its server goes on. */
static void sleeper_body(unsigned index)
{
	(void)index;
	while (!over) {
		spin_phase();
		event = now();
		nap(SLEEP_US);
	}
}

struct figure latency_block(void)
{
	umcg_tid worker;

	over = false;
	team_open(1, sleeper_body);
	worker = team_worker[0];
	for (int i = 0; i < SAMPLES; i++) {
		team_run(worker);
		sample_add(now() - event);
		worker = team_poll();
	}
	over = true;
	team_run(worker);
	team_close();
	return sample_figure();
}

/*
 * From the end of the call until a server that waits for work has the worker,
 * which computes on, so that it has to be fetched, or soon calls the library, so
 * that it comes by itself.
 */
static bool computes_on;

static void reader_body(unsigned index)
{
	(void)index;
	while (!over) {
		receive_byte();
		while (computes_on && umcg_get_task_state(umcg_get_utid()) == UMCG_TASK_BLOCKED)
			;
		if (!computes_on)
			umcg_yield();
	}
}

/* Run it until it sleeps in its call: it may come back for other reasons before. */
static void run_until_blocked(umcg_tid worker)
{
	team_run(worker);
	while (umcg_get_task_state(worker) != UMCG_TASK_BLOCKED)
		team_run(team_poll());
}

static struct figure latency_read(void)
{
	umcg_tid worker;

	over = false;
	must(pipe(channel) == 0, "pipe");
	helper_open(send_byte);
	team_open(1, reader_body);
	worker = team_worker[0];
	for (int i = 0; i < SAMPLES; i++) {
		run_until_blocked(worker);
		helper_go();
		worker = team_poll();
		sample_add(now() - event);
	}
	over = true;
	team_run(worker);
	team_close();
	helper_close();
	close(channel[0]);
	close(channel[1]);
	return sample_figure();
}

struct figure latency_wake_call(void)
{
	computes_on = true;
	return latency_read();
}

struct figure latency_wake_point(void)
{
	computes_on = false;
	return latency_read();
}

/* From umcg_wake() by a thread that is no task until such a server has the worker. */
static void waiter_body(unsigned index)
{
	(void)index;
	while (!over)
		umcg_wait(NULL);
}

static void wake_worker(void)
{
	event = now();
	must(umcg_wake(team_worker[0]) == 0, "umcg_wake");
}

struct figure latency_wake(void)
{
	umcg_tid worker;

	over = false;
	helper_open(wake_worker);
	team_open(1, waiter_body);
	worker = team_worker[0];
	for (int i = 0; i < SAMPLES; i++) {
		team_run(worker);
		helper_go();
		worker = team_poll();
		sample_add(now() - event);
	}
	over = true;
	team_run(worker);
	team_close();
	helper_close();
	return sample_figure();
}

/* From umcg_preempt_worker() until the server of a worker that computes goes on. */
static void computer_body(unsigned index)
{
	(void)index;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		;
}

static void preempt_worker(void)
{
	event = now();
	must(umcg_preempt_worker(team_worker[0]) == 0, "umcg_preempt_worker");
}

struct figure latency_preempt(void)
{
	umcg_tid worker;

	__atomic_store_n(&over, false, __ATOMIC_RELAXED);
	helper_open(preempt_worker);
	team_open(1, computer_body);
	worker = team_worker[0];
	for (int i = 0; i < SAMPLES; i++) {
		helper_go();
		team_run(worker);
		sample_add(now() - event);
		worker = team_poll();
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	team_run(worker);
	team_close();
	helper_close();
	return sample_figure();
}
