/* SPDX-License-Identifier: MIT */
/*
 * Calls on descriptors that may wait: tried without waiting, and as long as that
 * fails the worker is parked, see poller.h.
 *
 *	struct io io;
 *	long ret;
 *
 *	if (!io_begin(&io, fd, EPOLLIN))
 *		return the libc's call;
 *	do
 *		ret = the call that does not wait, on io.w.fd;
 *	while (ret == -EAGAIN && io_again(&io));
 *	if (io_end(&io, &ret))
 *		ret = the libc's call on fd, here and now;
 *
 * When io_again() has returned true, the descriptor is locked until the next of
 * these calls: what is tried there must not wait.
 */
#ifndef UMCG_BLOCK_IO_H
#define UMCG_BLOCK_IO_H

#include "sched/poller.h"
#include "sync/waitq.h"

enum io_stage {
	IO_FRESH,			/* nothing has been tried in vain; outside the runtime */
	IO_OFF,				/* on no list */
	IO_LISTED,
	IO_LOCKED,			/* listed, the descriptor locked */
};

struct io {
	struct io_waiter w;
	struct descriptor *d;		/* of w.fd; while LOCKED */
	struct task *task;
	int fd;				/* as the caller named it */
	uint8_t kind;			/* enum io_kind */
	uint8_t stage;			/* enum io_stage */
	uint8_t in_vain;		/* wakes for an error that the call does not report */
	bool looked;			/* at what follows: it waits, and until when */
	bool limited;			/* by SO_RCVTIMEO or SO_SNDTIMEO */
	bool restarts;			/* after handlers with SA_RESTART, as most calls do */
	bool direct;			/* the libc's call is to be made */
	int error;			/* 0, or -errno by which the wait has ended */
	uint32_t handlers, norestart;	/* that the task had run when it began to wait */
	struct wait_until until;
};

/* Whether a call on fd may be tried so: a socket or stream. io->kind says what it is, if that is known. The caller is outside the runtime. */
bool io_begin(struct io *io, int fd, uint32_t events);

/* The call would wait: wait, and say whether to try again. */
bool io_again(struct io *io);

/* The call says that fd is not what it was taken for. Whether to try another way; else the libc's call is to be made. */
bool io_mistaken(struct io *io);

/*
 * For a call that cannot be told not to wait: -EAGAIN if fd is not ready; 1 if the
 * caller is to make the call on io->w.fd; 0 if that is the libc's.
 */
long io_ask(struct io *io);

/* The call is over: *ret is the result, or becomes the -errno by which the wait ended. True if the libc's call is to be made. */
bool io_end(struct io *io, long *ret);

#endif
