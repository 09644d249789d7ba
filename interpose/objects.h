/* SPDX-License-Identifier: MIT */
/*
 * Timed waits on objects, for the functions that name a clock and that not every libc has. They return what
 * those return (sem: -errno), or -ENOSYS: then the libc's own function is to be called, and the caller is where it may wait.
 */
#ifndef UMCG_INTERPOSE_OBJECTS_H
#define UMCG_INTERPOSE_OBJECTS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

#pragma GCC visibility push(hidden)
int umcg_mutex_timed(pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime);
int umcg_rwlock_timed(pthread_rwlock_t *l, bool write, clockid_t clock, const struct timespec *abstime);
int umcg_sem_timed(sem_t *s, clockid_t clock, const struct timespec *abstime);

/* libc: how the libc waits, called where it may. */
typedef int cond_wait_fn(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime);
int umcg_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime,
		   cond_wait_fn *libc);

/* 0 if thread has ended or the libc's join is to wait for it, else what join returns. To be followed by umcg_joined(). */
int umcg_await_exit(pthread_t thread, clockid_t clock, const struct timespec *abstime);
int umcg_joined(int ret);
#pragma GCC visibility pop

#endif
