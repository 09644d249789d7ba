/* SPDX-License-Identifier: MIT */
#include "host/thread.h"

bool host_own_stack(uintptr_t *lo, uintptr_t *hi)
{
	pthread_attr_t attr;
	void *stack;
	size_t size;
	bool known;

	if (pthread_getattr_np(pthread_self(), &attr))
		return false;
	known = pthread_attr_getstack(&attr, &stack, &size) == 0;
	pthread_attr_destroy(&attr);
	if (known) {
		*lo = (uintptr_t)stack;
		*hi = *lo + size;
	}
	return known;
}
