/* SPDX-License-Identifier: MIT */
/*
 * libumcg: tasks that wait for each other by name.
 *
 * A thread registers, gets an id, and from then on waits, is woken, or swaps: it
 * wakes another and waits in one step. Under libumcg-pthread.so a wait costs no
 * system call; without it a task waits in the kernel.
 *
 * Source: the core API of UMCG v0.1, with the timeouts it left out.
 */
#ifndef UMCG_LIBUMCG_H
#define UMCG_LIBUMCG_H

#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Id of a thread; valid until the thread ends, the same through several registrations. */
typedef intptr_t umcg_tid;

#define UMCG_NONE ((umcg_tid)0)

/**
 * umcg_register_core_task - make the calling thread a task
 * @tag: any value, see umcg_get_task_tag()
 *
 * Return: the thread's id, or UMCG_NONE with errno EINVAL (registered already)
 * or ENOMEM. Not async-signal-safe.
 */
umcg_tid umcg_register_core_task(intptr_t tag);

/**
 * umcg_unregister_task - the calling thread is no task any more
 *
 * Return: 0, or -1 with errno EINVAL (not registered). A wakeup that is queued
 * is dropped. Not async-signal-safe.
 */
int umcg_unregister_task(void);

/**
 * umcg_get_utid - the calling thread's id, registered or not
 *
 * Always succeeds. Async-signal-safe.
 */
umcg_tid umcg_get_utid(void);

/**
 * umcg_set_task_tag, umcg_get_task_tag - a value that goes with a task
 * @utid: id of a registered task
 *
 * Not synchronised: the callers order their accesses. A thread that is not
 * registered has tag 0.
 */
void umcg_set_task_tag(umcg_tid utid, intptr_t tag);
intptr_t umcg_get_task_tag(umcg_tid utid);

/**
 * umcg_wait - sleep until woken
 * @timeout: absolute, CLOCK_REALTIME; NULL waits for ever
 *
 * Consumes a queued wakeup at once.
 *
 * Return: 0 when woken; -1 with errno ETIMEDOUT, EINTR (a signal handler
 * without SA_RESTART ran, and no wakeup was consumed; libumcg-pthread.so only),
 * or EINVAL (not registered, or a bad tv_nsec).
 */
int umcg_wait(const struct timespec *timeout);

/**
 * umcg_wake - wake a task
 * @next: its id
 *
 * A task that does not wait has the wakeup queued. Never blocks.
 * Async-signal-safe.
 *
 * Return: 0; -1 with errno EAGAIN (a wakeup is queued already) or ESRCH (not
 * registered).
 */
int umcg_wake(umcg_tid next);

/**
 * umcg_swap - wake a task and wait
 * @next: its id
 * @timeout: as in umcg_wait()
 *
 * As umcg_wake(next), then umcg_wait(timeout); on a server of
 * libumcg-pthread.so next runs at once on the caller's CPU.
 *
 * Return: as umcg_wake() if that fails, else as umcg_wait().
 */
int umcg_swap(umcg_tid next, const struct timespec *timeout);

#ifdef __cplusplus
}
#endif

#endif
