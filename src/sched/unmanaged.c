/* SPDX-License-Identifier: MIT */
/*
 * Unmanaged workers: their carrier lost its server while they were in a call.
 * When that has ended nothing intercepts their return, and until they next
 * enter the runtime they run beside the servers. While work waits for those, the
 * monitor looks after them: who uses CPU time is interrupted, and queues up.
 *
 * Looks are rare at a worker that stays in its call: a tick after the takeover
 * first, then after twice as long each time, up to MAX_PAUSE_US. So much, and a tick,
 * is how long a worker may run unmanaged while others wait.
 *
 *  list       whose
 *  arrivals   anybody pushes, the monitor takes all of it
 *  watched    the monitor's
 */
#include "sched/sched.h"
#include "sched/signal.h"

enum { PAUSE_US = 1000, MAX_PAUSE_US = 16000 };

void unmanaged_add(struct carrier *c, struct task *w)
{
	struct unmanaged *u = &c->unmanaged;

	store_release(&u->worker, w);			/* pairs with is_astray() */
	if (swap_acq_rel(&u->listed, 1))		/* pairs with stays() */
		return;
	u->cpu_asleep = carrier_cpu_time(c);
	u->look_at = 0;
	u->pause = PAUSE_US * NSEC_PER_USEC;
	do
		u->next = load_relaxed(&umcg_rt.unmanaged.arrivals);
	while (!cas_acq_rel(&umcg_rt.unmanaged.arrivals, u->next, c));
}

static bool is_astray(struct carrier *c)
{
	struct task *w = load_acquire(&c->unmanaged.worker);

	return load_relaxed(&w->carrier) == c && load_acquire(&w->attn) & ATTN_UNMANAGED;
}

/* c may lose another server just now: whoever finds it listed leaves it to us, so look again after it is not. */
static bool stays(struct carrier *c)
{
	if (is_astray(c))
		return true;
	swap_acq_rel(&c->unmanaged.listed, 0);
	return is_astray(c) && !swap_acq_rel(&c->unmanaged.listed, 1);
}

static void look(struct carrier *c, uint64_t now)
{
	struct unmanaged *u = &c->unmanaged;
	uint64_t cpu = carrier_cpu_time(c);

	if (cpu != u->cpu_asleep) {
		u->pause = PAUSE_US * NSEC_PER_USEC;
		/* A signal would interrupt its call: that in which it sleeps, or that which it has not got out of yet. */
		if (carrier_sleeps(c)) {
			u->cpu_asleep = cpu;
		} else if (cpu - u->cpu_asleep >= CARRIER_AT_WORK_NS) {
			signal_carrier(c, SIGNAL_PREEMPT);
			u->cpu_asleep = cpu;
		}
	} else if (u->pause < MAX_PAUSE_US * NSEC_PER_USEC) {
		u->pause *= 2;
	}
	u->look_at = now + u->pause;
}

static void take_arrivals(void)
{
	struct carrier *c = load_relaxed(&umcg_rt.unmanaged.arrivals), *next;

	if (c)
		c = swap_acq_rel(&umcg_rt.unmanaged.arrivals, NULL);
	for (; c; c = next) {
		next = c->unmanaged.next;
		c->unmanaged.next = umcg_rt.unmanaged.watched;
		umcg_rt.unmanaged.watched = c;
	}
}

void unmanaged_look(uint64_t now, bool work_waits)
{
	struct carrier **link = &umcg_rt.unmanaged.watched, *c, *next;

	take_arrivals();
	while ((c = *link)) {
		next = c->unmanaged.next;		/* once it does not stay, the field is whoever's adds it next */
		if (!stays(c)) {
			*link = next;
			continue;
		}
		if (work_waits && now >= c->unmanaged.look_at)
			look(c, now);
		link = &c->unmanaged.next;
	}
}
