/* SPDX-License-Identifier: MIT */
/*
 * The poller: workers that wait for descriptors are parked, and one epoll
 * instance tells when to go on.
 *
 * Who waits for a descriptor stands on its list from the first attempt that
 * failed until the call ends, so that closing the descriptor under it can give it
 * another one for the same file: as in the kernel, the call keeps the file.
 *
 *   1. The waiter joins the list, tries again under the descriptor's lock, and if
 *      that fails too has the epoll instance watch for it, once (EPOLLONESHOT).
 *      That looks at the present state of the file too, so nothing that came
 *      between is lost. It unlocks and parks.
 *   2. Who harvests the event marks the descriptor as not watched and wakes the
 *      first waiter that it concerns, for each direction.
 *   3. A waiter that was woken tries again under the lock: done, or watched again.
 *   4. A waiter that leaves has the descriptor watched for those who stay.
 *
 * An event that is late, or of a file that had the same number before, costs an
 * attempt and does no harm.
 *
 * Who harvests: a server that has nothing to run, before it sleeps; a busy one
 * now and then; the monitor at its ticks. One of those that sleep does it in
 * epoll_wait(): it has the seat.
 */
#ifndef UMCG_SCHED_POLLER_H
#define UMCG_SCHED_POLLER_H

#include "base/list.h"
#include "base/lock.h"
#include "sched/runtime.h"

/* What a descriptor seems to be. A number may have been closed and opened again unseen: calls that fail by it, ask again. */
enum io_kind {
	IO_UNKNOWN,
	IO_DIRECT,			/* never waits, or not in a way that can be polled: files, directories */
	IO_SOCKET,			/* takes MSG_DONTWAIT */
	IO_STREAM,			/* takes RWF_NOWAIT: pipes, most others */
	IO_POLLED,			/* can be asked by poll() whether a call would wait: terminals, some devices */
	IO_OURS,			/* the runtime's own */
};

struct descriptor {
	struct lock lock;
	uint8_t kind;			/* enum io_kind; a hint unless OURS */
	bool blocks;			/* O_NONBLOCK was not set when last looked at; a hint */
	bool known;			/* the epoll instance has been told of it; a hint */
	bool limited;			/* a socket with SO_RCVTIMEO or SO_SNDTIMEO, … */
	uint32_t limited_as_of;		/* … when poller.limits was one less */
	uint32_t armed;			/* events watched for, 0: not watched; guarded by lock */
	struct list waiters;		/* oldest first; guarded by lock, not initialised until the first joins */
};

struct io_waiter {
	struct list link;		/* guarded by the descriptor's lock, as the next two */
	struct task *task;
	int fd;				/* what to use: another one if it has been closed meanwhile */
	uint32_t events;		/* EPOLLIN, EPOLLOUT, … */
	uint32_t ready;			/* what has come; released by who harvests, cleared under lock */
};

/* The descriptor's entry; NULL if there is none (and none can be made). */
struct descriptor *descriptor_find(int fd);
struct descriptor *descriptor_get(int fd);

/* The first number from fd on that may have an entry; -1: none. */
int descriptor_next(unsigned fd);

/* Look again what fd is. */
enum io_kind descriptor_classify(struct descriptor *d, int fd);

/* Whether calls on the socket fd may have a time limit. */
bool descriptor_is_limited(struct descriptor *d, int fd);

/* Waits: w->task, fd and events are set. Each returns with the descriptor locked, but for leave. */
void io_join(struct descriptor *d, struct io_waiter *w);
struct descriptor *io_lock(struct io_waiter *w);

/* Have it watched. 0, or -errno: it cannot be. */
int io_arm_locked(struct descriptor *d, struct io_waiter *w);
void io_leave_locked(struct descriptor *d, struct io_waiter *w);

/* Whether nothing is known of a descriptor, so that it needs no descriptor_closing(). */
bool descriptor_is_strange(struct descriptor *d);

/*
 * fd is about to be closed: its waiters keep the file. It has been closed: who has
 * come to wait in between looks again, as if it had come after. The caller, if it is
 * a task, is inside the runtime.
 */
void descriptor_closing(struct descriptor *d, int fd);
void descriptor_closed(struct descriptor *d);

/* fd is to be the runtime's own: it, or where it has been moved to, out of the program's way; -errno is passed on. */
int descriptor_settle(int fd);
/* It is not wanted any more. */
void descriptor_give_up(int fd);

/* Before the program gives the number fd a meaning of its own: false if it is ours and could not be moved. */
bool poller_make_way(int fd);

/* Around a park as n waiters: somebody must look. */
void poller_wait_begins(unsigned n);
static inline void poller_wait_ended(unsigned n)
{
	sub_acq_rel(&umcg_rt.poller.waiting, n);
}

/* Wake those whose descriptors are ready. Returns how many events there were. */
int poller_look(void);

static inline int poller_look_if_wanted(void)
{
	return load_relaxed(&umcg_rt.poller.waiting) ? poller_look() : 0;
}

/*
 * Sleep until an event, poller_wake(word) or deadline, provided that *word is still
 * value. False if the seat is taken, or nobody waits for descriptors.
 */
bool poller_sit(uint32_t *word, uint32_t value, uint64_t deadline);

/* *word has a new value: wake who sleeps on it, on the futex or in the seat. */
void poller_wake(uint32_t *word);

/* Workers wait for descriptors, and nobody sleeps in the seat. */
static inline bool poller_unattended(void)
{
	return load_relaxed(&umcg_rt.poller.waiting) && !load_relaxed(&umcg_rt.poller.seat);
}

void poller_after_fork_child(void);

#endif
