/* SPDX-License-Identifier: MIT */
/* Condition variables: pthread_cond_* and cnd_*. Process-shared ones are the libc's, at home. */
#include "interpose.h"
#include "leave.h"
#include "objects.h"
#include "sync/cond.h"
#include "sync/mutex.h"

/* Waiters of a condition variable count as users of their mutex: destroying it says EBUSY. */

static int lock_libc_mutex(pthread_mutex_t *m)
{
	int ret;

	umcg_go_home();
	ret = real()->pthread_mutex_lock(m);
	if ((ret == 0 || ret == EOWNERDEAD) && !mutex_is_inner_level(m))
		mutex_count_users(m, -1);
	return ret;
}

static int unlock_libc_mutex(pthread_mutex_t *m)
{
	if (mutex_owner(m) == gettid() && !mutex_is_inner_level(m))
		mutex_count_users(m, 1);
	return real()->pthread_mutex_unlock(m);
}

static const struct cond_mutex_ops libc_mutex = { lock_libc_mutex, unlock_libc_mutex };

static struct task *task_for(pthread_cond_t *c)
{
	if (cond_is_shared(c)) {
		umcg_go_home();
		return NULL;
	}
	return task_self();
}

/* Its clock is the condition variable's own. */
static int libc_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime)
{
	return abstime || COND_TIMEDWAIT_IS_WAIT ? real()->pthread_cond_timedwait(c, m, abstime)
						 : real()->pthread_cond_wait(c, m);
}

static void reclaim(void *m)
{
	mutex_reclaim(m, umcg_self);
}

/* The libc unlocks and locks a mutex that others may wait for here. */
static int wait_lent(pthread_cond_t *c, pthread_mutex_t *m, struct task *t, clockid_t clock,
		     const struct timespec *abstime, cond_wait_fn *libc)
{
	mutex_lend(m, t);
	ON_LEAVE(back, reclaim, m);
	return libc(c, m, clock, abstime);
}

int umcg_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime,
		   cond_wait_fn *libc)
{
	bool libc_only = mutex_is_libc_only(m);
	struct task *t = task_self();

	if (!t || cond_is_shared(c)) {
		umcg_go_home();
		return t && !libc_only ? wait_lent(c, m, t, clock, abstime, libc) : libc(c, m, clock, abstime);
	}
	pthread_testcancel();
	if (libc_only)
		umcg_go_home();
	return cond_wait(c, m, t, clock, abstime, libc_only ? &libc_mutex : NULL);
}

WRAPPER int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return umcg_cond_wait(c, m, CLOCK_REALTIME, NULL, libc_wait);
}

WRAPPER int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *abstime)
{
	return umcg_cond_wait(c, m, cond_clock(c), abstime, libc_wait);
}

WRAPPER int pthread_cond_signal(pthread_cond_t *c)
{
	struct task *t = task_for(c);

	if (!t)
		return real()->pthread_cond_signal(c);
	cond_wake(c, t, false);
	return 0;
}

WRAPPER int pthread_cond_broadcast(pthread_cond_t *c)
{
	struct task *t = task_for(c);

	if (!t)
		return real()->pthread_cond_broadcast(c);
	cond_wake(c, t, true);
	return 0;
}

/* glibc's cnd_t is its pthread_cond_t. */
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's x86-64 layout");

WRAPPER int cnd_wait(cnd_t *c, mtx_t *m)
{
	return pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m) ? thrd_error : thrd_success;
}

WRAPPER int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict abstime)
{
	int ret = pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, abstime);

	return ret == ETIMEDOUT ? thrd_timedout : ret ? thrd_error : thrd_success;
}

WRAPPER int cnd_signal(cnd_t *c)
{
	return pthread_cond_signal((pthread_cond_t *)c) ? thrd_error : thrd_success;
}

WRAPPER int cnd_broadcast(cnd_t *c)
{
	return pthread_cond_broadcast((pthread_cond_t *)c) ? thrd_error : thrd_success;
}
