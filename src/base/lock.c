/* SPDX-License-Identifier: MIT */
/* The contended side of the runtime's own lock. */
#include "base/lock.h"
#include "arch/cpu.h"
#include "host/sys.h"

enum { SPINS_BEFORE_YIELD = 100, YIELDS_BEFORE_SLEEP = 20 };

void lock_slow(struct lock *l)
{
	for (unsigned yields = 0;; yields++) {
		for (int i = 0; i < SPINS_BEFORE_YIELD; i++) {
			if (!load_relaxed(&l->word) && !swap_acquire(&l->word, 1))
				return;
			cpu_relax();
		}
		/* The kernel has stopped the holder: give it our CPU. A holder of
		 * lower priority does not profit from a yield, hence the sleep. */
		if (yields < YIELDS_BEFORE_SLEEP)
			sys_sched_yield();
		else
			sys_sleep_ns(50000);
	}
}
