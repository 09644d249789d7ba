/* SPDX-License-Identifier: MIT */
/*
 * musl's pthread_mutex_t: ints 0 type, 1 lock, 2 waiters, 5 depth - 1 of a
 * recursive mutex; the list of robust mutexes from byte 24 on. The lock of a
 * normal mutex is EBUSY, of other types the owner's tid; bit 31 says that somebody
 * may wait. Int 3, of which musl has no use, says who owns a normal one.
 */
#ifndef UMCG_HOST_MUTEX_H
#define UMCG_HOST_MUTEX_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(pthread_mutex_t) == 40, "musl's 64-bit layout");

enum {
	MUTEX_TYPE_MASK = 3,
	/* robust, priority inheritance, process-shared */
	MUTEX_LIBC_ONLY = 4 | 8 | 128,
};
#define MUTEX_WAITERS 0x80000000u
#define MUTEX_OWNER_MASK 0x3fffffffu

static inline uint32_t *mutex_word(pthread_mutex_t *m)
{
	return (uint32_t *)&m->__u.__vi[1];
}

static inline bool mutex_is_libc_only(const pthread_mutex_t *m)
{
	return m->__u.__i[0] & MUTEX_LIBC_ONLY;
}

static inline int mutex_type(const pthread_mutex_t *m)
{
	return m->__u.__i[0] & MUTEX_TYPE_MASK;
}

static inline uint32_t mutex_held(const pthread_mutex_t *m, int tid)
{
	return mutex_type(m) == PTHREAD_MUTEX_NORMAL ? EBUSY : (uint32_t)tid;
}

static inline uint32_t mutex_contended(uint32_t held)
{
	return held | MUTEX_WAITERS;
}

static inline int mutex_owner(const pthread_mutex_t *m)
{
	if (mutex_type(m) == PTHREAD_MUTEX_NORMAL)
		return __atomic_load_n(&m->__u.__i[3], __ATOMIC_RELAXED);
	return (int)(__atomic_load_n(&m->__u.__i[1], __ATOMIC_RELAXED) & MUTEX_OWNER_MASK);
}

static inline void mutex_set_owner(pthread_mutex_t *m, int tid)
{
	if (mutex_type(m) == PTHREAD_MUTEX_NORMAL)
		__atomic_store_n(&m->__u.__i[3], tid, __ATOMIC_RELAXED);
}

/* musl does not count users. */
static inline void mutex_count_users(pthread_mutex_t *m, int n)
{
}

static inline void mutex_first_level(pthread_mutex_t *m)
{
	m->__u.__i[5] = 0;
}

static inline bool mutex_add_level(pthread_mutex_t *m)
{
	if (m->__u.__i[5] == INT_MAX)
		return false;
	m->__u.__i[5]++;
	return true;
}

static inline bool mutex_drop_level(pthread_mutex_t *m)
{
	if (!m->__u.__i[5])
		return false;
	m->__u.__i[5]--;
	return true;
}

static inline bool mutex_is_inner_level(const pthread_mutex_t *m)
{
	return mutex_type(m) == PTHREAD_MUTEX_RECURSIVE && m->__u.__i[5];
}

#endif
