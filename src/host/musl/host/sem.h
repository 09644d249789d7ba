/* SPDX-License-Identifier: MIT */
/* musl's sem_t: ints 0 value (its own waits make it -1), 1 number of waiters, 2 not 0 if private. */
#ifndef UMCG_HOST_SEM_H
#define UMCG_HOST_SEM_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(sem_t) == 32, "musl's 64-bit layout");

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

static inline bool sem_has_value(uint64_t word)
{
	return (int32_t)word > 0;
}

static inline uint64_t sem_one_more(uint64_t word)
{
	return (int32_t)word < 0 ? (word & ~SEM_VALUE_BITS) + 1 : word + 1;
}

static inline uint32_t *sem_waiters_word(sem_t *s)
{
	return (uint32_t *)s + 1;
}

static inline bool sem_is_shared(const sem_t *s)
{
	return !s->__val[2];
}

#endif
