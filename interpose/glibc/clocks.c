/* SPDX-License-Identifier: MIT */
/* Waits that name their clock. */
#include "interpose.h"
#include "objects.h"

WRAPPER int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime)
{
	int ret;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	ret = umcg_mutex_timed(m, clock, abstime);
	return ret == -ENOSYS ? real()->pthread_mutex_clocklock(m, clock, abstime) : ret;
}

static int libc_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime)
{
	return real()->pthread_cond_clockwait(c, m, clock, abstime);
}

WRAPPER int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
				   const struct timespec *abstime)
{
	return umcg_cond_wait(c, m, clock, abstime, libc_cond_wait);
}

WRAPPER int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict l, clockid_t clock,
				       const struct timespec *restrict abstime)
{
	int ret = umcg_rwlock_timed(l, false, clock, abstime);

	return ret == -ENOSYS ? real()->pthread_rwlock_clockrdlock(l, clock, abstime) : ret;
}

WRAPPER int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict l, clockid_t clock,
				       const struct timespec *restrict abstime)
{
	int ret = umcg_rwlock_timed(l, true, clock, abstime);

	return ret == -ENOSYS ? real()->pthread_rwlock_clockwrlock(l, clock, abstime) : ret;
}

WRAPPER int sem_clockwait(sem_t *restrict s, clockid_t clock, const struct timespec *restrict abstime)
{
	int ret;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return errno_return(-EINVAL);
	ret = umcg_sem_timed(s, clock, abstime);
	return ret == -ENOSYS ? real()->sem_clockwait(s, clock, abstime) : errno_return(ret);
}

WRAPPER int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock, const struct timespec *abstime)
{
	int ret = umcg_await_exit(thread, clock, abstime);

	return umcg_joined(ret ? ret : real()->pthread_clockjoin_np(thread, result, clock, abstime));
}
