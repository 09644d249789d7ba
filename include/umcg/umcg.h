/* SPDX-License-Identifier: MIT */
/*
 * User Managed Concurrency Groups: umcg_ctl() and umcg_wait().
 *
 * The interface of UMCG v0.4, served in user space: the same structure, states,
 * flags and transitions, without its system calls. See umcg(7).
 *
 * libumcg.h adds a umcg_wait() of one argument.
 */
#ifndef UMCG_UMCG_H
#define UMCG_UMCG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* States: the low byte of umcg_task.state. */
#define UMCG_TASK_NONE		0	/* not registered */
#define UMCG_TASK_RUNNING	1	/* executing */
#define UMCG_TASK_IDLE		2	/* waits in umcg_wait(), or to be run by a server */
#define UMCG_TASK_BLOCKED	3	/* a worker in a blocking call */

#define UMCG_TASK_STATE_MASK	0xffu

/* Flags: the second byte. */
#define UMCG_TF_LOCKED		(1 << 8)	/* a transition is being prepared: no block detection, no preemption */
#define UMCG_TF_PREEMPTED	(1 << 9)	/* the worker is to give the CPU away, or has been made to */

/**
 * struct umcg_task - what a task and its scheduler tell each other
 * @state: bits 0-7 the state, 8-15 flags, 16-23 zero, 24-31 the user's own
 * @next_tid: whom umcg_wait() wakes or switches to; in a running worker its server
 * @idle_workers_ptr: workers: address of the head of an idle list (a uint64_t);
 *                    while the worker is on that list: the next element
 * @idle_server_tid_ptr: workers: address of a uint32_t that holds the tid of an idle server, or 0
 *
 * One cache line, so that tasks do not disturb each other.
 */
struct umcg_task {
	uint32_t state;
	uint32_t next_tid;
	uint64_t idle_workers_ptr;
	uint64_t idle_server_tid_ptr;
} __attribute__((packed, aligned(64)));

enum umcg_ctl_flag {
	UMCG_CTL_REGISTER	= 0x00001,
	UMCG_CTL_UNREGISTER	= 0x00002,
	UMCG_CTL_WORKER		= 0x10000,
};

enum umcg_wait_flag {
	UMCG_WAIT_WAKE_ONLY		= 1,	/* wake next_tid, do not wait */
	UMCG_WAIT_WF_CURRENT_CPU	= 2,	/* with WAKE_ONLY: here rather than elsewhere; a hint */
};

/**
 * umcg_ctl - make the calling thread a task, or end that
 * @flags: UMCG_CTL_REGISTER for a server, that and UMCG_CTL_WORKER for a
 *         worker, or UMCG_CTL_UNREGISTER
 * @self: the task's structure, which must live until it is unregistered; NULL to unregister
 *
 * A server must come with state UMCG_TASK_RUNNING and all else zero. A worker
 * must come with UMCG_TASK_IDLE, both pointers set, and next_tid zero; it is put
 * on its idle list, an idle server is woken, and the call returns when a server runs it.
 *
 * Return: 0; -1 with errno EINVAL (flags, state or fields not as above, registered
 * already or not at all), EFAULT (self is not readable and writable, or a worker's
 * pointers are not) or ENOMEM. A thread that ends is unregistered.
 * Not async-signal-safe. Source: UMCG v0.4.
 */
int umcg_ctl(uint32_t flags, struct umcg_task *self);

/**
 * umcg_wait - wait, wake, or switch
 * @flags: 0, or UMCG_WAIT_WAKE_ONLY with or without UMCG_WAIT_WF_CURRENT_CPU
 * @abs_timeout: ns on CLOCK_REALTIME; 0 waits for ever
 *
 * With self->next_tid zero the caller sleeps until its state is RUNNING; else
 * the task of that tid is woken, and without WAKE_ONLY the caller sleeps too:
 * on a server's CPU this is one switch. The caller has made the changes of
 * state before, in the order of umcg(7).
 *
 * Return: 0; -1 with errno ETIMEDOUT, ESRCH (next_tid is no task), EINVAL (not
 * registered; flags; WAKE_ONLY with a timeout or without next_tid; a state that
 * does not exist; a worker inside a signal handler). SIGSEGV if the contract of
 * umcg(7) is broken. Wakes (WAKE_ONLY) are async-signal-safe. Source: UMCG v0.4.
 */
int umcg_wait(uint32_t flags, uint64_t abs_timeout);

/*
 * Idle lists. A worker is pushed in two steps: the head is exchanged, then the
 * link is stored. Between them the link reads UMCG_IDLE_PENDING. The consumer
 * takes the whole list and follows the links, waiting out those that are pending.
 */
#define UMCG_IDLE_PENDING ((uint64_t)1)

/* Take all: the first worker, last pushed, or NULL. */
static inline struct umcg_task *umcg_idle_take(uint64_t *head)
{
	uint64_t first = __atomic_exchange_n(head, 0, __ATOMIC_SEQ_CST);

	return (struct umcg_task *)(first ? first - __builtin_offsetof(struct umcg_task, idle_workers_ptr) : 0);
}

/* The one after worker in a list that was taken, or NULL; worker's link is made to lead to head again. */
static inline struct umcg_task *umcg_idle_next(struct umcg_task *worker, uint64_t *head)
{
	uint64_t next;

	do
		next = __atomic_load_n(&worker->idle_workers_ptr, __ATOMIC_ACQUIRE);
	while (next == UMCG_IDLE_PENDING);
	__atomic_store_n(&worker->idle_workers_ptr, (uint64_t)(uintptr_t)head, __ATOMIC_RELAXED);
	return (struct umcg_task *)(next ? next - __builtin_offsetof(struct umcg_task, idle_workers_ptr) : 0);
}

#ifdef __cplusplus
}
#endif

#endif
