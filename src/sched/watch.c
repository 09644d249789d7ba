/* SPDX-License-Identifier: MIT */
/*
 * The monitor's watch over the application's servers, see contract.h: it takes a
 * server over when its boss needs a kernel thread, and sees to it that strays
 * come in when their calls have ended. All under members_lock, which whoever
 * unregisters takes too: states are readable until then.
 */
#include "core/state.h"
#include "sched/contract.h"
#include "sched/signal.h"

enum {
	LOOK_US = 1000,			/* between the looks at a running worker */
	RETRY_US = 50,
	STRAY_US = 50, STRAY_MAX_US = 2000, /* between looks at a stray: doubled while it sleeps on */
	NEAR_US = 200,			/* at one that has got to its call or out of it, or is about to */
	AT_WORK_US = 500,		/* of CPU time: more than a call takes that is the first of its kind */
};

static void stray_add_locked(struct carrier *c, struct task *w, uint64_t now)
{
	uint64_t pause = STRAY_US * NSEC_PER_USEC;
	bool home = c == &w->carrier_part;

	c->stray.worker = w;
	store_relaxed(&c->stray.arrived, !home);
	c->stray.cpu_seen = carrier_cpu_time(c);
	c->stray.look_at = now + pause;
	c->stray.pause = pause;
	if (c->stray.listed)
		return;
	c->stray.listed = true;
	c->stray.next = umcg_rt.strays;
	umcg_rt.strays = c;
}

void stray_remove_locked(struct carrier *c)
{
	struct carrier **link = &umcg_rt.strays;

	while (*link && *link != c)
		link = &(*link)->stray.next;
	if (*link)
		*link = c->stray.next;
	c->stray.listed = false;
}

void worker_coupled(struct task *w)
{
	struct carrier *home = &w->carrier_part;

	worker_blocked(w);
	lock_acquire(&umcg_rt.members_lock);
	home->tid = w->tid;
	stray_add_locked(home, w, host_now());
	lock_release(&umcg_rt.members_lock);
	monitor_poke();
}

/* w sleeps in the kernel outside the runtime, and is held. False if it is preparing a transition. */
static bool block_held(struct server *s, struct task *w)
{
	if (!state_block(w->ut))
		return false;
	if (worker_server(w) != s->boss)
		contract_breach(w, "it blocks and next_tid is not its server");
	if (!state_resume(s->boss->ut))
		contract_breach(w, "it blocks and its server is not IDLE");
	return true;
}

/* When the boss of s wants to be woken, in ns from now. */
static uint64_t boss_due_in(struct server *s)
{
	uint64_t deadline = load_relaxed(&s->deadline), now;

	if (state_base(state_load(s->boss->ut)) == UMCG_TASK_RUNNING)
		return 0;
	if (!deadline)
		return NO_DEADLINE;
	now = host_clock_ns(CLOCK_REALTIME);
	return deadline > now ? deadline - now : 0;
}

/*
 * The wait of the boss beneath w, which is held, is over, and w is not about to
 * hand over itself: a worker that is has left RUNNING, or is LOCKED, since before
 * it resumed its server. Hence the order of the looks.
 */
static bool due_held(struct server *s, struct task *w)
{
	return boss_due_in(s) == 0 && state_is_running(state_load(w->ut));
}

/* The boss of s needs a carrier: w has the one they share. */
static bool take_over_locked(struct server *s, struct carrier *c, struct task *w, bool blocked)
{
	struct carrier *spare = carrier_take_spare();

	if (!spare) {
		carrier_create_spare();
		return false;
	}
	if (!server_hold(s, c, w)) {
		carrier_put_spare(spare);
		return false;
	}
	if (!(blocked ? block_held(s, w) : due_held(s, w))) {
		server_let_go(w);
		carrier_put_spare(spare);
		return false;
	}
	c->server = NULL;
	store_relaxed(&s->current, NULL);
	or_acq_rel(&w->attn, ATTN_UNMANAGED);
	stray_add_locked(c, w, host_now());
	server_let_go(w);
	umcg_rt.stats.takeovers++;
	carrier_follow(spare, s->boss->tid);
	carrier_give_server(spare, s);
	return true;
}

static uint64_t look_at_member_locked(struct server *s, uint64_t now)
{
	struct task *w = load_acquire(&s->current);
	struct carrier *c = load_relaxed(&s->carrier);
	uint64_t due, pause = LOOK_US * NSEC_PER_USEC;
	uint32_t state;

	if (!w || !c)
		return NO_DEADLINE;
	due = boss_due_in(s);
	state = state_load(w->ut);	/* after its server's: see due_held() */
	if (!state_is_running(state))
		pause = due ? pause : RETRY_US * NSEC_PER_USEC;
	else if (due == 0)
		pause = take_over_locked(s, c, w, false) ? pause : RETRY_US * NSEC_PER_USEC;
	else if (carrier_sleeps(c))
		pause = take_over_locked(s, c, w, true) ? pause : RETRY_US * NSEC_PER_USEC;
	else if (state & UMCG_TF_PREEMPTED)
		carrier_preempt(c);
	return now + (due && due < pause ? due : pause);
}

/* Whether c's worker is in its call still, or has not got there yet, or not out of it: a signal then would interrupt the call. */
static bool call_goes_on(struct carrier *c)
{
	struct stray *stray = &c->stray;
	uint64_t cpu = carrier_cpu_time(c);

	if (!carrier_sleeps(c)) {
		if (stray->pause > NEAR_US * NSEC_PER_USEC)
			stray->pause = NEAR_US * NSEC_PER_USEC;
		return cpu - stray->cpu_seen < AT_WORK_US * NSEC_PER_USEC;
	}
	if (cpu != stray->cpu_seen)
		stray->pause = STRAY_US * NSEC_PER_USEC;	/* it has been out and in again meanwhile */
	stray->cpu_seen = cpu;
	return true;
}

/*
 * w executes at home and has not been noticed to block, as it was LOCKED when it
 * went there. If it sleeps now, its server must know. It is held off meanwhile.
 */
static void home_blocked(struct task *w)
{
	if (!worker_ask(w))
		return;
	if (load_acquire(&w->np) == 0 && w->at_home)
		worker_blocked(w);
	server_let_go(w);
}

/* Is the call of c's worker at its end? Then it is to come in. */
static void look_at_stray_locked(struct carrier *c, uint64_t now)
{
	struct stray *stray = &c->stray;
	uint32_t state = state_load(stray->worker->ut);
	/* RUNNING: its server went on because its own wait had ended, or it went home LOCKED. It may run until it is preempted. */
	bool may_run = state & UMCG_TF_LOCKED ||
		       (state_base(state) == UMCG_TASK_RUNNING && !(state & UMCG_TF_PREEMPTED));

	if (state_is_running(state) && c == &stray->worker->carrier_part && carrier_sleeps(c))
		home_blocked(stray->worker);
	if (may_run || call_goes_on(c)) {
		if (stray->pause < STRAY_MAX_US * NSEC_PER_USEC / 2)
			stray->pause *= 2;
	} else {
		stray->pause = STRAY_US * NSEC_PER_USEC;
		signal_carrier(c, SIGNAL_PREEMPT);
	}
	stray->look_at = now + stray->pause;
}

/* Whether c's worker is still without its server there. */
static bool astray(struct carrier *c)
{
	struct task *w = c->stray.worker;

	/* Its home may not have got a CPU yet. */
	if (c == &w->carrier_part)
		return w->role == ROLE_WORKER && (!load_acquire(&c->stray.arrived) || w->at_home);
	return w->carrier == c && load_acquire(&w->attn) & ATTN_UNMANAGED;
}

static uint64_t look_at_strays_locked(uint64_t now)
{
	struct carrier **link = &umcg_rt.strays, *c;
	uint64_t next = NO_DEADLINE;

	while ((c = *link)) {
		if (now >= c->stray.look_at && !astray(c)) {
			c->stray.listed = false;
			*link = c->stray.next;
			continue;
		}
		if (now >= c->stray.look_at)
			look_at_stray_locked(c, now);
		if (c->stray.look_at < next)
			next = c->stray.look_at;
		link = &c->stray.next;
	}
	return next;
}

uint64_t members_look(uint64_t now)
{
	uint64_t next;

	lock_acquire(&umcg_rt.members_lock);
	next = look_at_strays_locked(now);
	for (struct server *s = umcg_rt.members; s; s = s->next) {
		uint64_t at = look_at_member_locked(s, now);

		next = at < next ? at : next;
	}
	lock_release(&umcg_rt.members_lock);
	return next;
}
