/* SPDX-License-Identifier: MIT */
/*
 * A change of credentials on the threads that the libc knows. musl has each of
 * them execute a handler that saves errno and puts it back: on a parked home that
 * would be the errno of a worker that runs elsewhere meanwhile. And linked statically
 * the semaphores of that handler would be ours. So the call is made on all threads in
 * setxid.c; while there is one only, or the runtime does not run, by the libc.
 */
#ifndef UMCG_INTERPOSE_SETXID_H
#define UMCG_INTERPOSE_SETXID_H

#include "sched/runtime.h"

/* 0 or -errno; the caller is at home. */
int setxid(long nr, long a, long b, long c) __attribute__((visibility("hidden")));

#define ON_LIBC_THREADS(libc_call, nr, a, b, c) \
	(umcg_rt.active ? errno_return(setxid(nr, a, b, c)) : (libc_call))

#endif
