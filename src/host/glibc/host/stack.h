/* SPDX-License-Identifier: MIT */
/* glibc keeps the stacks of threads that have ended itself. */
#ifndef UMCG_HOST_STACK_H
#define UMCG_HOST_STACK_H

#include <pthread.h>
#include <stddef.h>

struct kept_stack;

enum stack_event { STACK_CREATED, STACK_DETACHED, STACK_EXITED, STACK_JOINED };

static inline struct kept_stack *stack_take(const pthread_attr_t **attr, pthread_attr_t *own)
{
	return NULL;
}

static inline struct kept_stack *stack_of(pthread_t thread)
{
	return NULL;
}

static inline void stack_put_back(struct kept_stack *s)
{
}

static inline void stack_begin(struct kept_stack *s, pthread_t thread, int tid)
{
}

static inline void stack_note(struct kept_stack *s, enum stack_event event)
{
}

static inline void stacks_after_fork_child(void)
{
}

#endif
