/* SPDX-License-Identifier: MIT */
/* Of the libc's own threads header: the layout of a read-write lock's reader count. */
#ifndef GLIBC_STUBS_PTHREADP_H
#define GLIBC_STUBS_PTHREADP_H

#include <atomic.h>
#include <internal-signals.h>
#include <pthread.h>

#define PTHREAD_RWLOCK_READER_SHIFT 3
#define PTHREAD_RWLOCK_READER_OVERFLOW (1u << 31)

#endif
