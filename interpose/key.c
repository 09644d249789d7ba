/* SPDX-License-Identifier: MIT */
/*
 * Keys of thread-specific data. The runtime has one, for the ends of threads;
 * a program that creates all that there are gets that one too.
 */
#include "interpose.h"
#include "host/thread.h"

WRAPPER int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int ret = real()->pthread_key_create(key, destructor);

	if (ret == EAGAIN && host_thread_exit_give_up())
		ret = real()->pthread_key_create(key, destructor);
	return ret;
}

WRAPPER int tss_create(tss_t *key, tss_dtor_t destructor)
{
	return pthread_key_create(key, destructor) ? thrd_error : thrd_success;
}
