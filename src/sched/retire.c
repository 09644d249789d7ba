/* SPDX-License-Identifier: MIT */
/*
 * The engine's kernel threads end when the main thread has been the only one
 * for a while: then the process is single-threaded again, as programs that
 * count their threads, or enter a namespace, expect. The next thread that is
 * created starts them anew.
 *
 * The monitor ends them. From the moment that it sets retiring, the main thread's
 * waits leave it at home: there they are the kernel's, and need no engine.
 *
 * They also end, for good, before the program installs a seccomp filter: that may
 * forbid what they do, and would hold for those that are created later. Then all
 * workers are called home, and stay.
 */
#include "sched/contract.h"

#include <errno.h>

enum {
	ALONE_MS = 100,			/* for so long */
	AGAIN_MS = 5,			/* until the next attempt, after one that failed */
	RETRY_US = 50,
	GONE_LOOKS = 1000,
	CONFINE_MS = 1000,		/* a worker that does not come home by then, because it is stuck, keeps its carrier */
};

static uint64_t again_at;		/* ns; the monitor's */
static uint64_t alone_since;		/* ns */
static uint32_t watched;		/* the monitor will look by itself: nobody need poke it */
static bool at_once;

static bool is_alone(void)
{
	return load_relaxed(&umcg_rt.active) && load_relaxed(&umcg_rt.main) && !load_relaxed(&umcg_rt.threads);
}

void retire_alone(void)
{
	store_relaxed(&alone_since, host_now());
	fence_seq_cst();		/* pairs with retire_due() */
	if (!load_relaxed(&watched))
		monitor_poke();
}

uint64_t retire_due(uint64_t now)
{
	uint64_t due;

	/* The last thread may end just now: look again after we have said that we do not. Pairs with retire_alone(). */
	if (!load_relaxed(&umcg_rt.confined) && !is_alone() && (!swap_acq_rel(&watched, 0) || !is_alone()))
		return NO_DEADLINE;
	store_relaxed(&watched, 1);
	if (load_relaxed(&at_once))
		return now;
	due = load_relaxed(&umcg_rt.confined) ? now : load_relaxed(&alone_since) + ALONE_MS * NSEC_PER_MSEC;
	return due < again_at ? again_at : due;
}

/* Whether t is at home and will see retiring before it thinks of leaving; for good: it is bound then. */
static bool stays_home(struct task *t, bool for_good)
{
	bool stays;

	if (!worker_ask(t))		/* the membarrier is wanted in any case */
		return false;
	stays = t->at_home && (load_acquire(&t->np) == 0 || load_acquire(&t->run) == RUN_ASLEEP);
	if (stays && for_good)
		t->bound = true;
	server_let_go(t);
	return stays;
}

bool retire_is_gone(int tid)
{
	return sys_tgkill(umcg_rt.pid, tid, 0) == -ESRCH;
}

/* Once it has left its stack. The number may be in use again, if it had ended long ago. */
static void await_gone(int tid)
{
	for (int i = 0; i < GONE_LOOKS && !retire_is_gone(tid); i++)
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
}

static void end_carrier(struct carrier *c)
{
	while (load_acquire(&c->alive)) {
		if (c->server)
			server_wake(c->server);
		store_release(&c->word, 1);	/* pairs with wait_as_spare() */
		sys_futex_wake(&c->word, 1);
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
	}
	await_gone(c->tid);
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
	watchers_end();
	umcg_rt.carriers = umcg_rt.spare = NULL;
	umcg_rt.nspares = umcg_rt.leavers = umcg_rt.searching = 0;
	umcg_rt.unmanaged.arrivals = umcg_rt.unmanaged.watched = NULL;
	umcg_rt.spare_comes = false;
	store_release(&umcg_rt.stop, false);
}

/* The list is walked under start_lock, and only the monitor, who calls, adds to it meanwhile. */
static void free_leavers_locked(void)
{
	struct carrier **link = &umcg_rt.carriers, *c;

	while ((c = *link)) {
		if (load_acquire(&c->alive) || !retire_is_gone(c->tid) || load_acquire(&c->unmanaged.listed)) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		lock_acquire(&umcg_rt.members_lock);
		stray_remove_locked(c);	/* it may be on the list still, its worker long gone */
		lock_release(&umcg_rt.members_lock);
		sub_acq_rel(&umcg_rt.leavers, 1);
		umcg_rt.ncarriers--;
		carrier_free(c);
	}
}

void retire_leavers(void)
{
	if (!load_relaxed(&umcg_rt.leavers) || !lock_try(&umcg_rt.start_lock))
		return;
	free_leavers_locked();
	lock_release(&umcg_rt.start_lock);
}

static void call(struct task *t, uint32_t attn)
{
	or_acq_rel(&t->attn, attn);
	if (!t->at_home)
		task_interrupt(t);
}

/*
 * For good. A worker that is not born yet is away as well; one that is made after the look finds retiring set when it
 * begins. At home inside the runtime it binds itself on its way out.
 */
static void bring_home(struct task *t, void *away)
{
	if (t->kind != TASK_WORKER || (t->at_home && t->bound && !t->role) || (!t->role && stays_home(t, true)))
		return;
	*(bool *)away = true;
	if (!t->role && t->tid)
		call(t, ATTN_BIND);
}

static bool all_stay_home(void)
{
	bool away = false;

	tasks_each(bring_home, &away);
	return !away;
}

static bool main_stays_home(void)
{
	if (stays_home(umcg_rt.main, false))
		return true;
	call(umcg_rt.main, ATTN_SIGNAL);
	return false;
}

static bool retire_locked(void)
{
	bool confined = load_acquire(&umcg_rt.confined);	/* pairs with retire_for_good() */

	if (!confined && !is_alone())
		return false;
	store_relaxed(&umcg_rt.retiring, true);
	if (!(confined ? all_stay_home() : main_stays_home()))
		return false;
	end_carriers();
	store_release(&umcg_rt.engine, false);
	return true;
}

bool retire(uint64_t now)
{
	bool done;

	again_at = now + AGAIN_MS * NSEC_PER_MSEC;
	/* Whoever has it may be waiting for the monitor. */
	if (!lock_try(&umcg_rt.start_lock))
		return false;
	done = retire_locked();
	lock_release(&umcg_rt.start_lock);
	return done;
}

void retire_await_monitor(void)
{
	while (umcg_rt.monitor_tid && !retire_is_gone(umcg_rt.monitor_tid))
		sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
}

static void press(void)
{
	monitor_wake();
	monitor_poke();
	sys_sleep_ns(RETRY_US * NSEC_PER_USEC);
}

void retire_now(void)
{
	store_relaxed(&at_once, true);
	while (load_acquire(&umcg_rt.engine) && is_alone())
		press();
	store_relaxed(&at_once, false);
	if (!load_acquire(&umcg_rt.engine))
		retire_await_monitor();
}

void retire_for_good(void)
{
	uint64_t until = host_now() + CONFINE_MS * NSEC_PER_MSEC;

	store_release(&umcg_rt.confined, true);		/* pairs with retire_locked() */
	while (load_acquire(&umcg_rt.engine) && host_now() < until)
		press();
	if (!load_acquire(&umcg_rt.engine))
		retire_await_monitor();
}
