/* SPDX-License-Identifier: MIT */
/* musl's pthread_spinlock_t: 0 is free, EBUSY is locked. */
#ifndef UMCG_HOST_SPIN_H
#define UMCG_HOST_SPIN_H

#include "base/atomic.h"

#include <errno.h>
#include <pthread.h>

static inline bool spin_try_lock(pthread_spinlock_t *l)
{
	return load_relaxed(l) == 0 && cas_acquire((int *)l, 0, EBUSY);
}

#endif
