/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors. Protocol in io.h and poller.h. */
#include "block/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { IN_VAIN_MAX = 4 };

bool io_begin(struct io *io, int fd, uint32_t events)
{
	struct task *t = umcg_self;
	struct descriptor *d;

	io->kind = IO_UNKNOWN;
	if (!t || !task_may_park(t) || !(d = descriptor_get(fd)))
		return false;
	*io = (struct io){
		.w = { .task = t, .fd = fd, .events = events | EPOLLERR | EPOLLHUP },
		.task = t, .fd = fd, .kind = load_relaxed(&d->kind), .restarts = true, .until = WAIT_FOREVER,
	};
	if (io->kind == IO_UNKNOWN || io->kind == IO_OURS)
		io->kind = (uint8_t)descriptor_classify(d, fd);
	return io->kind == IO_SOCKET || io->kind == IO_STREAM;
}

bool io_mistaken(struct io *io)
{
	struct descriptor *d = descriptor_find(io->w.fd);
	enum io_kind kind = IO_POLLED;

	if (io->kind == IO_SOCKET)
		kind = descriptor_classify(d, io->w.fd);
	else
		store_relaxed(&d->kind, IO_POLLED);
	io->direct = kind != IO_STREAM;
	io->kind = (uint8_t)kind;
	return !io->direct;
}

long io_ask(struct io *io)
{
	struct pollfd p = { .fd = io->w.fd, .events = (short)io->w.events };

	if (syscall3(SYS_poll, (long)&p, 1, 0) <= 0)		/* or a signal is pending */
		return -EAGAIN;
	/* Somebody may be quicker, and the call wait: not while the descriptor is locked. Where
	 * it has been closed, all that use it come by here. */
	if (io->w.fd != io->fd)
		return 1;
	io->direct = true;
	return 0;
}

static void lock(struct io *io)
{
	io->d = io_lock(&io->w);
	io->stage = IO_LOCKED;
}

static void unlock(struct io *io)
{
	lock_release(&io->d->lock);
	io->stage = IO_LISTED;
}

static void join(struct io *io)
{
	io->w.fd = io->fd;
	io->d = descriptor_find(io->fd);
	io->handlers = io->task->handlers_run;
	io->norestart = io->task->handlers_norestart;
	io_join(io->d, &io->w);
	io->stage = IO_LOCKED;
}

static void leave(struct io *io)
{
	if (io->stage == IO_LISTED)
		lock(io);
	if (io->stage == IO_LOCKED)
		io_leave_locked(io->d, &io->w);
	io->stage = IO_OFF;
}

/* Until when a socket's owner wants calls to wait. */
static void limit(struct io *io)
{
	struct timeval tv = { 0 };
	uint32_t len = sizeof(tv);

	if (io->kind != IO_SOCKET || !descriptor_is_limited(io->d, io->w.fd) || io->until.deadline != NO_DEADLINE ||
	    syscall6(SYS_getsockopt, io->w.fd, SOL_SOCKET, io->w.events & EPOLLOUT ? SO_SNDTIMEO : SO_RCVTIMEO,
		     (long)&tv, (long)&len, 0) < 0 || (!tv.tv_sec && !tv.tv_usec))
		return;
	io->limited = true;
	io->until.deadline = host_now() + (uint64_t)tv.tv_sec * NSEC_PER_SEC + (uint64_t)tv.tv_usec * NSEC_PER_USEC;
}

static bool end(struct io *io, int error)
{
	io->error = error;
	return false;
}

/* Whether the call would wait at all: anybody may set O_NONBLOCK at any time. */
static bool look(struct io *io)
{
	long flags = syscall3(SYS_fcntl, io->w.fd, F_GETFL, 0);

	io->looked = true;
	io->d->blocks = flags >= 0 && !(flags & O_NONBLOCK);
	if (flags < 0)
		return end(io, (int)flags);	/* closed meanwhile */
	if (io->d->blocks)
		limit(io);
	return io->d->blocks;
}

/*
 * A call that writes ends by the socket's error if it waits when that comes; one
 * that begins then may find something else first.
 */
static int error_meanwhile(struct io *io)
{
	int error = 0;
	uint32_t len = sizeof(error);

	if (io->kind == IO_SOCKET && io->w.events & EPOLLOUT && io->w.ready & EPOLLERR)
		syscall6(SYS_getsockopt, io->w.fd, SOL_SOCKET, SO_ERROR, (long)&error, (long)&len, 0);
	return -error;
}

/* Wait in the kernel, at home. */
static bool go_home(struct io *io)
{
	leave(io);
	task_couple(io->task);
	io->direct = true;
	return false;
}

/* Off the list: handlers may leave by a jump, or end the thread. */
static bool run_handlers(struct io *io)
{
	struct task *t = io->task;
	bool ran;

	leave(io);
	cancellation_point(t);
	ran = io->restarts && !io->limited ? t->handlers_norestart != io->norestart : t->handlers_run != io->handlers;
	if (ran)
		return end(io, -EINTR);
	join(io);
	return true;
}

/* Until there may be something. False: the call is over. */
static bool sleep_listed(struct io *io)
{
	struct task *t = io->task;

	while (!load_acquire(&io->w.ready)) {		/* pairs with mark_locked() */
		if (signals_wait(t) || cancellation_waits(t))
			return run_handlers(io);
		if (wait_until_passed(&io->until))
			return end(io, -EAGAIN);
		if (!task_may_park(t))
			return go_home(io);
		poller_wait_begins(1);
		task_park(t, io->until.deadline, io->until.realtime, NULL);
		poller_wait_ended(1);
	}
	if (!(io->w.ready & ~(uint32_t)(EPOLLERR | EPOLLHUP)) && ++io->in_vain > IN_VAIN_MAX)
		return go_home(io);
	lock(io);
	io->error = error_meanwhile(io);
	store_relaxed(&io->w.ready, 0);
	return !io->error;
}

/* The data is often there when those who are runnable have run: then nothing needs to be watched. */
static bool let_others_run(struct io *io)
{
	if (!io->d->blocks || !task_has_company(io->task))
		return false;
	unlock(io);
	task_yield(io->task);
	lock(io);
	return true;
}

/* Have the descriptor watched. */
static int arm(struct io *io)
{
	int err = io_arm_locked(io->d, &io->w);

	if (err == -EPERM && io->d->kind != IO_OURS)
		store_relaxed(&io->d->kind, IO_DIRECT);		/* a file, unseen */
	return err;
}

bool io_again(struct io *io)
{
	if (io->stage == IO_FRESH) {
		np_enter(io->task);
		join(io);
		if (let_others_run(io))
			return true;
	}
	if (!io->looked && !look(io))
		return false;
	if (arm(io))
		return go_home(io);
	unlock(io);
	return sleep_listed(io);
}

bool io_end(struct io *io, long *ret)
{
	if (io->error)
		*ret = io->error;
	if (io->stage != IO_FRESH) {
		leave(io);
		np_leave(io->task);
	}
	return io->direct;
}
