/* SPDX-License-Identifier: MIT */
/* musl's list of cleanup handlers, by the functions behind pthread_cleanup_push(). */
#ifndef UMCG_HOST_CLEANUP_H
#define UMCG_HOST_CLEANUP_H

#include <pthread.h>

typedef struct __ptcb cleanup_entry;

#endif
