/* SPDX-License-Identifier: MIT */
/*
 * Keys of thread-specific data. The runtime has one, for the ends of threads;
 * a program that creates all that there are gets that one too.
 */
#include "interpose.h"
#include "host/thread.h"

enum { LOOKS = 100, PAUSE_US = 100 };

WRAPPER int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int ret = real()->pthread_key_create(key, destructor);

	/* A thread that is ending has ours in use for a moment. */
	for (int i = 0; ret == EAGAIN && i < LOOKS && !host_thread_exit_given_up(); i++) {
		if (host_thread_exit_give_up())
			ret = real()->pthread_key_create(key, destructor);
		else
			sys_sleep_ns(PAUSE_US * NSEC_PER_USEC);
	}
	return ret;
}

WRAPPER int tss_create(tss_t *key, tss_dtor_t destructor)
{
	return pthread_key_create(key, destructor) ? thrd_error : thrd_success;
}
