/* SPDX-License-Identifier: MIT */
/* glibc's pthread_rwlock_t, pthread_barrier_t and pthread_once_t as we use them. */
#ifndef UMCG_HOST_RWLOCK_H
#define UMCG_HOST_RWLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(sizeof(pthread_rwlock_t) == 56, "glibc's x86-64 layout");
_Static_assert(offsetof(pthread_rwlock_t, __data.__flags) == 48, "glibc's x86-64 layout");

/* Bits of __readers, placed as glibc's own so that its debuggers' printers read them right. */
enum {
	RW_WRITE_PHASE = 1,
	RW_WRITE_LOCKED = 2,
	RW_WAITING = 4,
	RW_READER = 8,
};
#define RW_OVERFLOW (1u << 31)		/* more readers than that the libc refuses */

static inline bool rw_has_writer(uint32_t word)
{
	return word & RW_WRITE_LOCKED;
}

/* The libc leaves RW_WRITE_PHASE behind in a lock that was last held by a writer: on its own it says nothing. */
static inline bool rw_is_held(uint32_t word)
{
	return word & ~(uint32_t)(RW_WAITING | RW_WRITE_PHASE);
}

static inline bool rw_is_full(uint32_t word)
{
	return word + RW_READER >= RW_OVERFLOW;
}

static inline uint32_t rw_add_reader(uint32_t word)
{
	return (word + RW_READER) & ~(uint32_t)RW_WRITE_PHASE;
}

static inline uint32_t rw_add_writer(uint32_t word)
{
	return word | RW_WRITE_LOCKED | RW_WRITE_PHASE;
}

/* Without its writer, or one of its readers. */
static inline uint32_t rw_drop(uint32_t word)
{
	return rw_has_writer(word) ? word & ~(uint32_t)(RW_WRITE_LOCKED | RW_WRITE_PHASE) : word - RW_READER;
}

static inline uint32_t *rwlock_word(pthread_rwlock_t *l)
{
	return &l->__data.__readers;
}

static inline bool rwlock_is_shared(const pthread_rwlock_t *l)
{
	return l->__data.__shared != 0;
}

static inline bool rwlock_prefers_writers(const pthread_rwlock_t *l)
{
	return l->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

/* Waiting writers, and the tid of the one that holds the lock. */
static inline uint32_t *rwlock_writers(pthread_rwlock_t *l)
{
	return &l->__data.__writers;
}

static inline int *rwlock_owner(pthread_rwlock_t *l)
{
	return &l->__data.__cur_writer;
}

/* A writer that locks again is told. */
enum { RWLOCK_TELLS_DEADLOCK = 1 };

/* glibc's own barrier: struct { in, current_round, count; int shared; out }. */
struct host_barrier {
	uint32_t in, round, count;
	int shared;
	uint32_t out;
};
_Static_assert(sizeof(struct host_barrier) <= sizeof(pthread_barrier_t), "glibc's x86-64 layout");

static inline uint32_t *barrier_arrived(pthread_barrier_t *b)
{
	return &((struct host_barrier *)b)->in;
}

static inline uint32_t barrier_count(const pthread_barrier_t *b)
{
	return ((const struct host_barrier *)b)->count;
}

static inline bool barrier_is_shared(const pthread_barrier_t *b)
{
	return ((const struct host_barrier *)b)->shared;
}

/* pthread_once_t: 0, or 1 + a multiple of 4 that counts forks while it runs, or 2 when done. */
enum { ONCE_RUNNING = 1, ONCE_DONE = 2, ONCE_FORK = 4 };

#endif
