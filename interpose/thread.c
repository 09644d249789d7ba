/* SPDX-License-Identifier: MIT */
/* Birth, end and joining of threads. */
#include "interpose.h"
#include "api/member.h"
#include "host/attr.h"
#include "host/stack.h"
#include "host/thread.h"
#include "leave.h"
#include "objects.h"
#include "sched/contract.h"
#include "sched/kept.h"
#include "sync/waitq.h"

#include <string.h>

enum {
	START_GRACE_MS = 20,		/* a thread that has not started by then may not be ours */
};

thread_data struct life umcg_life;

/* An attribute that changes the kernel thread: such a thread stays on it. */
static bool wants_own_kernel_thread(const pthread_attr_t *attr)
{
	int inherit, policy;

	if (!attr)
		return false;
	if (pthread_attr_getinheritsched(attr, &inherit) == 0 && inherit == PTHREAD_EXPLICIT_SCHED &&
	    pthread_attr_getschedpolicy(attr, &policy) == 0 && policy != SCHED_OTHER)
		return true;
	return attr_has_affinity(attr) || attr_is_tight(attr);
}

/* The worker's function has returned or is being unwound: the rest of its life is the libc's, at home. */
static void go_home_for_good(void *unused)
{
	struct task *t = umcg_self;

	if (!t || t->kind != TASK_WORKER)
		return;
	np_enter(t);
	t->pin = 0;		/* of a handler that pthread_exit() has left */
	task_couple(t);
	t->bound = t->ends = true;
	home_depart(t);
	np_leave(t);
	host_thread_ends(t);
}

static noinline void *run(struct task *w)
{
	ON_LEAVE(end, go_home_for_good, NULL);

	return w->c11 ? (void *)(intptr_t)((thrd_start_t)(void *)w->fn)(w->arg) : w->fn(w->arg);
}

/*
 * First code of a new thread, on its home. It runs on there while a server has
 * nothing to do, so that a thread that never waits costs what it costs on NPTL;
 * else it queues up.
 */
static void *home_main(void *arg)
{
	struct task *w = arg;

	w->np = 1;
	home_init(w);
	task_publish_tid(w);
	umcg_self = w;
	host_on_thread_exit(w);
	stack_begin(w->stack, pthread_self(), w->tid);
	if (w->name[0])
		syscall3(SYS_prctl, PR_SET_NAME, (long)w->name, 0);
	if (w->set_mask) {
		w->mask_known = true;
		or_acq_rel(&w->attn, ATTN_MASK);
	}
	if (w->detached) {	/* else pthread_detach() may have come first */
		store_relaxed(&umcg_life.detached, 1);
		stack_note(w->stack, STACK_DETACHED);
	}
	store_release(&umcg_life.started, 1);
	sub_acq_rel(&umcg_rt.unborn, 1);	/* pairs with await_birth() */
	if (task_may_park(w) && !leaks_are_sought() && !newborn_may_stay(w))
		carrier_switch(w, POST_YIELD, NULL);
	np_leave(w);
	return run(w);
}

static int create_worker(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg, bool c11)
{
	struct task *self = task_self(), *w;
	int detach = PTHREAD_CREATE_JOINABLE, ret;
	struct kept_stack *stack;
	pthread_attr_t own;

	np_enter(self);
	w = task_alloc(TASK_WORKER);
	if (w && !(w->park_stack = parkstack_take())) {
		task_unref(w);
		w = NULL;
	}
	np_leave(self);
	if (!w)
		return EAGAIN;
	w->fn = fn;
	w->arg = arg;
	w->c11 = c11;
	w->bound_by_policy = self->bound_by_policy && !wants_own_kernel_thread(attr);
	w->bound = self->bound || wants_own_kernel_thread(attr);
	if (attr && pthread_attr_getdetachstate(attr, &detach) == 0)
		w->detached = detach == PTHREAD_CREATE_DETACHED;
	/* A carrier's mask and name are not the creator's; at home the kernel passes them on itself. */
	np_enter(self);
	if (self->kind == TASK_WORKER && !self->at_home) {
		w->set_mask = !attr || !attr_has_mask(attr);
		w->mask = self->mask;
		memcpy(w->name, self->name, sizeof(w->name));
	}
	np_leave(self);
	attr = attr_with_room(attr, &own);
	w->stack = stack = stack_take(&attr, &own);
	add_relaxed(&umcg_rt.unborn, 1);	/* whoever knows the thread sees it */
	ret = real()->pthread_create(thread, attr, home_main, w);
	if (ret == 0) {
		stack_begin(stack, *thread, 0);
		stack_note(stack, STACK_CREATED);
		return 0;
	}
	sub_acq_rel(&umcg_rt.unborn, 1);
	stack_put_back(stack);
	np_enter(self);
	parkstack_give(w->park_stack);
	task_unref(w);
	np_leave(self);
	return ret;
}

/* The kernel thread that is waited for needs no server, just a CPU: that takes a moment. Others' births may take longer. */
static struct task *await_birth(struct task *(*look)(uintptr_t), uintptr_t whom)
{
	enum { LOOKS = 10000, PAUSE_NS = 100000 };

	for (unsigned n = 0;; n++) {
		struct timespec pause = { 0, PAUSE_NS };
		bool births = load_acquire(&umcg_rt.unborn);	/* before the look: pairs with home_main() */
		struct task *t = look(whom);

		if (t || !births || n == LOOKS)
			return t;
		syscall3(SYS_nanosleep, (long)&pause, 0, 0);
	}
}

static struct task *look_at_thread(uintptr_t thread)
{
	return load_acquire((struct task **)host_tls_of((pthread_t)thread, &umcg_self));
}

static struct task *look_at_tid(uintptr_t tid)
{
	return task_of_tid((int)tid);
}

struct task *thread_task(pthread_t thread)
{
	return await_birth(look_at_thread, (uintptr_t)thread);
}

struct task *thread_task_of_tid(pid_t tid)
{
	return await_birth(look_at_tid, (uintptr_t)tid);
}

/* The kernel threads of the runtime, which may have retired, run from here to its end. */
static int create_counted(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg, bool c11)
{
	struct task *self = task_self();
	int ret;

	np_enter(self);
	ret = runtime_thread_begins();
	np_leave(self);
	if (ret)
		return EAGAIN;
	ret = create_worker(thread, attr, fn, arg, c11);
	if (ret)
		runtime_thread_ended();
	return ret;
}

static bool defaults_set;

WRAPPER int pthread_setattr_default_np(const pthread_attr_t *attr)
{
	store_relaxed(&defaults_set, true);
	return real()->pthread_setattr_default_np(attr);
}

/* The defaults, once the program has set some, may ask for what an attribute may ask for. */
static int create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg, bool c11)
{
	pthread_attr_t defaults;
	int ret;

	if (attr || !load_relaxed(&defaults_set) || pthread_getattr_default_np(&defaults))
		return create_counted(thread, attr, fn, arg, c11);
	ret = create_counted(thread, &defaults, fn, arg, c11);
	pthread_attr_destroy(&defaults);
	return ret;
}

WRAPPER int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	if (umcg_life.creates_helper)
		return real()->pthread_create(thread, attr, fn, arg);
	interpose_start();
	if (!umcg_rt.active)
		return real()->pthread_create(thread, attr, fn, arg);
	return create(thread, attr, fn, arg, false);
}

WRAPPER int thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	int ret;

	interpose_start();
	if (!umcg_rt.active)
		return real()->thrd_create(thread, fn, arg);
	ret = create(thread, NULL, (void *(*)(void *))(void *)fn, arg, true);
	return ret == 0 ? thrd_success : ret == ENOMEM || ret == EAGAIN ? thrd_nomem : thrd_error;
}

/* In the last round of the thread's destructors: let joiners go on to the libc, forget the task. */
void thread_on_exit(struct task *t)
{
	static const kernel_sigset all = ~0ull;
	struct unpark_batch batch;
	struct waiter *w;
	struct bucket *b;
	kernel_sigset old;
	bool was_worker, was_main;

	if (t != umcg_self)		/* a task of the parent's, in a fork's child */
		return;
	api_thread_ends();
	np_enter(t);
	unpark_batch_init(&batch);
	b = waitq_lock((void *)pthread_self());
	store_relaxed(&umcg_life.exited, 1);
	while ((w = waitq_next_locked(b, (void *)pthread_self(), NULL)))
		unpark_batch_add(&batch, waiter_wake_locked(w, WAITER_WOKEN));
	waitq_unlock(b);
	unpark_batch_run(&batch);
	member_unregister(t);
	stack_note(t->stack, STACK_EXITED);
	np_leave(t);			/* what was held back meanwhile runs here, or never */
	sys_sigmask(SIG_SETMASK, &all, &old);
	kept_clear(t);
	task_retract_tid(t);
	member_forget(t);
	parkstack_give(t->park_stack);
	umcg_self = NULL;
	was_worker = t->kind == TASK_WORKER;
	was_main = t == umcg_rt.main;
	if (was_main)
		store_relaxed(&umcg_rt.main, NULL);
	task_unref(t);
	sys_sigmask(SIG_SETMASK, &old, NULL);
	if (was_worker && !was_main)
		runtime_thread_ended();
}

/*
 * The raw call ends the kernel thread, without destructors: it must be the caller's own. The status of the
 * last one is the process's, which the runtime's threads must not outlive.
 */
void thread_exits_raw(void)
{
	struct task *t = umcg_self;

	umcg_go_home();
	if (!t || t->kind != TASK_WORKER)
		return;
	if (t == umcg_rt.main) {
		retire_now();
		return;
	}
	go_home_for_good(NULL);
	if (umcg_self)
		thread_on_exit(t);
}

/*
 * Whether t, at home, is to wait there as on NPTL. Where system calls take long, as without FSGSBASE, that is
 * faster, also because the kernel threads of those that it creates next have its mask and name; elsewhere
 * to see the end early is (bench: create-join).
 */
static bool joins_at_home(struct task *t)
{
	return t->at_home && (t->bound || arch_tp_switch != TP_WRFSBASE);
}

/* Wait until thread is about to leave the libc, so that the libc's join is short. 0, ETIMEDOUT or EDEADLK. */
static int await_exit(pthread_t thread, struct task *t, const struct wait_until *u, bool home)
{
	struct life *life = host_tls_of(thread, &umcg_life);
	int ret = 0;

	np_enter(t);
	/* A thread that has been cancelled will not wait for us much longer. */
	if (load_relaxed(&life->joining) == pthread_self() && !load_relaxed(&life->cancelled))
		ret = EDEADLK;
	umcg_life.joining = thread;
	for (unsigned grace = 0; !ret && !home; grace++) {
		struct waiter w = { 0 };
		struct wait_until until = *u;
		struct bucket *b = waitq_lock((void *)thread);
		bool started = load_acquire(&life->started);

		if (load_relaxed(&life->exited) || load_relaxed(&life->detached) || (!started && grace)) {
			waitq_unlock(b);
			break;
		}
		waiter_join_locked(b, &w, t, (void *)thread);
		waitq_unlock(b);
		if (!started)
			until = (struct wait_until){ .deadline = host_now() + START_GRACE_MS * NSEC_PER_MSEC };
		until.cancellable = true;
		switch (waiter_wait(&w, &until, NULL)) {
		case WAIT_WOKEN:
			break;
		case WAIT_TIMEOUT:
			if (wait_until_passed(u))
				ret = ETIMEDOUT;
			break;
		case WAIT_INTERRUPTED:
			cancellation_point(t);
			break;
		}
	}
	np_leave(t);
	return ret;
}

int umcg_await_exit(pthread_t thread, clockid_t clock, const struct timespec *abstime)
{
	struct task *t = task_self();
	bool home = t && joins_at_home(t), given_up = host_thread_exit_given_up();
	struct wait_until u;
	int ret;

	if (home || given_up)
		umcg_go_home();			/* says so if it is there */
	if (!t || given_up || thread == pthread_self())
		return 0;
	pthread_testcancel();
	ret = wait_until_abs(&u, clock, abstime);
	return ret ? -ret : await_exit(thread, t, &u, home);
}

int umcg_joined(int ret)
{
	store_relaxed(&umcg_life.joining, 0);
	return ret;
}

/* What happened to the thread on that stack if ret, which is returned, is 0. */
static int noted(struct kept_stack *stack, enum stack_event event, int ret)
{
	if (!ret)
		stack_note(stack, event);
	return ret;
}

WRAPPER int pthread_join(pthread_t thread, void **result)
{
	int ret = umcg_await_exit(thread, CLOCK_REALTIME, NULL);
	struct kept_stack *stack = stack_of(thread);

	return umcg_joined(ret ? ret : noted(stack, STACK_JOINED, real()->pthread_join(thread, result)));
}

WRAPPER int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *abstime)
{
	int ret = umcg_await_exit(thread, CLOCK_REALTIME, abstime);
	struct kept_stack *stack = stack_of(thread);

	return umcg_joined(ret ? ret : noted(stack, STACK_JOINED, real()->pthread_timedjoin_np(thread, result, abstime)));
}

WRAPPER int pthread_tryjoin_np(pthread_t thread, void **result)
{
	struct kept_stack *stack = stack_of(thread);

	return noted(stack, STACK_JOINED, real()->pthread_tryjoin_np(thread, result));
}

WRAPPER int thrd_join(thrd_t thread, int *result)
{
	void *value;

	if (pthread_join(thread, &value))
		return thrd_error;
	if (result)
		*result = (int)(intptr_t)value;
	return thrd_success;
}

WRAPPER int pthread_detach(pthread_t thread)
{
	struct kept_stack *stack = stack_of(thread);

	if (task_self())
		store_relaxed(&((struct life *)host_tls_of(thread, &umcg_life))->detached, 1);
	return noted(stack, STACK_DETACHED, real()->pthread_detach(thread));
}

WRAPPER int thrd_detach(thrd_t thread)
{
	return pthread_detach(thread) ? thrd_error : thrd_success;
}

WRAPPER void pthread_exit(void *result)
{
	struct task *t = umcg_self;

	umcg_go_home();		/* the libc unwinds to a frame that belongs to the home */
	if (t)
		t->ends = true;
	store_relaxed(&umcg_life.joining, 0);	/* in a handler that interrupted the wait */
	real()->pthread_exit(result);
	__builtin_unreachable();
}

WRAPPER void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

WRAPPER int sched_yield(void)
{
	struct task *t = task_self();

	if (!t)
		return real()->sched_yield();
	np_enter(t);
	task_yield(t);
	np_leave(t);
	return 0;
}

WRAPPER void thrd_yield(void)
{
	sched_yield();
}

WRAPPER pid_t gettid(void)
{
	struct task *t = umcg_self;

	return t ? t->tid : real()->gettid();
}

/* The libc marks the target and, if need be, signals its home; the target must go there to see it. */
WRAPPER int pthread_cancel(pthread_t thread)
{
	struct task *t;
	int ret;

	if (thread == pthread_self())
		umcg_go_home();
	if (task_self())
		store_relaxed(&((struct life *)host_tls_of(thread, &umcg_life))->cancelled, 1);
	ret = real()->pthread_cancel(thread);
	if (ret || !task_self() || thread == pthread_self())
		return ret;
	t = *(struct task **)host_tls_of(thread, &umcg_self);
	if (t)
		umcg_call_home(t, ATTN_SIGNAL | ATTN_CANCEL);
	return 0;
}
