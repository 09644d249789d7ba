/* SPDX-License-Identifier: MIT */
/*
 * The engine's kernel threads end when the main thread has been the only one
 * for a while: then the process is single-threaded again, as programs that
 * count their threads, or enter a namespace, expect. The next thread that is
 * created starts them anew.
 *
 * The monitor ends them. From the moment that it sets retiring, the main thread's
 * waits leave it at home: there they are the kernel's, and need no engine.
 */
#include "sched/sched.h"

#include <errno.h>

enum {
	ALONE_MS = 100,			/* for so long */
	AGAIN_MS = 5,			/* until the next attempt, after one that failed */
	RETRY_US = 50,
};

static uint64_t due;			/* ns; 0: not alone. The monitor's */
static bool at_once;

static bool is_alone(void)
{
	return load_relaxed(&umcg_rt.active) && load_relaxed(&umcg_rt.main) && !load_relaxed(&umcg_rt.threads);
}

uint64_t retire_due(uint64_t now)
{
	if (!is_alone()) {
		due = 0;
		return NO_DEADLINE;
	}
	if (!due)
		due = now + ALONE_MS * NSEC_PER_MSEC;
	return load_relaxed(&at_once) ? now : due;
}

/* Whether m is at home and will see retiring before it thinks of leaving. */
static bool stays_home(struct task *m)
{
	bool stays;

	if (!worker_ask(m))		/* the membarrier is wanted in any case */
		return false;
	stays = m->at_home && (load_acquire(&m->np) == 0 || load_acquire(&m->run) == RUN_ASLEEP);
	server_let_go(m);
	return stays;
}

static bool is_gone(int tid)
{
	return sys_tgkill(umcg_rt.pid, tid, 0) == -ESRCH;
}

static void end_carrier(struct carrier *c)
{
	while (!is_gone(c->tid)) {
		if (c->server)
			server_wake(c->server);
		store_release(&c->word, 1);	/* pairs with wait_as_spare() */
		sys_futex_wake(&c->word, 1);
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
	}
	if (c->server)
		c->server->carrier = NULL;
	carrier_free(c);
}

static void end_carriers(void)
{
	struct carrier *c = umcg_rt.carriers, *next;

	store_release(&umcg_rt.stop, true);	/* pairs with carrier_loop() */
	for (; c; c = next) {
		next = c->next;
		end_carrier(c);
	}
	umcg_rt.carriers = umcg_rt.spare = NULL;
	umcg_rt.searching = 0;
	store_release(&umcg_rt.stop, false);
}

static bool retire_locked(void)
{
	struct task *m = umcg_rt.main;

	if (!is_alone())
		return false;
	store_relaxed(&umcg_rt.retiring, true);
	if (stays_home(m)) {
		end_carriers();
		store_release(&umcg_rt.engine, false);
		return true;
	}
	if (!m->at_home) {
		or_acq_rel(&m->attn, ATTN_SIGNAL);
		task_interrupt(m);
	}
	return false;
}

bool retire(uint64_t now)
{
	bool done;

	due = now + AGAIN_MS * NSEC_PER_MSEC;
	/* Whoever has it may be waiting for the monitor. */
	if (!lock_try(&umcg_rt.start_lock))
		return false;
	done = retire_locked();
	lock_release(&umcg_rt.start_lock);
	return done;
}

void retire_await_monitor(void)
{
	while (umcg_rt.monitor_tid && !is_gone(umcg_rt.monitor_tid))
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
}

void retire_now(void)
{
	store_relaxed(&at_once, true);
	while (load_acquire(&umcg_rt.engine) && is_alone()) {
		monitor_wake();
		monitor_poke();
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
	}
	store_relaxed(&at_once, false);
	if (!load_acquire(&umcg_rt.engine))
		retire_await_monitor();
}
