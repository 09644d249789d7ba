/* SPDX-License-Identifier: MIT */
/* Read-write locks, barriers, spin locks, once. Process-shared ones are the libc's, at home. */
#include "interpose.h"
#include "host/spin.h"
#include "leave.h"
#include "objects.h"
#include "sync/barrier.h"
#include "sync/once.h"
#include "sync/rwlock.h"

static struct task *task_for(pthread_rwlock_t *l)
{
	if (rwlock_is_shared(l)) {
		umcg_go_home();
		return NULL;
	}
	return task_self();
}

int umcg_rwlock_timed(pthread_rwlock_t *l, bool write, clockid_t clock, const struct timespec *abstime)
{
	struct task *t = task_for(l);

	if (!t)
		return -ENOSYS;
	return write ? rwlock_wrlock(l, t, clock, abstime) : rwlock_rdlock(l, t, clock, abstime);
}

WRAPPER int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	struct task *t = task_for(l);

	return t ? rwlock_rdlock(l, t, CLOCK_REALTIME, NULL) : real()->pthread_rwlock_rdlock(l);
}

WRAPPER int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	/* No task: in a static program musl itself comes by here, for a thread that has none any more. */
	return load_acquire(&umcg_rt.active) && !rwlock_is_shared(l) ? rwlock_tryrdlock(l)
								      : real()->pthread_rwlock_tryrdlock(l);
}

WRAPPER int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict l, const struct timespec *restrict abstime)
{
	struct task *t = task_for(l);

	return t ? rwlock_rdlock(l, t, CLOCK_REALTIME, abstime) : real()->pthread_rwlock_timedrdlock(l, abstime);
}

WRAPPER int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	struct task *t = task_for(l);

	return t ? rwlock_wrlock(l, t, CLOCK_REALTIME, NULL) : real()->pthread_rwlock_wrlock(l);
}

WRAPPER int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	struct task *t = task_for(l);

	return t ? rwlock_trywrlock(l, t) : real()->pthread_rwlock_trywrlock(l);
}

WRAPPER int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict l, const struct timespec *restrict abstime)
{
	struct task *t = task_for(l);

	return t ? rwlock_wrlock(l, t, CLOCK_REALTIME, abstime) : real()->pthread_rwlock_timedwrlock(l, abstime);
}

WRAPPER int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	struct task *t = task_for(l);

	return t ? rwlock_unlock(l, t) : real()->pthread_rwlock_unlock(l);
}

WRAPPER int pthread_barrier_wait(pthread_barrier_t *b)
{
	struct task *t = task_self();

	if (barrier_is_shared(b)) {
		umcg_go_home();
		t = NULL;
	}
	return t ? barrier_wait(b, t) : real()->pthread_barrier_wait(b);
}

/* The libc's waits for threads that its own wait counts; ours leave no trace. */
WRAPPER int pthread_barrier_destroy(pthread_barrier_t *b)
{
	if (barrier_is_shared(b) || !task_self())
		return real()->pthread_barrier_destroy(b);
	return load_relaxed(barrier_arrived(b)) ? EBUSY : 0;
}

/* The libc spins for ever; the holder may be waiting for this server. */
WRAPPER int pthread_spin_lock(pthread_spinlock_t *l)
{
	enum { SPINS = 100 };

	if (!umcg_rt.active)
		return real()->pthread_spin_lock(l);
	for (unsigned i = 1; !spin_try_lock(l); i++)
		i % SPINS ? cpu_relax() : (void)sched_yield();
	return 0;
}

struct once {
	pthread_once_t *control;
	struct task *task;
	bool done;
};

static void end(void *arg)
{
	struct once *once = arg;

	once_end(once->control, umcg_self, once->done);
}

static void run_once(struct once *once, void (*routine)(void))
{
	ON_LEAVE(leave, end, once);

	routine();
	once->done = true;
}

WRAPPER int pthread_once(pthread_once_t *control, void (*routine)(void))
{
	struct once once = { .control = control };

	if (likely(load_acquire(control) & ONCE_DONE))	/* pairs with once_end() */
		return 0;
	once.task = task_self();
	if (!once.task)
		return real()->pthread_once(control, routine);
	if (!once_begin(control, once.task))
		return 0;
	run_once(&once, routine);
	return 0;
}

WRAPPER void call_once(once_flag *flag, void (*routine)(void))
{
	pthread_once((pthread_once_t *)flag, routine);
}
