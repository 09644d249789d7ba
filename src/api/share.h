/* SPDX-License-Identifier: MIT */
/*
 * Tasks across processes: a task whose wait word lies in a memory file.
 *
 * The task that shares itself is the owner; whoever has attached to its
 * descriptor holds a handle. All calls return 0 or -errno; me is the calling
 * thread's core task, and registered.
 */
#ifndef UMCG_API_SHARE_H
#define UMCG_API_SHARE_H

#include "api/member.h"
#include "sync/waitq.h"

/* Make me, whose word is not SHARED yet, a shared task. */
int share_begin(struct core_task *me);

/* A new descriptor that stands for me; if need be, share_begin() first. */
int share_open(struct core_task *me);

/* Whether me, whose word is SHARED, is a task; else it is the copy that a fork has left in the child. */
bool share_is_mine(const struct core_task *me);

/* me, whose word is SHARED, is no task any more. */
void share_close(struct core_task *me);

int share_attach(struct core_task *me, int fd, struct core_task **handle);
int share_detach(struct core_task *me, struct core_task *handle);

/* next's word was SHARED. -EAGAIN, -ESRCH or -EOWNERDEAD. Async-signal-safe. */
int share_wake(struct core_task *next);

/*
 * Wake next as the first half of a swap: if it is another process's, me becomes
 * shared too, and its waits end with -EOWNERDEAD when next dies, until one has
 * been ended by a wakeup.
 */
int share_call(struct core_task *me, struct core_task *next);

/* As umcg_wait(), for a task whose word is SHARED. */
int share_wait(struct core_task *me, const struct wait_until *u);

#endif
