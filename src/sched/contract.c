/* SPDX-License-Identifier: MIT */
/* Tasks whose scheduler is the application. See contract.h. */
#include "sched/contract.h"
#include "base/text.h"
#include "core/state.h"
#include "host/thread.h"
#include "sched/signal.h"

#include <errno.h>

/* The kernel would end the task by SIGSEGV; the process ends with it. */
_Noreturn void contract_breach(struct task *t, const char *what)
{
	struct text msg = { 0 };

	text_str(&msg, "libumcg: task ");
	text_dec(&msg, (uint64_t)t->tid);
	text_str(&msg, " breaks the contract: ");
	text_str(&msg, what);
	text_str(&msg, "\n");
	text_flush(&msg);
	sys_die(SIGSEGV);
}

struct task *member_of_tid(uint32_t tid)
{
	struct task *t = task_of_tid((int)tid);

	return t && load_acquire(&t->role) ? t : NULL;	/* pairs with member_register() */
}

static struct task *server_of_tid(uint32_t tid)
{
	struct task *s = member_of_tid(tid);

	return s && s->role == ROLE_SERVER ? s : NULL;
}

struct task *worker_server(struct task *w)
{
	return server_of_tid(load_relaxed(&w->ut->next_tid));
}

static void wake_server(struct task *s)
{
	task_unpark(s);
	/* It may lie beneath a worker that goes on: then it needs another carrier. */
	if (load_relaxed(&s->own->current))
		monitor_poke();
}

static void resume_server(struct task *w, struct task *s)
{
	if (!s)
		contract_breach(w, "it has no server");
	if (!state_resume(s->ut))
		contract_breach(w, "its server is not IDLE");
	wake_server(s);
}

static void list_idle(struct task *w)
{
	w->listed = true;
	if (!load_relaxed(&w->ut->idle_workers_ptr))
		contract_breach(w, "it has no idle list");
	idle_push(w->ut);
}

static void resume_idle_server(struct task *w)
{
	uint32_t tid = idle_server_take(w->ut);

	if (tid)
		resume_server(w, server_of_tid(tid));
}

static void pass_to_server(struct task *w, struct task *s)
{
	if (!s)
		contract_breach(w, "it is RUNNING without a server");
	w->listed = false;
	if (swap_acq_rel(&s->own->mail, w))
		contract_breach(w, "its server has been given another worker");
	wake_server(s);
}

/* Whether an IDLE w is to be pushed. */
static bool is_runnable(struct task *w, enum settle how)
{
	if (w->listed || how == SETTLE_SLEEPS)
		return false;
	return how == SETTLE_YIELDS || w->loops || load_relaxed(&w->timer.expired);
}

/* One step of worker_settle(). True if w is another's now. */
static bool settle(struct task *w, enum settle how)
{
	struct umcg_task *ut = w->ut;
	uint32_t seen = state_load(ut), tid;

	for (;;) {
		switch (state_base(seen)) {
		case UMCG_TASK_RUNNING:
			if (seen & UMCG_TF_LOCKED)
				return false;	/* whoever locked it wakes it again */
			tid = load_relaxed(&ut->next_tid);
			if (tid && !(seen & UMCG_TF_PREEMPTED)) {
				pass_to_server(w, server_of_tid(tid));
				return true;
			}
			if (!state_move(ut, &seen, UMCG_TASK_IDLE, 0))
				continue;
			if (!tid)
				break;		/* woken; if then preempted, it has no server to tell */
			list_idle(w);
			resume_server(w, server_of_tid(tid));
			return false;
		case UMCG_TASK_IDLE:
			if (seen & UMCG_TF_LOCKED) {
				if (!state_move(ut, &seen, UMCG_TASK_IDLE, UMCG_TF_LOCKED))
					continue;
				return false;
			}
			if (!is_runnable(w, how))
				return false;
			break;
		case UMCG_TASK_BLOCKED:
			if (!state_move(ut, &seen, UMCG_TASK_IDLE, 0))
				continue;
			break;
		default:
			contract_breach(w, "its state is none of RUNNING, IDLE, BLOCKED");
		}
		list_idle(w);
		resume_idle_server(w);
		return false;
	}
}

void worker_settle(struct task *w, enum settle how)
{
	while (!settle(w, how)) {
		/* From the CAS on anybody may run it. Pairs with task_notify(). */
		if (cas_acq_rel(&w->run, RUN_RUNNING, RUN_PARKED))
			return;
		swap_acquire(&w->run, RUN_RUNNING);
		if (how == SETTLE_SLEEPS)
			how = SETTLE_WOKEN;
	}
}

void worker_blocked(struct task *w)
{
	if (state_block(w->ut))
		resume_server(w, worker_server(w));
}

/* Whether w is to run on s now, if its context can be had. */
static bool linked(struct task *w, struct task *s)
{
	uint32_t state = state_load(w->ut);

	return s && state_base(state) == UMCG_TASK_RUNNING && !(state & STATE_FLAGS) &&
	       load_relaxed(&w->ut->next_tid) == (uint32_t)s->tid;
}

static void wake(struct task *t)
{
	if (t->role == ROLE_SERVER)
		wake_server(t);
	else if (task_notify(t))
		worker_settle(t, SETTLE_WOKEN);
}

/* Wake next, or if it is linked with s return it, claimed: it is to run on s at once. */
static struct task *wake_or_claim(struct task *next, struct task *s)
{
	if (next->role == ROLE_WORKER && linked(next, s))
		return worker_claim(next) ? next : NULL;
	if (next != s)
		wake(next);
	return NULL;
}

/* The server s saves its context and runs w. Returns when s is to go on, perhaps on another carrier. */
static always_inline void server_run(struct task *s, struct task *w, uint64_t realtime)
{
	s->own->deadline = realtime;
	carrier_run_on(member_carrier(s), s->own, w);
	monitor_poke();
	arch_switch_inline(&s->ctx, &w->ctx);
	carrier_finish_switch(member_carrier(s));
}

/* The spare carrier that executes s gives it back to its home, which waits for it. */
static void server_go_home(struct task *s)
{
	struct carrier *c = s->carrier;

	c->server = NULL;
	s->carrier_part.server = s->own;
	store_relaxed(&s->own->carrier, &s->carrier_part);
	c->post = POST_HOME;
	c->post_task = s;
	arch_switch(&s->ctx, c->base);
	carrier_post(&s->carrier_part);
}

bool server_try_home(struct task *s)
{
	if (s->carrier && load_acquire(&s->home_free))	/* pairs with server_home_loop() */
		server_go_home(s);
	return !s->carrier;
}

/* The home of a server that runs on a spare carrier, once the stray has left it. */
static void server_home_loop(void *arg)
{
	static const kernel_sigset all = ~0ull;
	struct task *s = arg;

	for (;;) {
		kernel_sigset mask;

		sys_sigmask(SIG_SETMASK, &all, &mask);
		carrier_post(&s->carrier_part);
		store_release(&s->home_free, 1);	/* pairs with server_try_home() */
		sys_futex_wake(&s->home_free, 1);
		/* If it sleeps elsewhere, let it come: the process's signals may be blocked in all other threads. */
		task_notify(s);
		while (!load_acquire(&s->home_word))	/* pairs with carrier_post() */
			sys_futex_wait(&s->home_word, 0, NO_DEADLINE);
		store_relaxed(&s->home_word, 0);
		store_relaxed(&s->home_free, 0);
		s->carrier = NULL;
		s->at_home = true;
		sys_sigmask(SIG_SETMASK, &mask, NULL);
		arch_switch(&s->home, &s->ctx);
	}
}

static always_inline int server_wait(struct task *s, uint64_t realtime)
{
	struct server *own = s->own;
	uint32_t tid = load_relaxed(&s->ut->next_tid);
	struct task *next = NULL, *w = NULL;

	if (tid && !(next = member_of_tid(tid)))
		return -ESRCH;
	if (unlikely(s->carrier))
		server_try_home(s);
	if (next)
		w = wake_or_claim(next, s);
	for (;;) {
		if (state_base(state_load(s->ut)) == UMCG_TASK_RUNNING) {
			if (w)
				pass_to_server(w, s);
			return 0;
		}
		if (!w && load_relaxed(&own->mail))
			w = swap_acq_rel(&own->mail, NULL);
		if (w) {
			server_run(s, w, realtime);
			w = NULL;
		} else if (realtime && host_clock_ns(CLOCK_REALTIME) >= realtime) {
			return -ETIMEDOUT;
		} else {
			server_try_home(s);
			park_in_kernel(s, NO_DEADLINE, realtime);
		}
	}
}

static always_inline int worker_wait(struct task *w, uint64_t realtime)
{
	struct task *boss = worker_boss(w);
	uint32_t tid = load_relaxed(&w->ut->next_tid), seen = state_load(w->ut);
	struct task *next = NULL;
	bool expired;

	if (task_pinned(w))
		return -EINVAL;
	/* A stray, at its next scheduling point: the server that it had may be gone. */
	if (state_base(seen) == UMCG_TASK_BLOCKED) {
		worker_leave(w, POST_YIELD, NULL);
		return 0;
	}
	if (tid && !(next = member_of_tid(tid)))
		return -ESRCH;
	if (next)
		next = wake_or_claim(next, boss);
	/* Woken before it slept. LOCKED then is the waker's, who has not named its server yet: that is slept for. */
	if (state_base(seen) == UMCG_TASK_RUNNING && !(seen & UMCG_TF_LOCKED)) {
		if (next)
			worker_settle(next, SETTLE_WOKEN);
		if (!boss || load_relaxed(&w->ut->next_tid) != (uint32_t)boss->tid)
			worker_leave(w, POST_YIELD, NULL);
		return 0;
	}
	if (realtime)
		timer_arm(w, NO_DEADLINE, realtime);
	worker_leave(w, POST_SETTLE, next);
	expired = realtime && timer_disarm(w);
	return expired ? -ETIMEDOUT : 0;
}

int member_wait(struct task *t, uint64_t realtime)
{
	if (!state_valid(state_load(t->ut)))
		return -EINVAL;
	return t->role == ROLE_SERVER ? server_wait(t, realtime) : worker_wait(t, realtime);
}

int member_wake(uint32_t tid)
{
	struct task *t = member_of_tid(tid);

	if (!t)
		return -ESRCH;
	wake(t);
	return 0;
}

/* A park stack, and a thread pointer whose rseq area does not claim to know the CPU. */
static int member_prepare(struct task *t, void (*loop)(void *))
{
	if (!t->role_stack && !(t->role_stack = parkstack_take()))
		return -ENOMEM;
	task_couple(t);
	host_release_rseq();
	t->bound = true;
	t->was_foreign = t->kind == TASK_FOREIGN;
	if (t->was_foreign) {
		t->kind = TASK_WORKER;
		t->at_home = true;
		add_relaxed(&umcg_rt.coupled, 1);
	}
	t->carrier = NULL;
	t->ctx.tp = cpu_thread_pointer();
	arch_home_context_init(&t->home, t->role_stack, t->ctx.tp, loop, t);
	return 0;
}

static struct server *server_slot(void)
{
	struct server *s;

	lock_acquire(&umcg_rt.members_lock);
	s = umcg_rt.members_free;
	if (s)
		umcg_rt.members_free = s->next;
	lock_release(&umcg_rt.members_lock);
	return s ? s : sys_map(sizeof(*s));
}

static int server_register(struct task *t)
{
	static const kernel_sigset ours = SIGBIT(SIGNAL_PREEMPT) | SIGBIT(SIGNAL_INTERRUPT);
	struct server *s = server_slot();
	struct carrier *home = &t->carrier_part;

	if (!s)
		return -ENOMEM;
	*s = (struct server){ .boss = t, .carrier = home };
	list_init(&s->queue);
	t->own = s;
	t->home_free = 0;
	sys_sigmask(SIG_UNBLOCK, &ours, NULL);
	lock_acquire(&umcg_rt.members_lock);
	home->task = t;
	home->base = &t->home;
	home->server = s;
	home->tid = t->tid;
	home->post = POST_NONE;
	home->signalled = home->preempt = 0;
	s->next = umcg_rt.members;
	umcg_rt.members = s;
	lock_release(&umcg_rt.members_lock);
	return 0;
}

/* The kernel threads of the runtime run for members as for threads. */
static int member_begins(struct task *t, enum role role)
{
	int err = runtime_thread_begins();

	if (err)
		return err;
	err = member_prepare(t, role == ROLE_SERVER ? server_home_loop : home_loop);
	if (!err && role == ROLE_SERVER)
		err = server_register(t);
	if (err)
		runtime_thread_ended();
	return err;
}

int member_register(struct task *t, struct umcg_task *ut, enum role role, bool loops)
{
	int err = member_begins(t, role);

	if (err)
		return err;
	t->ut = ut;
	t->listed = false;
	t->loops = loops;
	store_release(&t->role, (uint8_t)role);		/* pairs with member_of_tid() */
	if (role == ROLE_WORKER) {
		t->bound = false;
		home_switch(t, POST_YIELD);
		if (t->carrier)
			carrier_post(t->carrier);
	}
	return 0;
}

static void server_unregister(struct task *t)
{
	struct server *s = t->own, **link = &umcg_rt.members;

	/* A stray may be in a call on its home: nothing else can execute a thread that is nobody's server. */
	while (!server_try_home(t))
		sys_futex_wait(&t->home_free, 0, NO_DEADLINE);
	if (load_relaxed(&s->mail))
		contract_breach(t, "it unregisters with a worker to run");
	lock_acquire(&umcg_rt.members_lock);
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->boss = NULL;
	s->carrier = NULL;
	s->next = umcg_rt.members_free;
	umcg_rt.members_free = s;
	lock_release(&umcg_rt.members_lock);
	t->carrier_part.server = NULL;
}

int member_unregister(struct task *t)
{
	if (!t->role)
		return -EINVAL;
	if (t->role == ROLE_SERVER)
		server_unregister(t);
	else if (t->carrier)
		worker_leave(t, POST_DEPART, NULL);
	/* The monitor may be looking at its state: not after this. */
	lock_acquire(&umcg_rt.members_lock);
	stray_remove_locked(&t->carrier_part);
	store_release(&t->role, ROLE_NONE);
	lock_release(&umcg_rt.members_lock);
	t->ut = &t->own_ut;
	t->bound = true;
	if (t->was_foreign) {
		t->kind = TASK_FOREIGN;
		sub_acq_rel(&umcg_rt.coupled, 1);
	}
	runtime_thread_ended();
	return 0;
}

void member_forget(struct task *t)
{
	parkstack_give(t->role_stack);
	t->role_stack = NULL;
}

void carrier_run_boss(struct carrier *c)
{
	struct task *s = c->server->boss;

	s->at_home = false;
	s->carrier = c;
	arch_switch(&c->task->ctx, &s->ctx);
	carrier_post(c);
}
