/* SPDX-License-Identifier: MIT */
/* musl's thread attributes have nothing beyond POSIX's. */
#ifndef UMCG_HOST_ATTR_H
#define UMCG_HOST_ATTR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static inline bool attr_has_affinity(const pthread_attr_t *attr)
{
	return false;
}

static inline bool attr_has_mask(const pthread_attr_t *attr)
{
	return false;
}

/*
 * musl's smallest stack is 2 KiB, less than a signal frame, and a worker is preempted by a signal. So small stacks get
 * so much more, and where the memory is the program's the thread stays on its own kernel thread.
 */
enum { ATTR_SMALL_STACK = 32 << 10, ATTR_MORE_STACK = 16 << 10 };

static inline bool attr_is_small(const pthread_attr_t *attr)
{
	size_t size;

	return pthread_attr_getstacksize(attr, &size) == 0 && size < ATTR_SMALL_STACK;
}

static inline bool attr_names_stack(const pthread_attr_t *attr)
{
	void *stack;
	size_t size;

	return pthread_attr_getstack(attr, &stack, &size) == 0;
}

/* attr, or roomy, made of it. */
static inline const pthread_attr_t *attr_with_room(const pthread_attr_t *attr, pthread_attr_t *roomy)
{
	size_t size;

	if (!attr || !attr_is_small(attr) || attr_names_stack(attr))
		return attr;
	*roomy = *attr;
	pthread_attr_getstacksize(attr, &size);
	pthread_attr_setstacksize(roomy, size + ATTR_MORE_STACK);
	return roomy;
}

static inline bool attr_is_tight(const pthread_attr_t *attr)
{
	return attr_is_small(attr) && attr_names_stack(attr);
}

#endif
