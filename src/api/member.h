/* SPDX-License-Identifier: MIT */
/* What stands behind a umcg_tid: a thread as the library API sees it, in that thread's TLS, or another process's task. */
#ifndef UMCG_API_MEMBER_H
#define UMCG_API_MEMBER_H

#include "core/task.h"
#include "umcg/libumcg.h"

#include <errno.h>

/*
 * The wait word of a registered task
 *
 *  value    set by                         meaning
 *  NONE     unregister                     not a task
 *  RUNNING  register, a wait that returns  no wakeup queued
 *  WAITING  wait, by CAS from RUNNING      asleep or about to be
 *  WOKEN    wake, by CAS                   a wakeup is queued or just delivered
 *  SHARED   umcg_share()                   the word is another one, see share.c
 *
 * Who moves it from WAITING decides how the wait ended: a waker to WOKEN, or
 * the waiter itself (timeout, signal) to RUNNING. So no wakeup is lost.
 */
enum { WORD_NONE, WORD_RUNNING, WORD_WAITING, WORD_WOKEN, WORD_SHARED };

struct core_task {
	struct umcg_task ut;		/* a group's member: its states */
	struct task *task;		/* constant while word is not NONE; NULL for another process's */
	uint32_t word;
	uint32_t polled;		/* 1: a server has it from umcg_poll_worker() and has not run it yet */
	intptr_t tag;
	struct umcg_group *group;	/* constant while registered; NULL: a core task */
	struct share *share;		/* valid while word is SHARED */
	bool taken;			/* a sleeping server that a push has taken; guarded by the group's lock */
	struct core_task *next;		/* in the group's ready queue or among its sleepers; guarded by its lock */
};

extern thread_data struct core_task umcg_core __attribute__((visibility("hidden")));

static inline struct core_task *core_of(umcg_tid utid)
{
	return (struct core_task *)utid;
}

static inline int api_fail(int err)
{
	errno = err;
	return -1;
}

/* The calling thread ends, or is the only one in a fork's child: it is no task any more. */
void api_thread_ends(void);
void api_after_fork_child(void);

/* Of a group's member, when it unregisters: 0 or -errno. */
int group_leave(struct core_task *c);

/* A worker of a group gives its server away until woken; next, claimed and linked with that server, runs at once. */
void group_wait(struct task *t, struct task *next);

/* Claim the waiting worker next for the server that the calling worker runs on, which is handed on; or NULL. */
struct task *group_hand_over(struct task *t, struct task *next);

/* next, if it is a worker that group_hand_over() has claimed, is not run after all: it is runnable like others. */
void group_put_back(struct task *next);

#endif
