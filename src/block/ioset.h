/* SPDX-License-Identifier: MIT */
/*
 * Waiting until one of several descriptors is ready, see io.h: for calls that
 * only ask.
 *
 *	if (!io_set_begin(&set, until) || !io_set_add(&set, fd, events) || …)
 *		return the libc's call;
 *	do
 *		ret = the call that does not wait, on set.w[…].fd;
 *	while (ret == 0 && io_set_again(&set));
 *	if (io_set_end(&set, &ret))
 *		ret = the libc's call on fd, here and now;
 */
#ifndef UMCG_BLOCK_IOSET_H
#define UMCG_BLOCK_IOSET_H

#include "sched/poller.h"
#include "sync/waitq.h"

enum { IO_SET_MAX = 16 };

struct io_set {
	struct task *task;
	unsigned n;
	bool waits;			/* they are listed; inside the runtime */
	bool direct;			/* the libc's call is to be made */
	unsigned in_vain;		/* wakes after which nothing was ready */
	int error;			/* 0, or -errno by which the wait has ended */
	uint32_t handlers;		/* that the task had run when it began to wait */
	struct wait_until until;
	struct io_waiter w[IO_SET_MAX];
};

/* Whether the caller, outside the runtime, may wait so. */
bool io_set_begin(struct io_set *set, struct wait_until until);

/* One more; false if it cannot be. */
bool io_set_add(struct io_set *set, int fd, uint32_t events);

/* None is ready: wait, and say whether to ask again. */
bool io_set_again(struct io_set *set);

/* The call is over: *ret is the result, or becomes the -errno by which the wait ended. True if the libc's call is to be made. */
bool io_set_end(struct io_set *set, long *ret);

#endif
