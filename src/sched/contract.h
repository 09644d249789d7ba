/* SPDX-License-Identifier: MIT */
/*
 * The contract of UMCG: what the kernel would do for tasks whose scheduler is
 * the application.
 *
 * A registered server S is executed by its own kernel thread. When it runs a
 * worker W, that kernel thread saves S's context, which then lies beneath, and
 * loads W's. Where W leaves the CPU the switch goes back to S, or to another
 * worker that is linked with S.
 *
 *  W waits (umcg_wait)          it has changed the states itself: SETTLE
 *  W's call blocks and says so  W: BLOCKED, S: RUNNING, W goes on at home
 *  W sleeps in the kernel       the monitor: W: BLOCKED, S: RUNNING; a spare
 *                               carrier takes S over, W is a stray on S's
 *                               kernel thread until it leaves it
 *  W's call has ended           W: IDLE, onto the idle list, an idle server is woken
 *
 * A saved worker whose run word is RUNNING belongs to one kernel thread, which
 * settles it: it is left parked, or becomes the mail of the server that it is
 * linked with. Nobody waits for a context to be saved: who finds a worker that
 * has not been, leaves NOTIFIED, and whoever saves it settles it again.
 */
#ifndef UMCG_SCHED_CONTRACT_H
#define UMCG_SCHED_CONTRACT_H

#include "sched/sched.h"

/* umcg_ctl() and umcg_wait(), the caller inside the runtime: 0 or -errno. */
int member_register(struct task *t, struct umcg_task *ut, enum role role, bool loops);
int member_unregister(struct task *t);
void member_forget(struct task *t);	/* it ends: free what registering has taken */
int member_wait(struct task *t, uint64_t realtime);
int member_wake(uint32_t tid);

/* The registered task of that tid, or NULL. */
struct task *member_of_tid(uint32_t tid);

/*
 * A worker that is saved (run == RUNNING, nobody else's): park it, push it, or
 * pass it to its server. An IDLE one is pushed if it YIELDS; if it SLEEPS not; if
 * it has been WOKEN only if its wait copes with that, or its time is over: the
 * wake may be a late one, of a wait that has ended, and the state has not changed.
 */
enum settle { SETTLE_SLEEPS, SETTLE_WOKEN, SETTLE_YIELDS };
void worker_settle(struct task *w, enum settle how);

/* Its context is saved while it waits for something other than umcg_wait(). */
void worker_blocked(struct task *w);

/* It goes home for a call that may block: the monitor sees to it that it comes in afterwards. */
void worker_coupled(struct task *w);

/* A server on a spare carrier goes home if nothing keeps its home busy. Whether it is there. */
bool server_try_home(struct task *s);

/* A carrier has been given the server of a boss: execute it. */
void carrier_run_boss(struct carrier *c);

/* Say what is wrong and end the process by SIGSEGV, as the kernel would end the task. */
_Noreturn void contract_breach(struct task *t, const char *what);

/* The server that next_tid of a worker names, or NULL. */
struct task *worker_server(struct task *w);

/* task_notify(), for a worker that is most likely parked. */
static inline bool worker_claim(struct task *w)
{
	return likely(cas_acq_rel(&w->run, RUN_PARKED, RUN_RUNNING)) || task_notify(w);
}

/* watch.c */
void stray_remove_locked(struct carrier *c);

/* The monitor's look at the application's servers: when to look again, NO_DEADLINE if nothing runs on them. */
uint64_t members_look(uint64_t now);

/* The server on which t executes, if it is an application's; else NULL. */
static inline struct task *worker_boss(struct task *t)
{
	return t->carrier && t->carrier->server ? t->carrier->server->boss : NULL;
}

static inline bool carrier_is_members(const struct carrier *c)
{
	return c->server && c->server->boss;
}

/* Where t executes, as a carrier; a server at home is its own. */
static inline struct carrier *member_carrier(struct task *t)
{
	return t->role == ROLE_SERVER && !t->carrier ? &t->carrier_part : t->carrier;
}

/* The server s, which c executes, is about to switch to w. */
static always_inline void carrier_run_on(struct carrier *c, struct server *s, struct task *w)
{
	w->listed = false;
	w->carrier = c;
	w->last = s;
	s->switches++;
	s->ran = w->user;
	store_release(&s->current, w);
}

/* After a switch: as carrier_post(), the frequent cases first. */
static always_inline void carrier_finish_switch(struct carrier *c)
{
	if (likely(c->post == POST_SETTLE)) {
		c->post = POST_NONE;
		worker_settle(c->post_task, SETTLE_SLEEPS);
	} else if (c->post != POST_NONE) {
		carrier_post(c);
	}
}

/*
 * Leave the context of t, a registered worker. Inlined: after a switch the
 * processor predicts returns by the calls of the context that was left, so each
 * frame between here and the application costs a wrong prediction.
 */
static always_inline void worker_leave(struct task *t, enum post post, struct task *next)
{
	struct carrier *c = t->carrier;
	struct server *s = c ? c->server : NULL;

	timer_watch();
	if (unlikely(load_relaxed(&t->attn) & (ATTN_UNMANAGED | ATTN_PREEMPT)))
		and_acq_rel(&t->attn, ~(uint32_t)(ATTN_UNMANAGED | ATTN_PREEMPT));
	if (!c) {
		home_switch(t, post);
	} else {
		c->post = post;
		c->post_task = t;
		if (s && next) {
			s->swaps++;
			carrier_run_on(c, s, next);
			arch_switch(&t->ctx, &next->ctx);	/* it has most likely left from here */
		} else if (s) {
			store_relaxed(&s->current, NULL);
			arch_switch_inline(&t->ctx, &s->boss->ctx);
		} else {
			arch_switch_inline(&t->ctx, c->base);
		}
	}
	if (t->carrier)
		carrier_finish_switch(t->carrier);
}

#endif
