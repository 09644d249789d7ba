/* SPDX-License-Identifier: MIT */
/* Condition variables: pthread_cond_* and cnd_*. Process-shared ones are the libc's, at home. */
#include "interpose.h"
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

static int wait(pthread_cond_t *c, pthread_mutex_t *m, struct task *t, clockid_t clock, const struct timespec *abstime)
{
	bool libc = mutex_is_libc_only(m);

	pthread_testcancel();
	if (libc)
		umcg_go_home();
	return cond_wait(c, m, t, clock, abstime, libc ? &libc_mutex : NULL);
}

int umcg_cond_timed(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime)
{
	struct task *t = task_for(c);

	return t ? wait(c, m, t, clock, abstime) : -ENOSYS;
}

WRAPPER int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	struct task *t = task_for(c);

	return t ? wait(c, m, t, CLOCK_REALTIME, NULL) : real()->pthread_cond_wait(c, m);
}

WRAPPER int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *abstime)
{
	struct task *t = task_for(c);

	return t ? wait(c, m, t, cond_clock(c), abstime) : real()->pthread_cond_timedwait(c, m, abstime);
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
