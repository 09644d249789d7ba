/* SPDX-License-Identifier: MIT */
/* musl's thread attributes have nothing beyond POSIX's. */
#ifndef UMCG_HOST_ATTR_H
#define UMCG_HOST_ATTR_H

#include <pthread.h>
#include <stdbool.h>

static inline bool attr_has_affinity(const pthread_attr_t *attr)
{
	return false;
}

static inline bool attr_has_mask(const pthread_attr_t *attr)
{
	return false;
}

#endif
