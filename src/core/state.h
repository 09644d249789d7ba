/* SPDX-License-Identifier: MIT */
/*
 * The words of struct umcg_task. Whoever brings a transition about writes the
 * state: the runtime plainly for its own tasks, and by compare-and-swap for an
 * application's, whose scheduler writes the same word.
 */
#ifndef UMCG_CORE_STATE_H
#define UMCG_CORE_STATE_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "umcg/umcg.h"

#define STATE_FLAGS (UMCG_TF_LOCKED | UMCG_TF_PREEMPTED)
#define STATE_RESERVED 0x00ff0000u

static inline uint32_t state_load(struct umcg_task *ut)
{
	return load_acquire(&ut->state);
}

static inline uint32_t state_base(uint32_t state)
{
	return state & UMCG_TASK_STATE_MASK;
}

/* A state that the contract knows. */
static inline bool state_valid(uint32_t state)
{
	return !(state & STATE_RESERVED) && !(state & 0xff00u & ~(uint32_t)STATE_FLAGS) &&
	       state_base(state) >= UMCG_TASK_RUNNING && state_base(state) <= UMCG_TASK_BLOCKED;
}

/* RUNNING, and not preparing a transition. */
static inline bool state_is_running(uint32_t state)
{
	return state_base(state) == UMCG_TASK_RUNNING && !(state & UMCG_TF_LOCKED);
}

/* The runtime's own tasks: only those who own the task write its state. */
static inline void state_set(struct umcg_task *ut, uint32_t state)
{
	store_relaxed(&ut->state, state);
}

/* From *seen to base, flags and user's bits kept, but for those in drop. False: *seen is what is there now. */
static inline bool state_move(struct umcg_task *ut, uint32_t *seen, uint32_t base, uint32_t drop)
{
	uint32_t to = (*seen & ~(UMCG_TASK_STATE_MASK | drop)) | base;

	return to == *seen || cas_update(&ut->state, seen, to);
}

/* RUNNING to BLOCKED. False if it is neither that nor free to change. */
static inline bool state_block(struct umcg_task *ut)
{
	uint32_t seen = state_load(ut);

	while (state_is_running(seen))
		if (state_move(ut, &seen, UMCG_TASK_BLOCKED, 0))
			return true;
	return false;
}

/* IDLE to RUNNING. False if it was not IDLE. */
static inline bool state_resume(struct umcg_task *ut)
{
	uint32_t seen = load_relaxed(&ut->state);

	while (state_base(seen) == UMCG_TASK_IDLE)
		if (state_move(ut, &seen, UMCG_TASK_RUNNING, 0))
			return true;
	return false;
}

/*
 * Push onto the idle list at which the worker's link points. Wait-free: the
 * exchange is the linearisation point; a consumer that sees the link pending
 * waits for the store that follows. Consumers take the whole list, so no node
 * is ever reused under a push. SEQ_CST: the pusher looks for an idle server
 * next, who publishes itself and then looks at the list.
 */
static inline void idle_push(struct umcg_task *ut)
{
	uint64_t *link = (uint64_t *)((char *)ut + offsetof(struct umcg_task, idle_workers_ptr));
	uint64_t *head = (uint64_t *)load_relaxed(link);
	uint64_t before;

	store_relaxed(link, UMCG_IDLE_PENDING);
	before = __atomic_exchange_n(head, (uint64_t)link, __ATOMIC_SEQ_CST);
	store_release(link, before);	/* pairs with umcg_idle_next() */
}

/* Take the idle server that the worker's group has published: its tid, or 0. */
static inline uint32_t idle_server_take(struct umcg_task *ut)
{
	uint32_t *word = (uint32_t *)load_relaxed(&ut->idle_server_tid_ptr);

	return __atomic_load_n(word, __ATOMIC_SEQ_CST) ? __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST) : 0;
}

#endif
