/* SPDX-License-Identifier: MIT */
/* The library API: wait, wake, swap. See member.h for the wait word. */
#include "api/member.h"
#include "api/share.h"
#include "sched/contract.h"
#include "sync/waitq.h"

thread_data struct core_task umcg_core;

/* In a fork's child the thread is not the task that its parent has shared. */
static bool registered(struct core_task *self)
{
	if (unlikely(self->word == WORD_SHARED) && !share_is_mine(self))
		self->word = WORD_NONE;
	return self->word != WORD_NONE;
}

EXPORT umcg_tid umcg_get_utid(void)
{
	return (umcg_tid)&umcg_core;
}

EXPORT void umcg_set_task_tag(umcg_tid utid, intptr_t tag)
{
	core_of(utid)->tag = tag;
}

EXPORT intptr_t umcg_get_task_tag(umcg_tid utid)
{
	return core_of(utid)->tag;
}

EXPORT umcg_tid umcg_register_core_task(intptr_t tag)
{
	struct core_task *self = &umcg_core;

	if (registered(self)) {
		errno = EINVAL;
		return UMCG_NONE;
	}
	self->task = task_self_or_new();
	if (!self->task) {
		errno = ENOMEM;
		return UMCG_NONE;
	}
	self->tag = tag;
	store_release(&self->word, WORD_RUNNING);	/* pairs with umcg_wake() */
	return umcg_get_utid();
}

EXPORT int umcg_unregister_task(void)
{
	struct core_task *self = &umcg_core;
	int ret = 0;

	if (!registered(self))
		return api_fail(EINVAL);
	if (self->word == WORD_SHARED)
		share_close(self);
	else if (self->group)
		ret = group_leave(self);
	if (ret)
		return api_fail(-ret);
	store_release(&self->word, WORD_NONE);
	self->tag = 0;
	return 0;
}

void api_thread_ends(void)
{
	if (umcg_core.word != WORD_NONE)
		umcg_unregister_task();
}

void api_after_fork_child(void)
{
	umcg_core = (struct core_task){ 0 };
}

/* A wait that ends without a wakeup. False: a waker was first. */
static bool give_up(struct core_task *self)
{
	return cas_acq_rel(&self->word, WORD_WAITING, WORD_RUNNING);
}

/* Sleep, at most until u; next, if given, runs at once. */
static void sleep_once(struct task *t, const struct wait_until *u, struct task *next)
{
	bool timed = u->deadline != NO_DEADLINE || u->realtime;

	if (t->role != ROLE_WORKER) {
		task_park(t, u->deadline, u->realtime, next);
		return;
	}
	if (timed)
		timer_arm(t, u->deadline, u->realtime);
	group_wait(t, next);
	if (timed)
		timer_disarm(t);
}

/* Sleep while WAITING. 0 or -errno. */
static int sleep_as_task(struct core_task *self, const struct wait_until *u, struct task *next)
{
	struct task *t = self->task;
	uint32_t norestart = t->handlers_norestart;

	while (load_acquire(&self->word) == WORD_WAITING) {	/* pairs with umcg_wake() */
		if (signals_wait(t)) {
			group_put_back(next);	/* its server may not be ours afterwards */
			next = NULL;
			signals_run(t);
			if (t->handlers_norestart != norestart && give_up(self))
				return -EINTR;
		} else if (wait_until_passed(u)) {
			group_put_back(next);
			next = NULL;
			if (give_up(self))
				return -ETIMEDOUT;
		} else {
			sleep_once(t, u, next);
			next = NULL;
		}
	}
	group_put_back(next);
	store_relaxed(&self->word, WORD_RUNNING);
	return 0;
}

/* 0 or -errno. next: woken already, to run at once; a group's worker has been claimed. */
static int wait_for_wakeup(struct core_task *self, const struct wait_until *u, struct task *next)
{
	if (!cas_acq_rel(&self->word, WORD_RUNNING, WORD_WAITING)) {	/* WOKEN */
		store_relaxed(&self->word, WORD_RUNNING);
		group_put_back(next);
		return 0;
	}
	return sleep_as_task(self, u, next);
}

/* 0 or -errno. */
static int wait_as(struct core_task *self, const struct timespec *timeout, struct wait_until *u)
{
	return !registered(self) ? -EINVAL : wait_until_abs(u, CLOCK_REALTIME, timeout);
}

EXPORT int umcg_task_wait(const struct timespec *timeout)
{
	struct core_task *self = &umcg_core;
	struct wait_until u;
	int ret = wait_as(self, timeout, &u);

	if (ret)
		return api_fail(-ret);
	if (unlikely(self->word == WORD_SHARED)) {
		ret = share_wait(self, &u);
	} else {
		np_enter(self->task);
		ret = wait_for_wakeup(self, &u, NULL);
		np_leave(self->task);
	}
	return ret ? api_fail(-ret) : 0;
}

/* Queue the wakeup: 0, 1 if next waits and must be unparked, or -errno. */
static int post_wakeup(struct core_task *next)
{
	uint32_t word = load_relaxed(&next->word);

	do {
		if (word == WORD_NONE)
			return -ESRCH;
		if (word == WORD_WOKEN)
			return -EAGAIN;
		if (unlikely(word == WORD_SHARED))
			return share_wake(next);
	} while (!cas_update(&next->word, &word, WORD_WOKEN));
	return word == WORD_WAITING;
}

static void unpark(struct task *next)
{
	struct task *t = umcg_self;

	if (t)
		np_enter(t);
	task_unpark(next);
	if (t)
		np_leave(t);
}

EXPORT int umcg_wake(umcg_tid next)
{
	int ret = post_wakeup(core_of(next));

	if (ret < 0)
		return api_fail(-ret);
	if (ret)
		unpark(core_of(next)->task);
	return 0;
}

EXPORT int umcg_swap(umcg_tid next, const struct timespec *timeout)
{
	struct core_task *self = &umcg_core;
	struct task *t = self->task, *heir;
	struct wait_until u;
	int ret = wait_as(self, timeout, &u);

	if (!ret)
		ret = unlikely(core_of(next)->word == WORD_SHARED) ? share_call(self, core_of(next))
								   : post_wakeup(core_of(next));
	if (ret < 0)
		return api_fail(-ret);
	heir = ret ? core_of(next)->task : NULL;
	if (unlikely(self->word == WORD_SHARED)) {
		if (heir)
			unpark(heir);
		ret = share_wait(self, &u);
		return ret ? api_fail(-ret) : 0;
	}
	np_enter(t);
	if (heir && t->role == ROLE_WORKER && heir->role == ROLE_WORKER) {
		heir = group_hand_over(t, heir);
	} else if (heir) {
		task_unpark(heir);
		/* A worker runs where its group's servers run it, and gives its own to none but workers. */
		if (t->role || heir->role)
			heir = NULL;
	}
	ret = wait_for_wakeup(self, &u, heir);
	np_leave(t);
	return ret ? api_fail(-ret) : 0;
}

EXPORT int umcg_share(void)
{
	struct core_task *self = &umcg_core;
	int ret = registered(self) && !self->group ? share_open(self) : -EINVAL;

	return ret < 0 ? api_fail(-ret) : ret;
}

EXPORT umcg_tid umcg_attach(int fd)
{
	struct core_task *self = &umcg_core, *handle;
	int ret;

	registered(self);
	ret = share_attach(self, fd, &handle);
	if (ret) {
		errno = -ret;
		return UMCG_NONE;
	}
	return (umcg_tid)handle;
}

EXPORT int umcg_detach(umcg_tid utid)
{
	struct core_task *self = &umcg_core;
	int ret;

	registered(self);
	ret = utid == UMCG_NONE ? -EINVAL : share_detach(self, core_of(utid));
	return ret ? api_fail(-ret) : 0;
}
