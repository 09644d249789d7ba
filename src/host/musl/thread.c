/* SPDX-License-Identifier: MIT */
/* musl's threads. Its objects have no version: what is relied upon is tried. */
#include "host/thread.h"
#include "host/cond.h"
#include "host/mutex.h"
#include "host/musl/text.h"
#include "host/rwlock.h"
#include "host/sem.h"
#include "host/stdio.h"

#include <time.h>

static bool mutex_fits(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &attr);
	return mutex_type(&m) == PTHREAD_MUTEX_ERRORCHECK && mutex_is_libc_only(&m) && !*mutex_word(&m);
}

static bool cond_fits(void)
{
	pthread_condattr_t attr;
	pthread_cond_t c;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c, &attr);
	if (cond_clock(&c) != CLOCK_MONOTONIC || cond_is_shared(&c))
		return false;
	pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&c, &attr);
	return cond_is_shared(&c);
}

static bool rwlock_fits(void)
{
	pthread_rwlockattr_t attr;
	pthread_rwlock_t l;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&l, &attr);
	return rwlock_is_shared(&l);
}

static bool barrier_fits(void)
{
	pthread_barrierattr_t attr;
	pthread_barrier_t b;

	pthread_barrierattr_init(&attr);
	pthread_barrier_init(&b, &attr, 3);
	if (barrier_count(&b) != 3 || barrier_is_shared(&b))
		return false;
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&b, &attr, 3);
	return barrier_is_shared(&b);
}

static bool sem_fits(void)
{
	sem_t s;

	if (sem_init(&s, 0, 5) || *sem_word(&s) != 5 || sem_is_shared(&s))
		return false;
	return sem_init(&s, 1, 5) == 0 && sem_is_shared(&s);
}

static bool stdio_fits(void)
{
	return host_file_descriptor(stdin) == fileno(stdin) && host_file_descriptor(stderr) == fileno(stderr) &&
	       !host_file_flushes(stderr);
}

const char *host_libc_unfit(void)
{
	if (!mutex_fits() || !cond_fits() || !rwlock_fits() || !barrier_fits() || !sem_fits() || !stdio_fits())
		return "this musl lays its objects out in another way than 1.2.3";
	return text_libc_unfit();
}

bool host_tls_by_pointer(void)
{
	return text_tls_by_pointer();
}

/* musl registers none. */
void host_release_rseq(void)
{
}

void host_libc_text(uintptr_t *lo, uintptr_t *hi)
{
	text_of_libc(lo, hi);
}
