/* SPDX-License-Identifier: MIT */
/*
 * musl maps a stack for each thread and unmaps it at the end, which takes longer
 * than all the rest of a short thread's life. So some are kept for the next that
 * asks for the same; to musl they are the program's own.
 *
 * A stack is in use until its thread has been joined, or has been detached and
 * has exited, and in any case until its creator knows it: events that may come in
 * any order. Who exits runs on its stack for some moments more.
 */
#ifndef UMCG_HOST_STACK_H
#define UMCG_HOST_STACK_H

#include <pthread.h>
#include <stddef.h>

struct kept_stack;

enum stack_event { STACK_CREATED, STACK_DETACHED, STACK_EXITED, STACK_JOINED };

/* A stack as *attr, or NULL the defaults, wants it: then *attr is own, and names it. NULL: leave it to the libc. */
struct kept_stack *stack_take(const pthread_attr_t **attr, pthread_attr_t *own);
/* The one that thread, which has not been joined, runs on; or NULL. */
struct kept_stack *stack_of(pthread_t thread);

size_t stack_guard(const struct kept_stack *s);

/* s may be NULL in the following. No thread was created: */
void stack_put_back(struct kept_stack *s);
/* Said by the creator, tid 0, and the thread itself, in any order. */
void stack_begin(struct kept_stack *s, pthread_t thread, int tid);
/* The caller has no more use for s. */
void stack_note(struct kept_stack *s, enum stack_event event);

/* In a fork's child the other threads are gone. */
void stacks_after_fork_child(void);

#endif
