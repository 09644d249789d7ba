/* SPDX-License-Identifier: MIT */
/* glibc's pthread_mutex_t: where its words are and what its kind says. */
#ifndef UMCG_HOST_MUTEX_H
#define UMCG_HOST_MUTEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(sizeof(pthread_mutex_t) == 40, "glibc's x86-64 layout");
_Static_assert(offsetof(pthread_mutex_t, __data.__kind) == 16, "glibc's x86-64 layout");

enum {
	MUTEX_TYPE_MASK = 3,
	/* robust, priority inheritance, priority protection, process-shared */
	MUTEX_LIBC_ONLY = 16 | 32 | 64 | 128,
};

static inline uint32_t *mutex_word(pthread_mutex_t *m)
{
	return (uint32_t *)&m->__data.__lock;
}

/* Whether the mutex is of a kind that is left to the libc. */
static inline bool mutex_is_libc_only(const pthread_mutex_t *m)
{
	return m->__data.__kind & MUTEX_LIBC_ONLY;
}

static inline int mutex_type(const pthread_mutex_t *m)
{
	return m->__data.__kind & MUTEX_TYPE_MASK;
}

static inline int mutex_owner(const pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED);
}

static inline void mutex_set_owner(pthread_mutex_t *m, int tid)
{
	__atomic_store_n(&m->__data.__owner, tid, __ATOMIC_RELAXED);
}

#endif
