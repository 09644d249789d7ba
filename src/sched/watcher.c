/* SPDX-License-Identifier: MIT */
/*
 * Watchers: one kernel thread per server that notices at once when the carrier
 * falls asleep in a call that nobody sees, while work waits.
 *
 * The kernel runs it when the CPU has nothing else to do: it is bound to the CPU
 * of the carrier, its policy is SCHED_BATCH, which preempts nobody, and it has asked
 * for a long slice, which is served last; when it gets the CPU beside the carrier it
 * yields, and forgoes so much. While work waits it is made runnable, once, and stays so: as
 * long as the carrier computes it gets next to nothing of the CPU; when the carrier
 * sleeps it has the CPU a microsecond later. (SCHED_IDLE would do the same, but an idle
 * thread must run, too, for the process to end, and may wait for seconds for that.)
 *
 *  carrier runs here (the watcher has   yield: next turn in 100 ms
 *    got its share of a busy CPU)
 *  carrier runs elsewhere               follow it
 *  server idle, nothing waits           rest until work waits again
 *  carrier asleep, worker outside the   have a spare carrier take the server: it is woken
 *    runtime, work waits                and does so itself, see server_relieve()
 *
 * A watcher only looks and wakes. It holds no lock and asks for no worker
 * (ATTN_ASKED): the kernel could keep it from the CPU for long in the middle.
 *
 * A look that finds nothing costs 2 or 3 us of an idle CPU, and as much again to
 * make it runnable the next time. So it has credit for a few, which the monitor renews
 * slowly; a takeover renews it at once. A server whose carrier has never been
 * found asleep has no watcher at all. What the watcher misses the monitor finds.
 */
#include "sched/broadcast.h"
#include "sched/poller.h"
#include "sched/sched.h"
#include "sched/signal.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

enum {
	CREDIT = 64,			/* looks without result, after a takeover */
	RENEWAL_TICKS = 10,		/* of the monitor, for one more */
	CALM_US = 10,			/* for so long the carrier is to have slept */
	SLICE_MS = 100,			/* the longest that the kernel knows */
	WATCHER_STACK = 16 << 10,
	END_RETRY_US = 50,
};

/* As the kernel has it, first version. */
struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static bool become_patient(void)
{
	struct sched_attributes a = { 0 };

	if (syscall4(SYS_sched_getattr, 0, (long)&a, sizeof(a), 0) < 0 || a.policy == SCHED_IDLE)
		return false;
	a = (struct sched_attributes){ .size = sizeof(a), .policy = SCHED_BATCH, .nice = a.nice,
				       .runtime = SLICE_MS * NSEC_PER_MSEC };
	return syscall3(SYS_sched_setattr, 0, (long)&a, 0) == 0;
}

/* Let the watcher run on that CPU only; tid 0: the caller. */
static bool aim(struct server *s, int tid, int cpu)
{
	unsigned long mask[128] = { 0 };
	unsigned bits = 8 * sizeof(mask[0]);

	if (cpu < 0 || (unsigned)cpu >= 128 * bits)
		return false;
	mask[(unsigned)cpu / bits] = 1ul << (unsigned)cpu % bits;
	if (syscall3(SYS_sched_setaffinity, tid, ((unsigned)cpu / bits + 1) * sizeof(mask[0]), (long)mask) < 0)
		return false;
	store_relaxed(&s->watcher.cpu, cpu);
	return true;
}

/* Whether the caller executes on the carrier of s: as that itself, or as its worker. */
static bool on_carrier_of(struct server *s)
{
	struct task *self = umcg_self;
	struct carrier *c;

	if (!self)
		return false;
	c = self->kind == TASK_CARRIER ? &self->carrier_part : self->np && !self->at_home ? self->carrier : NULL;
	return c && c->server == s;
}

void watcher_rouse(struct server *s)
{
	bool near = on_carrier_of(s);
	int cpu;

	/* A carrier with nothing to run runs itself what it queues just now. It calls again if more waits. */
	if (near && !load_relaxed(&s->current))
		return;
	if (!cas_acq_rel(&s->watch, WATCH_READY, WATCH_ON))
		return;
	cpu = near ? sys_cpu() : -1;
	if (cpu != load_relaxed(&s->watcher.cpu))
		aim(s, s->watcher.tid, cpu);
	sys_futex_wake(&s->watch, 1);
}

void watcher_renew(struct server *s)
{
	if (!load_acquire(&s->watcher.able))	/* pairs with watcher_main() */
		return;
	store_relaxed(&s->watcher.credit, CREDIT);
	cas_acq_rel(&s->watch, WATCH_NOT, WATCH_READY);
}

void watcher_tick(struct server *s)
{
	if (load_relaxed(&s->watch) != WATCH_NOT || !load_acquire(&s->watcher.able) ||
	    ++s->watcher.ticks < RENEWAL_TICKS)
		return;
	s->watcher.ticks = 0;
	cas_acq_rel(&s->watch, WATCH_NOT, WATCH_READY);
}

/*
 * Nothing to see: rest until work waits again. Work that was queued just now by
 * somebody who saw us at work is not waited for, and left to the monitor.
 */
static void rest(struct server *s)
{
	uint32_t credit = load_relaxed(&s->watcher.credit);

	/* A takeover may renew it at the same time: then it is one more or less. */
	if (credit)
		store_relaxed(&s->watcher.credit, credit - 1);
	store_release(&s->watch, credit ? WATCH_READY : WATCH_NOT);
}

static void follow(struct server *s, int cpu)
{
	if (cpu == sys_cpu())
		sys_sched_yield();
	else if (!load_relaxed(&s->watcher.credit) || !aim(s, 0, cpu))
		rest(s);
	else
		store_relaxed(&s->watcher.credit, s->watcher.credit - 1);
}

/* Whether w, outside the runtime, still keeps s and its carrier c from what waits. */
static bool in_the_way(struct server *s, struct carrier *c, struct task *w)
{
	return server_has_waiting(s) && load_relaxed(&s->current) == w && load_relaxed(&s->carrier) == c &&
	       !load_relaxed(&w->np);
}

/* c has been asleep since its CPU clock was at cpu. */
static void call_relief(struct server *s, struct carrier *c, uint64_t cpu)
{
	struct carrier *spare = load_relaxed(&umcg_rt.spare);

	store_relaxed(&s->asleep_since, cpu);
	store_release(&s->asleep, c);		/* pairs with server_relieve() */
	/* Somebody else may just be taking this one; then the wake is for nothing, and the monitor comes. */
	if (spare)
		sys_futex_wake(&spare->word, 1);
	else
		monitor_wake();
}

static void look(struct server *s)
{
	struct carrier *c = load_relaxed(&s->carrier);
	struct task *w = load_acquire(&s->current);
	uint64_t calm_at = host_now() + CALM_US * NSEC_PER_USEC, cpu;
	int where;

	if (!c || !w) {
		rest(s);
		return;
	}
	cpu = carrier_cpu_time(c);
	if (!state_is_asleep(carrier_place(c, &where))) {
		follow(s, where);
		return;
	}
	while (in_the_way(s, c, w) && host_now() < calm_at)
		cpu_relax();
	rest(s);	/* first: the relief rouses us again when more work waits */
	if (in_the_way(s, c, w) && carrier_cpu_time(c) == cpu)
		call_relief(s, c, cpu);
}

static int watcher_main(void *arg)
{
	struct server *s = arg;

	umcg_self = s->watcher.task;
	syscall3(SYS_prctl, PR_SET_NAME, (long)"umcg/watch", 0);
	signal_carrier_block();
	if (become_patient()) {
		store_release(&s->watcher.able, true);
		store_release(&s->watch, WATCH_READY);
	}
	while (!load_acquire(&umcg_rt.stop)) {		/* pairs with end_carriers() */
		uint32_t watch = load_acquire(&s->watch);

		broadcast_answer_watcher(s);
		if (watch == WATCH_ON)
			look(s);
		else
			sys_futex_wait(&s->watch, watch, NO_DEADLINE);
	}
	return 0;
}

void watcher_create(struct server *s)
{
	struct task *t;
	char *block;
	int tid;

	if (s->watcher.task || !(block = carrier_bare_thread(WATCHER_STACK, &t)))
		return;
	s->watcher = (struct watcher){ .task = t, .block = block, .credit = CREDIT, .cpu = -1 };
	broadcast_join(&s->watcher.broadcast_done);
	tid = arch_clone_thread(block + WATCHER_STACK, t->ctx.tp, watcher_main, s, NULL);
	if (tid < 0) {
		carrier_free_bare_thread(block, WATCHER_STACK, t);
		s->watcher.task = NULL;
		return;
	}
	t->tid = tid;
	store_release(&s->watcher.tid, tid);		/* pairs with broadcast_syscall() */
}

void watchers_end(void)
{
	for (unsigned i = 0; i < umcg_rt.nservers; i++) {
		struct server *s = &umcg_rt.servers[i];
		struct task *t = s->watcher.task;

		if (!t)
			continue;
		while (!retire_is_gone(t->tid)) {
			sys_futex_wake(&s->watch, 1);
			sys_sleep_ns(END_RETRY_US * NSEC_PER_USEC);
		}
		carrier_free_bare_thread(s->watcher.block, WATCHER_STACK, t);
		s->watcher = (struct watcher){ 0 };
		store_relaxed(&s->watch, WATCH_NOT);
	}
}
