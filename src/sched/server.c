/* SPDX-License-Identifier: MIT */
/*
 * Servers: run queues, stealing, idle sleep.
 *
 * A queue is a list under the server's lock, not a ring: any worker can be
 * taken out of the middle (swap to a lock's owner), it has no capacity to
 * overflow, and an uncontended lock costs what a ring's CAS would.
 */
#include "core/state.h"
#include "sched/poller.h"
#include "sched/sched.h"

#include <errno.h>

/* Picks from the LIFO slot in a row while others wait in the queue. */
enum { STREAK_MAX = 64 };

/* At a lock, some 40 ns apart, to tell whether it is in use all the time. */
enum { LOCK_LOOKS = 20 };

/* About what it takes until a woken server runs something: halted CPUs wake slowly. */
enum { WAKE_COST_NS = 20000 };

/* Longer than a sleeping server takes to come. */
bool server_runs_long(struct server *s)
{
	return load_relaxed(&s->run_ns) >= WAKE_COST_NS;
}

void servers_init(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct server *s = &umcg_rt.servers[i];

		s->id = i;
		s->run_ns = NSEC_PER_MSEC;
		list_init(&s->queue);
		list_init(&s->idle_link);
		state_set(&s->ut, UMCG_TASK_RUNNING);
	}
	store_release(&umcg_rt.nservers, n);	/* the monitor looks at them from here on */
}

static void queue_locked(struct server *s, struct task *t)
{
	t->queued_on = s;
	list_push_tail(&s->queue, &t->rq);
	store_relaxed(&s->queued, s->queued + 1);
}

static struct task *unqueue_locked(struct server *s, struct task *t)
{
	list_remove(&t->rq);
	t->queued_on = NULL;
	store_relaxed(&s->queued, s->queued - 1);
	return t;
}

static void queue_list_locked(struct server *s, struct list *l)
{
	while (!list_empty(l)) {
		struct task *t = container_of(l->next, struct task, rq);

		list_remove(&t->rq);
		queue_locked(s, t);
	}
}

static struct task *take_head(struct server *s)
{
	struct task *t = NULL;

	if (!load_relaxed(&s->queued))
		return NULL;
	lock_acquire(&s->lock);
	if (!list_empty(&s->queue)) {
		t = unqueue_locked(s, container_of(s->queue.next, struct task, rq));
		store_relaxed(&s->turns, s->turns + 1);
	}
	lock_release(&s->lock);
	return t;
}

static struct task *take_slot(struct server *s)
{
	struct task *t = s->slot;

	if (t) {
		store_relaxed(&s->slot, NULL);
		t->queued_on = NULL;
	}
	return t;
}

/* The slot first, but a chain of slots must not starve the queue. */
struct task *server_pick(struct server *s)
{
	struct task *t;

	if (s->slot && (s->streak++ < STREAK_MAX || !load_relaxed(&s->queued)))
		return take_slot(s);
	s->streak = 0;
	/* A push that this misses is seen by the idle path, behind its membarrier. */
	t = take_head(s);
	return t ? t : take_slot(s);
}

static void push(struct server *s, struct task *t)
{
	lock_acquire(&s->lock);
	queue_locked(s, t);
	lock_release(&s->lock);
}

/* A slice is over: who has waited longest is next, not who was woken last. */
void server_end_streak(struct server *s)
{
	struct task *t = take_slot(s);

	if (t)
		push(s, t);
}

/*
 * The waker's own server: t runs next there, whoever was to run next joins the
 * queue. But where workers run for long, t would wait for that long beside a
 * server that has nothing to do; only a rival of theirs is better off there.
 */
void server_push_slot(struct server *s, struct task *t)
{
	struct task *before = s->slot;

	if (load_relaxed(&umcg_rt.idle_count) && !t->rival_for && server_runs_long(s)) {
		server_push(s, t);
		return;
	}
	t->queued_on = s;
	store_relaxed(&s->slot, t);
	if (before) {
		push(s, before);
		servers_wake_one(s);
	}
	server_watch(s);
	monitor_poke();
}

void server_push(struct server *s, struct task *t)
{
	push(s, t);
	servers_wake_one(s);
	server_watch(s);
	monitor_poke();
}

void server_push_list(struct server *s, struct list *l)
{
	lock_acquire(&s->lock);
	queue_list_locked(s, l);
	lock_release(&s->lock);
	servers_wake_one(s);
	server_watch(s);
	monitor_poke();
}

/* Take t out of the slot or queue of s, the caller's own server, if it is there. */
bool server_claim(struct server *s, struct task *t)
{
	bool here;

	if (s->slot == t)
		return take_slot(s);
	lock_acquire(&s->lock);
	here = t->queued_on == s;
	if (here)
		unqueue_locked(s, t);
	lock_release(&s->lock);
	return here;
}

/* The slot's worker has waited while the server's carrier went on: others may have it. Caller: see server_hold(). */
void server_free_slot(struct server *s)
{
	struct task *t = take_slot(s);

	if (t)
		server_push(s, t);
}

/* Oldest waiting worker of some other server. Slots are left alone: their worker is about to run where it was woken. */
struct task *servers_steal(struct server *self)
{
	for (unsigned i = 1; i < umcg_rt.nservers; i++) {
		struct task *t = take_head(&umcg_rt.servers[(self->id + i) % umcg_rt.nservers]);

		if (t) {
			self->steals++;
			return t;
		}
	}
	return NULL;
}

static struct server *longest_queue(void)
{
	struct server *longest = &umcg_rt.servers[0];

	for (unsigned i = 1; i < umcg_rt.nservers; i++)
		if (load_relaxed(&umcg_rt.servers[i].queued) > load_relaxed(&longest->queued))
			longest = &umcg_rt.servers[i];
	return longest;
}

/*
 * Between servers that are all busy: workers of a short queue would get a larger
 * share of the CPUs for ever. Half of the difference moves here.
 */
void server_balance(struct server *s)
{
	struct server *o = longest_queue();
	struct list moved;

	list_init(&moved);
	if (load_relaxed(&o->queued) < load_relaxed(&s->queued) + 2)
		return;
	lock_acquire(&o->lock);
	for (uint32_t left = o->queued, here = load_relaxed(&s->queued); left >= here + 2; left--, here++)
		list_push_tail(&moved, &unqueue_locked(o, container_of(o->queue.next, struct task, rq))->rq);
	lock_release(&o->lock);
	lock_acquire(&s->lock);
	queue_list_locked(s, &moved);
	lock_release(&s->lock);
}

/* A server with workers in its queue, or NULL. */
struct server *servers_have_work(void)
{
	for (unsigned i = 0; i < umcg_rt.nservers; i++)
		if (load_relaxed(&umcg_rt.servers[i].queued))
			return &umcg_rt.servers[i];
	return NULL;
}

/* The server that fell idle last; who sits only if there is no other. */
static struct server *idle_choose_locked(void)
{
	struct server *s = NULL;

	for (struct list *l = umcg_rt.idle.next; l != &umcg_rt.idle; l = l->next) {
		s = container_of(l, struct server, idle_link);
		if (&s->idle_word != load_relaxed(&umcg_rt.poller.seat))
			break;
	}
	return s;
}

/* Take s, or any server, off the idle list. */
static struct server *idle_remove(struct server *s)
{
	lock_acquire(&umcg_rt.idle_lock);
	if (!s)
		s = idle_choose_locked();
	if (s && load_relaxed(&s->idle_word)) {
		list_remove(&s->idle_link);
		store_relaxed(&umcg_rt.idle_count, umcg_rt.idle_count - 1);
		store_release(&s->idle_word, 0);	/* pairs with server_sleep() */
	} else {
		s = NULL;
	}
	lock_release(&umcg_rt.idle_lock);
	return s;
}

/* Nobody is on its way any more: a server with work that may have been left to the one who was, or NULL. */
struct server *servers_searched(void)
{
	swap_acq_rel(&umcg_rt.searching, 0);
	return servers_have_work();
}

/*
 * Work has been queued on busy: wake an idle server to share it, unless one is
 * already on its way, or the queue will be empty before it could be there (the
 * monitor looks after it if that turns out wrong). busy may have fallen asleep
 * since the caller looked: then nobody empties its queue. The idle side executes
 * a membarrier between its announcement and its last look, so plain loads suffice.
 *
 * Who finds searching set leaves its work to the one that takes it back: each
 * does so by an exchange, which hands over what was queued before.
 */
void servers_wake_one(struct server *busy)
{
	struct server *s;

	compiler_barrier();
	do {
		if (!load_relaxed(&umcg_rt.idle_count))
			return;
		if (!load_relaxed(&busy->idle_word) &&
		    load_relaxed(&busy->queued) * load_relaxed(&busy->run_ns) < WAKE_COST_NS)
			return;
		if (swap_acq_rel(&umcg_rt.searching, 1))
			return;
		s = idle_remove(NULL);
		if (s) {
			poller_wake(&s->idle_word);
			return;
		}
		/* They have all come by themselves. */
		busy = servers_searched();
	} while (busy);
}

void task_send_home(struct task *t)
{
	store_release(&t->home_word, 1);	/* pairs with home_loop() */
	sys_futex_wake(&t->home_word, 1);
}

void server_send_home(struct server *s)
{
	struct task *t;

	while ((t = take_head(s)))
		task_send_home(t);
}

/* A wake from outside the servers: t goes to an idle server if there is one. */
void server_push_remote(struct task *t)
{
	struct server *s = load_relaxed(&umcg_rt.idle_count) ? idle_remove(NULL) : NULL;

	if (!s) {
		server_push(t->last ? t->last : &umcg_rt.servers[(unsigned)t->tid % umcg_rt.nservers], t);
		return;
	}
	push(s, t);
	/* It may have come by itself before t was there, and be idle again: see server_sleep(). */
	compiler_barrier();
	if (load_relaxed(&s->idle_word))
		idle_remove(s);
	poller_wake(&s->idle_word);
	monitor_poke();
}

/* s, if it sleeps, looks round. */
void server_wake(struct server *s)
{
	if (idle_remove(s))
		poller_wake(&s->idle_word);
}

/* Have some sleeping server look at the timers again. */
bool servers_wake_keeper(void)
{
	struct server *s = idle_remove(NULL);

	if (s)
		poller_wake(&s->idle_word);
	return s != NULL;
}

/* Announce s idle. The earliest deadline is watched by one sleeper, the keeper. */
static uint64_t idle_enter(struct server *s)
{
	uint64_t until = NO_DEADLINE, next;

	lock_acquire(&umcg_rt.idle_lock);
	store_relaxed(&s->idle_word, 1);
	list_push_head(&umcg_rt.idle, &s->idle_link);
	store_relaxed(&umcg_rt.idle_count, umcg_rt.idle_count + 1);
	next = timers_next();
	if (next < umcg_rt.keeper_deadline) {
		until = next;
		umcg_rt.keeper = s;
		store_relaxed(&umcg_rt.keeper_deadline, until);
	}
	lock_release(&umcg_rt.idle_lock);
	return until;
}

static void idle_leave(struct server *s)
{
	idle_remove(s);
	if (umcg_rt.keeper != s)
		return;
	lock_acquire(&umcg_rt.idle_lock);
	if (umcg_rt.keeper == s) {
		umcg_rt.keeper = NULL;
		store_relaxed(&umcg_rt.keeper_deadline, NO_DEADLINE);
	}
	lock_release(&umcg_rt.idle_lock);
	/* Nobody sleeps towards the next deadline now: the monitor takes that over. */
	if (timers_next() != NO_DEADLINE)
		monitor_poke();
}

/* Whether t, which waits in the slot of a server that is held, wants a lock that is in steady use. */
static bool wants_busy_lock(struct task *t)
{
	for (int i = 0; t->rival_for && i < LOCK_LOOKS; i++) {
		if (load_relaxed(t->rival_for))
			return true;
		cpu_relax();
	}
	return false;
}

/*
 * Have for s what waits in another's slot behind a worker that goes on for long.
 * The monitor would come across it too, but a tick or two later.
 */
static bool take_slot_of_other(struct server *s)
{
	for (unsigned i = 0; i < umcg_rt.nservers; i++) {
		struct server *o = &umcg_rt.servers[i];
		struct carrier *c = load_relaxed(&o->carrier);
		struct task *w = load_relaxed(&o->current), *t;

		if (o == s || !c || !w || !load_relaxed(&o->slot) || !server_runs_long(o) || !server_hold(o, c, w))
			continue;
		t = o->slot;
		t = t && !wants_busy_lock(t) ? take_slot(o) : NULL;
		server_let_go(w);
		if (t) {
			s->steals++;
			push(s, t);
			return true;
		}
	}
	return false;
}

/*
 * Whether another server will look at the descriptors before long, as its workers
 * run shortly. Then events need not wake us as well: the one that goes on with
 * what it has woken itself saves the wake of a halted CPU.
 */
static bool other_looks(struct server *s)
{
	for (unsigned i = 0; i < umcg_rt.nservers; i++) {
		struct server *o = &umcg_rt.servers[i];

		if (o != s && !load_relaxed(&o->idle_word) && load_relaxed(&o->current) && !server_runs_long(o))
			return true;
	}
	return false;
}

/* The monitor has seen that nobody looks at the descriptors: let a sleeping server do it. False if there is none that would. */
bool servers_wake_sitter(void)
{
	struct server *s;

	if (!load_relaxed(&umcg_rt.idle_count) || other_looks(NULL))
		return false;
	s = idle_remove(NULL);
	if (s)
		poller_wake(&s->idle_word);
	return s != NULL;
}

static void sleep_idle(struct server *s, uint64_t until)
{
	if (poller_unattended() && !other_looks(s) && poller_sit(&s->idle_word, 1, until))
		return;
	sys_futex_wait(&s->idle_word, 1, until);
}

/* Sleep until there may be something to run on s, or a timer is due. */
void server_sleep(struct server *s)
{
	uint64_t until = idle_enter(s);

	/* Pairs with the plain store-then-load of those who push work or arm timers
	 * (servers_wake_one(), timer_kick()): they see us idle, or we see what they did. */
	sys_membarrier();
	if (!server_has_waiting(s) && !servers_have_work() &&
	    timers_next() >= load_relaxed(&umcg_rt.keeper_deadline) && !take_slot_of_other(s))
		sleep_idle(s, timers_sleep_limit(until));
	idle_leave(s);
}
