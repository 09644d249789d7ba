/* SPDX-License-Identifier: MIT */
/*
 * musl's pthread_cond_t: pointer 0 is not NULL if process-shared, int 4 is the
 * clock. Its own queue of waiters is not used; int 6, of which it has no use, counts
 * ours.
 */
#ifndef UMCG_HOST_COND_H
#define UMCG_HOST_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

_Static_assert(sizeof(pthread_cond_t) == 48, "musl's 64-bit layout");

enum { COND_WAITER = 1 };

static inline uint32_t *cond_word(pthread_cond_t *c)
{
	return (uint32_t *)&c->__u.__i[6];
}

static inline bool cond_is_shared(pthread_cond_t *c)
{
	return c->__u.__p[0] != NULL;
}

static inline clockid_t cond_clock(pthread_cond_t *c)
{
	return c->__u.__i[4];
}

/* The libc's timed wait waits for ever if it is given no time, and its wait is made of that. */
enum { COND_TIMEDWAIT_IS_WAIT = 1 };

#endif
