/* SPDX-License-Identifier: MIT */
/* Mutexes: pthread_mutex_* and mtx_*. Kinds that are the libc's alone run there, at home. */
#include "interpose.h"
#include "objects.h"
#include "sync/mutex.h"

/* The caller's task if m is ours to handle, else NULL: then the libc's function, at home. */
static inline struct task *task_for(pthread_mutex_t *m)
{
	struct task *t = umcg_self;

	if (likely(t && !mutex_is_libc_only(m)))
		return t;
	if (mutex_is_libc_only(m)) {
		umcg_go_home();
		return NULL;
	}
	return task_self_slow();
}

static int lock(pthread_mutex_t *m, struct task *t, clockid_t clock, const struct timespec *abstime)
{
	if (likely(mutex_type(m) == PTHREAD_MUTEX_NORMAL && cas_acquire(mutex_word(m), 0, mutex_held(m, t->tid)))) {
		mutex_set_owner(m, t->tid);
		mutex_count_users(m, 1);
		return 0;
	}
	return mutex_lock(m, t, clock, abstime);
}

int umcg_mutex_timed(pthread_mutex_t *m, clockid_t clock, const struct timespec *abstime)
{
	struct task *t = task_for(m);

	return t ? lock(m, t, clock, abstime) : -ENOSYS;
}

WRAPPER int pthread_mutex_lock(pthread_mutex_t *m)
{
	struct task *t = task_for(m);

	return likely(t != NULL) ? lock(m, t, CLOCK_REALTIME, NULL) : real()->pthread_mutex_lock(m);
}

WRAPPER int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *abstime)
{
	struct task *t = task_for(m);

	return t ? lock(m, t, CLOCK_REALTIME, abstime) : real()->pthread_mutex_timedlock(m, abstime);
}

WRAPPER int pthread_mutex_trylock(pthread_mutex_t *m)
{
	struct task *t = task_for(m);

	return t ? mutex_trylock(m, t) : real()->pthread_mutex_trylock(m);
}

WRAPPER int pthread_mutex_unlock(pthread_mutex_t *m)
{
	struct task *t = task_for(m);

	return likely(t != NULL) ? mutex_unlock(m, t, false) : real()->pthread_mutex_unlock(m);
}

/* glibc's mtx_t is its pthread_mutex_t. */
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "glibc's x86-64 layout");

static int thrd_code(int err)
{
	switch (err) {
	case 0:
		return thrd_success;
	case EBUSY:
		return thrd_busy;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	default:
		return thrd_error;
	}
}

WRAPPER int mtx_lock(mtx_t *m)
{
	return thrd_code(pthread_mutex_lock((pthread_mutex_t *)m));
}

WRAPPER int mtx_trylock(mtx_t *m)
{
	return thrd_code(pthread_mutex_trylock((pthread_mutex_t *)m));
}

WRAPPER int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict abstime)
{
	return thrd_code(pthread_mutex_timedlock((pthread_mutex_t *)m, abstime));
}

WRAPPER int mtx_unlock(mtx_t *m)
{
	return thrd_code(pthread_mutex_unlock((pthread_mutex_t *)m));
}
