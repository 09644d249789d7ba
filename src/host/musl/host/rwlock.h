/* SPDX-License-Identifier: MIT */
/*
 * musl's pthread_rwlock_t (ints 0 lock, 1 waiters, 2 process-shared; 3 and 4 are
 * unused by it, and ours), pthread_barrier_t (ints 2 limit, 3 count) and
 * pthread_once_t. The lock: the number of readers, or all of 31 bits for a writer;
 * bit 31 says that somebody may wait. musl's own timed functions try by ours.
 */
#ifndef UMCG_HOST_RWLOCK_H
#define UMCG_HOST_RWLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(pthread_rwlock_t) == 56, "musl's 64-bit layout");
_Static_assert(sizeof(pthread_barrier_t) == 32, "musl's 64-bit layout");

#define RW_WAITING 0x80000000u
#define RW_WRITER 0x7fffffffu

static inline bool rw_has_writer(uint32_t word)
{
	return (word & RW_WRITER) == RW_WRITER;
}

static inline bool rw_is_held(uint32_t word)
{
	return word & RW_WRITER;
}

static inline bool rw_is_full(uint32_t word)
{
	return (word & RW_WRITER) == RW_WRITER - 1;
}

static inline uint32_t rw_add_reader(uint32_t word)
{
	return word + 1;
}

static inline uint32_t rw_add_writer(uint32_t word)
{
	return word | RW_WRITER;
}

/* Without its writer, or one of its readers. */
static inline uint32_t rw_drop(uint32_t word)
{
	return rw_has_writer(word) ? word & RW_WAITING : word - 1;
}

static inline uint32_t *rwlock_word(pthread_rwlock_t *l)
{
	return (uint32_t *)&l->__u.__vi[0];
}

static inline bool rwlock_is_shared(const pthread_rwlock_t *l)
{
	return l->__u.__i[2] != 0;
}

static inline bool rwlock_prefers_writers(const pthread_rwlock_t *l)
{
	return false;
}

static inline uint32_t *rwlock_writers(pthread_rwlock_t *l)
{
	return (uint32_t *)&l->__u.__i[3];
}

static inline int *rwlock_owner(pthread_rwlock_t *l)
{
	return &l->__u.__i[4];
}

/* As with musl a writer that locks again waits for ever. */
enum { RWLOCK_TELLS_DEADLOCK = 0 };

static inline uint32_t *barrier_arrived(pthread_barrier_t *b)
{
	return (uint32_t *)&b->__u.__vi[3];
}

/* The limit is one less than the count, its sign says that the barrier is shared. */
static inline uint32_t barrier_count(const pthread_barrier_t *b)
{
	return (uint32_t)b->__u.__i[2] + 1;
}

static inline bool barrier_is_shared(const pthread_barrier_t *b)
{
	return b->__u.__i[2] < 0;
}

/* pthread_once_t: 0, or 1 + a multiple of 4 that counts forks while it runs, or 2 when done. */
enum { ONCE_RUNNING = 1, ONCE_DONE = 2, ONCE_FORK = 4 };

#endif
