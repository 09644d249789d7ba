/* SPDX-License-Identifier: MIT */
/* Semaphores: sem_*. Process-shared ones are the libc's, at home. */
#include "interpose.h"
#include "objects.h"
#include "sync/sem.h"

static struct task *task_for(sem_t *s)
{
	return sem_is_shared(s) ? NULL : task_self();
}

/* -errno if taken or refused without a wait; 1: wait in the libc, where that stops no other worker. */
static int before_libc_wait(sem_t *s)
{
	if (sem_try_take(s) == 0)
		return 0;
	umcg_go_home();
	return 1;
}

int umcg_sem_timed(sem_t *s, clockid_t clock, const struct timespec *abstime)
{
	struct task *t = task_for(s);

	if (!t)
		return before_libc_wait(s) ? -ENOSYS : 0;
	pthread_testcancel();
	return sem_take(s, t, clock, abstime);
}

WRAPPER int sem_wait(sem_t *s)
{
	struct task *t = task_for(s);

	if (!t)
		return before_libc_wait(s) ? real()->sem_wait(s) : 0;
	pthread_testcancel();
	return errno_return(sem_take(s, t, CLOCK_REALTIME, NULL));
}

WRAPPER int sem_timedwait(sem_t *restrict s, const struct timespec *restrict abstime)
{
	struct task *t = task_for(s);

	if (!t)
		return before_libc_wait(s) ? real()->sem_timedwait(s, abstime) : 0;
	pthread_testcancel();
	return errno_return(sem_take(s, t, CLOCK_REALTIME, abstime));
}

WRAPPER int sem_post(sem_t *s)
{
	struct task *t = task_for(s);

	return t ? errno_return(sem_give(s, t)) : real()->sem_post(s);
}
