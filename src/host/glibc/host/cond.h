/* SPDX-License-Identifier: MIT */
/* glibc's pthread_cond_t: the word that says its kind and counts waiters. */
#ifndef UMCG_HOST_COND_H
#define UMCG_HOST_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

_Static_assert(sizeof(pthread_cond_t) == 48, "glibc's x86-64 layout");
_Static_assert(offsetof(pthread_cond_t, __data.__wrefs) == 36, "glibc's x86-64 layout");

enum { COND_SHARED = 1, COND_MONOTONIC = 2, COND_WAITER = 8 };

static inline uint32_t *cond_word(pthread_cond_t *c)
{
	return &c->__data.__wrefs;
}

static inline bool cond_is_shared(pthread_cond_t *c)
{
	return __atomic_load_n(cond_word(c), __ATOMIC_RELAXED) & COND_SHARED;
}

static inline clockid_t cond_clock(pthread_cond_t *c)
{
	return __atomic_load_n(cond_word(c), __ATOMIC_RELAXED) & COND_MONOTONIC ? CLOCK_MONOTONIC
									      : CLOCK_REALTIME;
}

/* Whether the libc's timed wait waits for ever if it is given no time: then its wait is made of that. */
enum { COND_TIMEDWAIT_IS_WAIT = 0 };

#endif
