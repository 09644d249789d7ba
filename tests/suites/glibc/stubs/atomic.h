/* SPDX-License-Identifier: MIT */
/* The names under which a libc knows its compiler's atomics, as far as the tests use them. */
#ifndef GLIBC_STUBS_ATOMIC_H
#define GLIBC_STUBS_ATOMIC_H

#define atomic_load_relaxed(mem) __atomic_load_n((mem), __ATOMIC_RELAXED)
#define atomic_load_acquire(mem) __atomic_load_n((mem), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(mem, value) __atomic_store_n((mem), (value), __ATOMIC_RELAXED)
#define atomic_store_release(mem, value) __atomic_store_n((mem), (value), __ATOMIC_RELEASE)
#define atomic_fetch_add_relaxed(mem, value) __atomic_fetch_add((mem), (value), __ATOMIC_RELAXED)
#define atomic_fetch_add_acq_rel(mem, value) __atomic_fetch_add((mem), (value), __ATOMIC_ACQ_REL)
#define atomic_exchange_acq(mem, value) __atomic_exchange_n((mem), (value), __ATOMIC_ACQUIRE)
#define atomic_full_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
