/* SPDX-License-Identifier: MIT */
/*
 * Atomic access to plain objects, the memory order in the name.
 *
 * The objects are often words inside a libc type, so they cannot be declared
 * _Atomic; every access to a shared word goes through one of these.
 */
#ifndef UMCG_BASE_ATOMIC_H
#define UMCG_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define load_relaxed(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define swap_acq_rel(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define swap_acquire(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define swap_release(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define add_relaxed(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define add_acq_rel(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define sub_acq_rel(p, v)	__atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define or_acq_rel(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define and_acq_rel(p, v)	__atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)

/* Strong compare-and-swap: true if *p was old and is now new. */
#define cas_acquire(p, old, new) \
	({ __typeof__(*(p)) old_ = (old); \
	   __atomic_compare_exchange_n((p), &old_, (new), false, \
				       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED); })
#define cas_release(p, old, new) \
	({ __typeof__(*(p)) old_ = (old); \
	   __atomic_compare_exchange_n((p), &old_, (new), false, \
				       __ATOMIC_RELEASE, __ATOMIC_RELAXED); })
#define cas_acq_rel(p, old, new) \
	({ __typeof__(*(p)) old_ = (old); \
	   __atomic_compare_exchange_n((p), &old_, (new), false, \
				       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE); })

/* For loops: on failure *old is the value found. Acquire and release. */
#define cas_update(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)

#define fence_seq_cst()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define compiler_barrier()	__atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
