/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of parked workers: one pairing heap on CLOCK_MONOTONIC.
 *
 * Deadlines on CLOCK_REALTIME are kept with their own value and placed by the
 * present offset of the two clocks; while such a timer is armed, sleepers look
 * at the offset twice a second, so that a wait follows a clock that is set.
 *
 * An expiry only unparks; the worker takes itself off whatever it waited on.
 * So nobody but the heap's lock holder ever touches a worker's timer.
 */
#include "sched/sched.h"

enum { REALTIME_CHECK_MS = 500, OFFSET_STEP_US = 100 };

static struct timer *merge(struct timer *a, struct timer *b)
{
	struct timer *under;

	if (!a || !b)
		return a ? a : b;
	if (b->deadline < a->deadline)
		under = a, a = b, b = under;
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Merge a list of siblings: in pairs from the left, then the pairs from the right. */
static struct timer *merge_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = merge(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *a = pairs;

		pairs = a->next;
		a->next = NULL;
		root = merge(root, a);
	}
	return root;
}

static void insert_locked(struct timer *n)
{
	n->child = n->next = n->prev = NULL;
	umcg_rt.timers.root = merge(umcg_rt.timers.root, n);
}

static void remove_locked(struct timer *n)
{
	struct timer *below = merge_siblings(n->child);

	if (umcg_rt.timers.root == n) {
		umcg_rt.timers.root = below;
	} else {
		if (n->prev->child == n)
			n->prev->child = n->next;
		else
			n->prev->next = n->next;
		if (n->next)
			n->next->prev = n->prev;
		umcg_rt.timers.root = merge(umcg_rt.timers.root, below);
	}
}

static void publish_next_locked(void)
{
	struct timer *root = umcg_rt.timers.root;

	store_relaxed(&umcg_rt.timers.next, root ? root->deadline : NO_DEADLINE);
}

static int64_t clock_offset(void)
{
	return (int64_t)(sys_clock_ns(CLOCK_REALTIME) - host_now());
}

static uint64_t place(uint64_t realtime)
{
	int64_t offset = umcg_rt.timers.offset;

	if (offset > 0 && (uint64_t)offset > realtime)
		return 0;
	return realtime - (uint64_t)offset;
}

/* Has CLOCK_REALTIME been set? Then every timer that follows it moves. */
static void follow_realtime_locked(void)
{
	int64_t offset = clock_offset(), step = offset - umcg_rt.timers.offset;
	struct timer *all = NULL, *n;

	if (step < (int64_t)(OFFSET_STEP_US * NSEC_PER_USEC) &&
	    step > -(int64_t)(OFFSET_STEP_US * NSEC_PER_USEC))
		return;
	umcg_rt.timers.offset = offset;
	while ((n = umcg_rt.timers.root)) {
		remove_locked(n);
		n->next = all;
		all = n;
	}
	while ((n = all)) {
		all = n->next;
		if (n->realtime)
			n->deadline = place(n->realtime);
		insert_locked(n);
	}
	publish_next_locked();
}

void timer_arm(struct task *t, uint64_t deadline, uint64_t realtime)
{
	struct timer *n = &t->timer;

	lock_acquire(&umcg_rt.timers.lock);
	if (realtime) {
		umcg_rt.timers.nrealtime++;
		follow_realtime_locked();
		deadline = place(realtime);
	}
	n->deadline = deadline;
	n->realtime = realtime;
	insert_locked(n);
	publish_next_locked();
	lock_release(&umcg_rt.timers.lock);
}

bool timer_disarm(struct task *t)
{
	struct timer *n = &t->timer;
	bool expired;

	lock_acquire(&umcg_rt.timers.lock);
	expired = n->expired;
	n->expired = false;
	if (!expired) {
		remove_locked(n);
		publish_next_locked();
	}
	if (n->realtime)
		umcg_rt.timers.nrealtime--;
	n->realtime = 0;
	lock_release(&umcg_rt.timers.lock);
	return expired;
}

/* Unpark those whose deadline has come. */
void timers_run(uint64_t now)
{
	struct unpark_batch batch;

	if (timers_next() > now && !load_relaxed(&umcg_rt.timers.nrealtime))
		return;
	unpark_batch_init(&batch);
	lock_acquire(&umcg_rt.timers.lock);
	if (umcg_rt.timers.nrealtime)
		follow_realtime_locked();
	while (umcg_rt.timers.root && umcg_rt.timers.root->deadline <= now) {
		struct timer *n = umcg_rt.timers.root;

		remove_locked(n);
		publish_next_locked();
		store_relaxed(&n->expired, true);	/* for whoever the unpark hands the worker to */
		umcg_rt.stats.timer_fires++;
		unpark_batch_add(&batch, container_of(n, struct task, timer));
	}
	lock_release(&umcg_rt.timers.lock);
	unpark_batch_run(&batch);
}

/* How long a keeper that watches deadline until may sleep. */
uint64_t timers_sleep_limit(uint64_t until)
{
	uint64_t look;

	if (until == NO_DEADLINE || !load_relaxed(&umcg_rt.timers.nrealtime))
		return until;
	look = host_now() + REALTIME_CHECK_MS * NSEC_PER_MSEC;
	return look < until ? look : until;
}

/* A timer was armed by somebody whose server goes on running: does anybody watch it? */
void timer_kick(void)
{
	compiler_barrier();	/* pairs with the membarrier in server_sleep() */
	if (timers_next() >= load_relaxed(&umcg_rt.keeper_deadline))
		return;
	if (!servers_wake_keeper())
		monitor_poke();
}
