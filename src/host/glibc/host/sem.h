/* SPDX-License-Identifier: MIT */
/* glibc's sem_t on 64-bit: struct { uint64_t data; int private; }. */
#ifndef UMCG_HOST_SEM_H
#define UMCG_HOST_SEM_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(sem_t) == 32, "glibc's x86-64 layout");

#define SEM_VALUE_BITS 0xffffffffull
#define SEM_ONE_WAITER (1ull << 32)

static inline uint64_t *sem_word(sem_t *s)
{
	return (uint64_t *)s;
}

static inline uint32_t *sem_value_word(sem_t *s)
{
	return (uint32_t *)s;		/* little-endian */
}

/* Of the whole word; a libc's own waits may make it negative. */
static inline bool sem_has_value(uint64_t word)
{
	return (int32_t)word > 0;
}

static inline uint64_t sem_one_more(uint64_t word)
{
	return word + 1;
}

static inline uint32_t *sem_waiters_word(sem_t *s)
{
	return (uint32_t *)s + 1;
}

/* sem_open() and sem_init(…, 1, …) set the third word. */
static inline bool sem_is_shared(const sem_t *s)
{
	return ((const int *)s)[2] != 0;
}

#endif
