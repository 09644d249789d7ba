/* SPDX-License-Identifier: MIT */
/* glibc's pthread_spinlock_t on x86-64: 1 is free, 0 or less is locked. */
#ifndef UMCG_HOST_SPIN_H
#define UMCG_HOST_SPIN_H

#include "base/atomic.h"

#include <pthread.h>

/* Not by the symbol pthread_spin_trylock: a sanitizer in front of the libc would take it for the program's. */
static inline bool spin_try_lock(pthread_spinlock_t *l)
{
	return load_relaxed(l) == 1 && cas_acquire((int *)l, 1, 0);
}

#endif
