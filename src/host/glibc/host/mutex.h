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

/* The word of a held mutex; a second value says that somebody may wait. */
static inline uint32_t mutex_held(const pthread_mutex_t *m, int tid)
{
	return 1;
}

static inline uint32_t mutex_contended(uint32_t held)
{
	return 2;
}

static inline int mutex_owner(const pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED);
}

static inline void mutex_set_owner(pthread_mutex_t *m, int tid)
{
	__atomic_store_n(&m->__data.__owner, tid, __ATOMIC_RELAXED);
}

/* The libc counts users, so that destroying a mutex in use says EBUSY. */
static inline void mutex_count_users(pthread_mutex_t *m, int n)
{
	m->__data.__nusers += (unsigned)n;
}

/* Levels of a recursive mutex: add fails if there are too many, drop says whether any is left. */
static inline void mutex_first_level(pthread_mutex_t *m)
{
	m->__data.__count = 1;
}

static inline bool mutex_add_level(pthread_mutex_t *m)
{
	if (m->__data.__count == UINT32_MAX)
		return false;
	m->__data.__count++;
	return true;
}

static inline bool mutex_drop_level(pthread_mutex_t *m)
{
	return --m->__data.__count;
}

static inline bool mutex_is_inner_level(const pthread_mutex_t *m)
{
	return mutex_type(m) == PTHREAD_MUTEX_RECURSIVE && m->__data.__count > 1;
}

#endif
