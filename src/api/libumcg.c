/* SPDX-License-Identifier: MIT */
/*
 * The library API: wait, wake, swap.
 *
 * The wait word of a registered task
 *
 *  value    set by                         meaning
 *  NONE     unregister                     not a task
 *  RUNNING  register, a wait that returns  no wakeup queued
 *  WAITING  wait, by CAS from RUNNING      asleep or about to be
 *  WOKEN    wake, by CAS                   a wakeup is queued or just delivered
 *
 * Who moves it from WAITING decides how the wait ended: a waker to WOKEN, or
 * the waiter itself (timeout, signal) to RUNNING. So no wakeup is lost.
 */
#include "umcg/libumcg.h"
#include "sched/sched.h"
#include "sync/waitq.h"

#include <errno.h>

enum { WORD_NONE, WORD_RUNNING, WORD_WAITING, WORD_WOKEN };

struct core_task {
	struct task *task;	/* constant while word is not NONE */
	uint32_t word;
	intptr_t tag;
};

static thread_data struct core_task self;

static struct core_task *of(umcg_tid utid)
{
	return (struct core_task *)utid;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

EXPORT umcg_tid umcg_get_utid(void)
{
	return (umcg_tid)&self;
}

EXPORT void umcg_set_task_tag(umcg_tid utid, intptr_t tag)
{
	of(utid)->tag = tag;
}

EXPORT intptr_t umcg_get_task_tag(umcg_tid utid)
{
	return of(utid)->tag;
}

EXPORT umcg_tid umcg_register_core_task(intptr_t tag)
{
	if (self.word != WORD_NONE) {
		errno = EINVAL;
		return UMCG_NONE;
	}
	self.task = task_self_or_new();
	if (!self.task) {
		errno = ENOMEM;
		return UMCG_NONE;
	}
	self.tag = tag;
	store_release(&self.word, WORD_RUNNING);	/* pairs with umcg_wake() */
	return umcg_get_utid();
}

EXPORT int umcg_unregister_task(void)
{
	if (self.word == WORD_NONE)
		return fail(EINVAL);
	store_release(&self.word, WORD_NONE);
	self.tag = 0;
	return 0;
}

/* A wait that ends without a wakeup. False: a waker was first. */
static bool give_up(void)
{
	return cas_acq_rel(&self.word, WORD_WAITING, WORD_RUNNING);
}

/* Sleep while WAITING; next, if given, runs at once. 0 or -errno. */
static int sleep_as_task(struct task *t, const struct wait_until *u, struct task *next)
{
	uint32_t norestart = t->handlers_norestart;

	while (load_acquire(&self.word) == WORD_WAITING) {	/* pairs with umcg_wake() */
		if (signals_wait(t)) {
			signals_run(t);
			if (t->handlers_norestart != norestart && give_up())
				return -EINTR;
		} else if (wait_until_passed(u)) {
			if (give_up())
				return -ETIMEDOUT;
		} else {
			task_park(t, u->deadline, u->realtime, next);
			next = NULL;
		}
	}
	store_relaxed(&self.word, WORD_RUNNING);
	return 0;
}

static int wait_for_wakeup(const struct timespec *timeout, struct task *next)
{
	struct wait_until u;
	int ret;

	if (self.word == WORD_NONE)
		return fail(EINVAL);
	ret = wait_until_abs(&u, CLOCK_REALTIME, timeout);
	if (ret)
		return fail(-ret);
	if (cas_acq_rel(&self.word, WORD_WOKEN, WORD_RUNNING))
		return 0;
	np_enter(self.task);
	cas_acq_rel(&self.word, WORD_RUNNING, WORD_WAITING);	/* else WOKEN meanwhile */
	ret = sleep_as_task(self.task, &u, next);
	np_leave(self.task);
	return ret ? fail(-ret) : 0;
}

EXPORT int umcg_wait(const struct timespec *timeout)
{
	return wait_for_wakeup(timeout, NULL);
}

/* 0 or a positive errno. */
static int wake(struct core_task *c)
{
	struct task *t = umcg_self;
	uint32_t word = load_relaxed(&c->word);

	do {
		if (word == WORD_NONE)
			return ESRCH;
		if (word == WORD_WOKEN)
			return EAGAIN;
	} while (!cas_update(&c->word, &word, WORD_WOKEN));
	if (word == WORD_WAITING) {
		if (t)
			np_enter(t);
		task_unpark(c->task);
		if (t)
			np_leave(t);
	}
	return 0;
}

EXPORT int umcg_wake(umcg_tid next)
{
	int ret = wake(of(next));

	return ret ? fail(ret) : 0;
}

EXPORT int umcg_swap(umcg_tid next, const struct timespec *timeout)
{
	int ret;

	if (self.word == WORD_NONE)
		return fail(EINVAL);
	ret = wake(of(next));
	return ret ? fail(ret) : wait_for_wakeup(timeout, of(next)->task);
}
