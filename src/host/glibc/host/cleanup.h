/* SPDX-License-Identifier: MIT */
/* glibc's list of cleanup handlers, by the functions exported for old binaries. */
#ifndef UMCG_HOST_CLEANUP_H
#define UMCG_HOST_CLEANUP_H

#include <pthread.h>

typedef struct _pthread_cleanup_buffer cleanup_entry;

void _pthread_cleanup_push(cleanup_entry *entry, void (*routine)(void *), void *arg);
void _pthread_cleanup_pop(cleanup_entry *entry, int execute);

#endif
