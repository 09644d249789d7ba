/* SPDX-License-Identifier: MIT */
/* Waiting for one of several descriptors. Protocol in ioset.h and poller.h. */
#include "block/ioset.h"

#include "sched/sched.h"

#include <errno.h>
#include <sys/epoll.h>

enum { IN_VAIN_MAX = 16 };

bool io_set_begin(struct io_set *set, struct wait_until until)
{
	struct task *t = umcg_self;

	if (!t || !task_may_park(t))
		return false;
	set->task = t;
	set->n = set->in_vain = 0;
	set->waits = set->direct = false;
	set->error = 0;
	set->until = until;
	return true;
}

bool io_set_add(struct io_set *set, int fd, uint32_t events)
{
	struct descriptor *d = descriptor_get(fd);

	if (!d || set->n == IO_SET_MAX)
		return false;
	if (load_relaxed(&d->kind) == IO_OURS)
		return false;
	set->w[set->n++] = (struct io_waiter){ .task = set->task, .fd = fd, .events = events | EPOLLERR | EPOLLHUP };
	return true;
}

static void join(struct io_set *set)
{
	set->handlers = set->task->handlers_run;
	for (unsigned i = 0; i < set->n; i++) {
		struct descriptor *d = descriptor_find(set->w[i].fd);

		io_join(d, &set->w[i]);
		lock_release(&d->lock);
	}
	set->waits = true;
}

static void leave(struct io_set *set)
{
	for (unsigned i = 0; set->waits && i < set->n; i++)
		io_leave_locked(io_lock(&set->w[i]), &set->w[i]);
	set->waits = false;
}

static bool arm(struct io_set *set)
{
	int err = 0;

	for (unsigned i = 0; !err && i < set->n; i++) {
		struct descriptor *d = io_lock(&set->w[i]);

		store_relaxed(&set->w[i].ready, 0);
		err = io_arm_locked(d, &set->w[i]);
		lock_release(&d->lock);
	}
	return !err;
}

static bool any_ready(struct io_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		if (load_acquire(&set->w[i].ready))	/* pairs with mark_locked() */
			return true;
	return false;
}

static bool end(struct io_set *set, int error)
{
	set->error = error;
	return false;
}

static bool go_home(struct io_set *set)
{
	leave(set);
	task_couple(set->task);
	set->direct = true;
	return false;
}

static bool run_handlers(struct io_set *set)
{
	leave(set);
	cancellation_point(set->task);
	if (set->task->handlers_run != set->handlers)
		return end(set, -EINTR);
	join(set);
	return true;
}

bool io_set_again(struct io_set *set)
{
	struct task *t = set->task;

	if (!set->waits) {
		np_enter(t);
		join(set);
	}
	if (++set->in_vain > IN_VAIN_MAX || !arm(set))
		return go_home(set);
	while (!any_ready(set)) {
		if (signals_wait(t) || cancellation_waits(t))
			return run_handlers(set);
		if (wait_until_passed(&set->until))
			return end(set, -ETIMEDOUT);
		if (!task_may_park(t))
			return go_home(set);
		poller_wait_begins(set->n);
		task_park(t, set->until.deadline, set->until.realtime, NULL);
		poller_wait_ended(set->n);
	}
	return true;
}

bool io_set_end(struct io_set *set, long *ret)
{
	if (set->error)
		*ret = set->error;
	if (set->waits || set->direct || set->error) {
		leave(set);
		np_leave(set->task);
	}
	return set->direct;
}
