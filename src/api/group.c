/* SPDX-License-Identifier: MIT */
/*
 * Groups: workers, and servers that poll for runnable ones and run them. A
 * scheduler by the contract of sched/contract.h, as an application would write one.
 *
 * Runnable workers are on the idle list (pushed by the runtime, or by who wakes
 * them), then in the ready queue, oldest first, then with the server that polled
 * them. Servers with nothing to do are among the sleepers; one of them is
 * published for the next push to wake. Whoever is woken takes the whole idle
 * list, publishes the next sleeper, and rouses one if there is work for two.
 */
#include "api/member.h"
#include "base/lock.h"
#include "core/state.h"
#include "sched/contract.h"
#include "sync/waitq.h"

struct umcg_group {
	uint64_t idle;			/* head of the idle list */
	uint32_t idle_server;		/* tid of the published sleeper; taken by exchange */
	struct lock lock __attribute__((aligned(64)));
	struct core_task *ready;	/* guarded by lock, as all below */
	struct core_task **ready_tail;
	struct core_task *sleepers;
	struct core_task *published;
	unsigned members;
};

EXPORT umcg_t umcg_create_group(uint32_t flags)
{
	struct umcg_group *g;

	if (flags) {
		errno = EINVAL;
		return NULL;
	}
	g = sys_map(sizeof(*g));
	if (!g) {
		errno = ENOMEM;
		return NULL;
	}
	g->ready_tail = &g->ready;
	return g;
}

EXPORT int umcg_destroy_group(umcg_t g)
{
	if (!g)
		return api_fail(EINVAL);
	if (load_relaxed(&g->members))
		return api_fail(EBUSY);
	sys_unmap(g, sizeof(*g));
	return 0;
}

static void count_member(struct umcg_group *g, int n)
{
	lock_acquire(&g->lock);
	store_relaxed(&g->members, g->members + (unsigned)n);
	lock_release(&g->lock);
}

static umcg_tid join(struct umcg_group *g, intptr_t tag, enum role role)
{
	struct core_task *self = &umcg_core;
	int ret = !g || self->word != WORD_NONE || (umcg_self && umcg_self->role) ? -EINVAL : runtime_enter();

	if (!ret && !(self->task = task_self_or_new()))
		ret = -ENOMEM;
	if (!ret && task_pinned(self->task))
		ret = -EINVAL;
	if (ret)
		goto fail;
	self->ut = (struct umcg_task){ .state = UMCG_TASK_RUNNING };
	if (role == ROLE_WORKER) {
		self->ut.state = UMCG_TASK_IDLE;
		self->ut.idle_workers_ptr = (uint64_t)&g->idle;
		self->ut.idle_server_tid_ptr = (uint64_t)&g->idle_server;
	}
	self->task->user = self;
	self->tag = tag;
	self->group = g;
	store_release(&self->word, WORD_RUNNING);	/* pairs with umcg_wake() */
	count_member(g, 1);
	np_enter(self->task);
	ret = member_register(self->task, &self->ut, role, true);
	np_leave(self->task);
	if (!ret)
		return umcg_get_utid();
	count_member(g, -1);
	self->group = NULL;
	store_release(&self->word, WORD_NONE);
fail:
	errno = -ret;
	return UMCG_NONE;
}

EXPORT umcg_tid umcg_register_worker(umcg_t group, intptr_t tag)
{
	return join(group, tag, ROLE_WORKER);
}

EXPORT umcg_tid umcg_register_server(umcg_t group, intptr_t tag)
{
	return join(group, tag, ROLE_SERVER);
}

/* The calling worker stops to run: its server, if it has one here, goes on. */
static void release_server(struct task *t)
{
	struct task *s = worker_boss(t);

	store_relaxed(&t->ut->state, UMCG_TASK_IDLE);
	/* Beneath a worker that is inside the runtime nobody else resumes it: it sleeps for that worker alone. */
	if (s)
		store_release(&s->ut->state, UMCG_TASK_RUNNING);
}

int group_leave(struct core_task *c)
{
	struct task *t = c->task;
	int ret;

	np_enter(t);
	if (t->role == ROLE_WORKER)
		release_server(t);
	ret = member_unregister(t);
	np_leave(t);
	if (ret)
		return ret;
	count_member(c->group, -1);
	c->group = NULL;
	return 0;
}

void group_wait(struct task *t, struct task *next)
{
	/* A stray, or a worker at home, has no server to give away: it comes in. That is
	 * a sleep, and may have used up the wake that it is to wait for. */
	if (unlikely(!worker_boss(t))) {
		worker_leave(t, POST_YIELD, NULL);
		return;
	}
	if (next)
		store_relaxed(&t->ut->state, UMCG_TASK_IDLE);
	else
		release_server(t);
	worker_leave(t, POST_SETTLE, next);
}

struct task *group_hand_over(struct task *t, struct task *next)
{
	struct task *s = worker_boss(t);

	if (!worker_claim(next))
		return NULL;		/* not saved yet: whoever saves it pushes it */
	if (!s || next->listed || state_load(next->ut) != UMCG_TASK_IDLE) {
		worker_settle(next, SETTLE_WOKEN);
		return NULL;
	}
	store_relaxed(&next->ut->next_tid, (uint32_t)s->tid);
	store_relaxed(&next->ut->state, UMCG_TASK_RUNNING);
	store_relaxed(&s->ut->next_tid, (uint32_t)next->tid);
	return next;
}

void group_put_back(struct task *next)
{
	if (!next || next->role != ROLE_WORKER)
		return;
	store_relaxed(&next->ut->state, UMCG_TASK_IDLE);
	worker_settle(next, SETTLE_WOKEN);
}

EXPORT int umcg_yield(void)
{
	struct core_task *self = &umcg_core;
	struct task *t = self->task;

	if (self->word == WORD_NONE || t->role != ROLE_WORKER || !self->group || task_pinned(t))
		return api_fail(EINVAL);
	np_enter(t);
	if (worker_boss(t))
		release_server(t);
	worker_leave(t, POST_YIELD, NULL);
	np_leave(t);
	return 0;
}

/* Append the idle list, last pushed first, to the ready queue, oldest first. */
static void collect_locked(struct umcg_group *g)
{
	struct umcg_task *ut = load_relaxed(&g->idle) ? umcg_idle_take(&g->idle) : NULL;
	struct core_task *first = NULL, *last = NULL;

	while (ut) {
		struct core_task *c = container_of(ut, struct core_task, ut);

		ut = umcg_idle_next(ut, &g->idle);
		c->next = first;
		first = c;
		if (!last)
			last = c;
	}
	if (first) {
		*g->ready_tail = first;
		g->ready_tail = &last->next;
	}
}

static struct core_task *take_ready_locked(struct umcg_group *g)
{
	struct core_task *c = g->ready;

	if (c) {
		g->ready = c->next;
		if (!g->ready)
			g->ready_tail = &g->ready;
	}
	return c;
}

static void publish_locked(struct umcg_group *g)
{
	if (g->published || !g->sleepers)
		return;
	g->published = g->sleepers;
	/* SEQ_CST: whoever pushes after this sees it; whatever was pushed before, the publisher sees. */
	__atomic_store_n(&g->idle_server, (uint32_t)g->published->task->tid, __ATOMIC_SEQ_CST);
}

/* Off the sleepers. False: a push has taken it and is about to resume it, or has; whoever asks. */
static bool retract_locked(struct umcg_group *g, struct core_task *c)
{
	struct core_task **link = &g->sleepers;

	while (*link && *link != c)
		link = &(*link)->next;
	if (*link)
		*link = c->next;
	if (g->published == c) {
		g->published = NULL;
		c->taken = __atomic_exchange_n(&g->idle_server, 0, __ATOMIC_SEQ_CST) == 0;
	}
	return !c->taken;
}

/* There is work for another server: wake the sleeper that came last. */
static void rouse_locked(struct umcg_group *g)
{
	struct core_task *c = g->sleepers;

	if (!g->ready || !c)
		return;
	if (retract_locked(g, c) && state_resume(&c->ut))
		task_unpark(c->task);
}

/* Sleep until a worker may be ready or the time has come; the lock is free meanwhile. */
static int sleep_for_work_locked(struct umcg_group *g, struct core_task *self, uint64_t realtime)
{
	int ret = 0;

	store_relaxed(&self->ut.state, UMCG_TASK_IDLE);
	store_relaxed(&self->ut.next_tid, 0);
	self->taken = false;
	self->next = g->sleepers;
	g->sleepers = self;
	publish_locked(g);
	if (!__atomic_load_n(&g->idle, __ATOMIC_SEQ_CST)) {
		lock_release(&g->lock);
		ret = member_wait(self->task, realtime);
		lock_acquire(&g->lock);
	}
	if (!retract_locked(g, self) && state_load(&self->ut) == UMCG_TASK_IDLE) {
		lock_release(&g->lock);
		member_wait(self->task, 0);	/* whoever took it resumes it at once */
		lock_acquire(&g->lock);
	}
	store_relaxed(&self->ut.state, UMCG_TASK_RUNNING);
	publish_locked(g);
	return ret;
}

EXPORT umcg_tid umcg_poll_worker(const struct timespec *timeout)
{
	struct core_task *self = &umcg_core, *found;
	struct umcg_group *g = self->group;
	uint64_t realtime = timeout ? timespec_to_ns(timeout) : 0;
	int ret = 0;

	if (self->word == WORD_NONE || !g || self->task->role != ROLE_SERVER ||
	    (timeout && (timeout->tv_nsec < 0 || timeout->tv_nsec >= (long)NSEC_PER_SEC))) {
		errno = EINVAL;
		return UMCG_NONE;
	}
	np_enter(self->task);
	lock_acquire(&g->lock);
	for (;;) {
		collect_locked(g);
		found = take_ready_locked(g);
		if (found || ret)
			break;
		if (timeout && realtime <= host_clock_ns(CLOCK_REALTIME))
			ret = -ETIMEDOUT;
		else
			ret = sleep_for_work_locked(g, self, realtime);
	}
	rouse_locked(g);
	lock_release(&g->lock);
	np_leave(self->task);
	if (!found) {
		errno = -ret;
		return UMCG_NONE;
	}
	store_relaxed(&found->polled, 1);
	return (umcg_tid)found;
}

EXPORT umcg_tid umcg_run_worker(umcg_tid worker)
{
	struct core_task *self = &umcg_core, *c = core_of(worker);
	struct task *s = self->task, *w;
	umcg_tid ran;
	int ret = -EINVAL;

	if (self->word == WORD_NONE || !self->group || s->role != ROLE_SERVER || !c)
		goto fail;
	ret = -EBUSY;
	if (!load_relaxed(&c->polled) || !swap_acq_rel(&c->polled, 0))
		goto fail;
	w = c->task;
	np_enter(s);
	store_relaxed(&self->ut.state, UMCG_TASK_IDLE);
	store_relaxed(&c->ut.next_tid, (uint32_t)s->tid);
	store_relaxed(&self->ut.next_tid, (uint32_t)w->tid);
	s->own->ran = c;		/* even if it is preempted before it has begun */
	store_release(&c->ut.state, UMCG_TASK_RUNNING);
	ret = member_wait(s, 0);
	ran = (umcg_tid)s->own->ran;
	np_leave(s);
	if (ret == 0)
		return ran;
fail:
	errno = -ret;
	return UMCG_NONE;
}

EXPORT int umcg_preempt_worker(umcg_tid worker)
{
	struct core_task *c = core_of(worker);
	struct task *t = umcg_self;
	struct carrier *k;

	if (!c || load_acquire(&c->word) == WORD_NONE || !c->group || c->task->role != ROLE_WORKER)
		return api_fail(ESRCH);
	if (!cas_acq_rel(&c->ut.state, UMCG_TASK_RUNNING, UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED))
		return api_fail(EAGAIN);
	if (t)
		np_enter(t);
	k = load_acquire(&c->task->carrier);
	if (k)
		carrier_preempt(k);
	if (t)
		np_leave(t);
	return 0;
}

EXPORT uint32_t umcg_get_task_state(umcg_tid utid)
{
	struct core_task *c = core_of(utid);

	if (!c || load_acquire(&c->word) == WORD_NONE)
		return UMCG_TASK_NONE;
	return c->group ? state_load(&c->ut)
	     : load_relaxed(&c->word) == WORD_WAITING ? UMCG_TASK_IDLE : UMCG_TASK_RUNNING;
}
