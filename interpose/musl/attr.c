/* SPDX-License-Identifier: MIT */
/* Attributes of running threads: what is musl's alone. */
#include "interpose.h"
#include "host/stack.h"

/* To the libc a stack that was kept is the program's own, and has no guard. */
WRAPPER int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	struct kept_stack *stack = stack_of(thread);
	int ret = real()->pthread_getattr_np(thread, attr);

	if (!ret && stack)
		pthread_attr_setguardsize(attr, stack_guard(stack));
	return ret;
}
