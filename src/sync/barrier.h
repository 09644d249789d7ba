/* SPDX-License-Identifier: MIT */
/* Barriers. */
#ifndef UMCG_SYNC_BARRIER_H
#define UMCG_SYNC_BARRIER_H

#include "core/task.h"
#include "host/rwlock.h"

/* 0, or PTHREAD_BARRIER_SERIAL_THREAD in exactly one of the threads. */
int barrier_wait(pthread_barrier_t *barrier, struct task *t);

#endif
