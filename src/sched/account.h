/* SPDX-License-Identifier: MIT */
/*
 * CPU time of workers. The kernel charges what they use at home to their own
 * kernel threads; what they use on carriers is charged here.
 *
 * A worker is charged when its carrier goes to sleep after it, and by the monitor's
 * samples. From account_exactly() on, or while the monitor is dormant,
 * also at each switch: that costs a system call, so only programs that ask for a
 * thread's CPU time pay for it.
 */
#ifndef UMCG_SCHED_ACCOUNT_H
#define UMCG_SCHED_ACCOUNT_H

#include "sched/runtime.h"

enum { CHARGE_EXACTLY = 1, CHARGE_DORMANT = 2 };	/* bits of runtime.charge_switches */

/* The carrier c, which calls, begins to run workers. */
void account_begin(struct carrier *c);

/* Charge w with what c has used since it was charged last. Any thread. */
void account_charge(struct carrier *c, struct task *w);

/* Before c, which calls, leaves w for another worker. */
static inline void account_switch(struct carrier *c, struct task *w)
{
	if (unlikely(load_relaxed(&umcg_rt.charge_switches)))
		account_charge(c, w);
}

/* From now on, for good. */
void account_exactly(void);

/* ns of CPU time that t has used on carriers. The caller is inside the runtime. */
uint64_t account_of(struct task *t);

#endif
