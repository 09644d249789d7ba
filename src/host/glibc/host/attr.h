/* SPDX-License-Identifier: MIT */
/* What glibc's thread attributes have beyond POSIX's. */
#ifndef UMCG_HOST_ATTR_H
#define UMCG_HOST_ATTR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static inline bool attr_has_affinity(const pthread_attr_t *attr)
{
	cpu_set_t cpus;

	/* Without an affinity in attr the libc reports all bits set. */
	if (pthread_attr_getaffinity_np(attr, sizeof(cpus), &cpus) == 0)
		for (size_t i = 0; i < sizeof(cpus); i++)
			if (((unsigned char *)&cpus)[i] != 0xff)
				return true;
	return false;
}

static inline bool attr_has_mask(const pthread_attr_t *attr)
{
	sigset_t mask;

	return pthread_attr_getsigmask_np(attr, &mask) != PTHREAD_ATTR_NO_SIGMASK_NP;
}

/* The smallest stack has room for a signal frame. */
static inline const pthread_attr_t *attr_with_room(const pthread_attr_t *attr, pthread_attr_t *roomy)
{
	return attr;
}

static inline bool attr_is_tight(const pthread_attr_t *attr)
{
	return false;
}

#endif
