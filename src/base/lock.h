/* SPDX-License-Identifier: MIT */
/*
 * The runtime's own lock: a test-and-set word for critical sections of a few
 * dozen instructions.
 *
 * Holders have preemption off (they are inside the runtime), so only the
 * kernel can stop one; a waiter therefore spins briefly, then gives its CPU
 * away. Never held across a context switch, never across a call of the libc.
 *
 * Ranks, lowest first: wait-queue bucket < timer heap < server queue.
 */
#ifndef UMCG_BASE_LOCK_H
#define UMCG_BASE_LOCK_H

#include "base/atomic.h"
#include "base/compiler.h"

#include <stdbool.h>

struct lock {
	uint32_t word;		/* 0 free, 1 held */
};

void lock_slow(struct lock *l);

static inline void lock_acquire(struct lock *l)
{
	if (unlikely(swap_acquire(&l->word, 1)))
		lock_slow(l);
}

static inline bool lock_try(struct lock *l)
{
	return swap_acquire(&l->word, 1) == 0;
}

static inline void lock_release(struct lock *l)
{
	store_release(&l->word, 0);	/* pairs with the exchange in lock_acquire() */
}

#endif
