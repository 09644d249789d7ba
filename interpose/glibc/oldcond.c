/* SPDX-License-Identifier: MIT */
/*
 * Condition variables as programs from before glibc 2.3.2 know them, and objects linked without versions, like
 * valgrind's: one pointer to a condition variable that the first use allocates. The libc's own functions init and
 * destroy them, so the memory is the libc's.
 */
#include "interpose.h"

#include <stdlib.h>

struct old_cond {
	pthread_cond_t *cond;
};

#define OLD_VERSION(ours, name) __asm__(".symver " #ours ", " #name "@GLIBC_2.2.5")

int old_cond_wait(struct old_cond *old, pthread_mutex_t *m);
int old_cond_timedwait(struct old_cond *old, pthread_mutex_t *m, const struct timespec *abstime);
int old_cond_signal(struct old_cond *old);
int old_cond_broadcast(struct old_cond *old);

OLD_VERSION(old_cond_wait, pthread_cond_wait);
OLD_VERSION(old_cond_timedwait, pthread_cond_timedwait);
OLD_VERSION(old_cond_signal, pthread_cond_signal);
OLD_VERSION(old_cond_broadcast, pthread_cond_broadcast);

/* NULL without memory. */
static pthread_cond_t *cond_of(struct old_cond *old)
{
	pthread_cond_t *c = load_acquire(&old->cond), *fresh;	/* pairs with the CAS */

	if (c)
		return c;
	fresh = calloc(1, sizeof(*fresh));
	if (fresh && !cas_acq_rel(&old->cond, NULL, fresh))
		free(fresh);
	return load_acquire(&old->cond);
}

EXPORT int old_cond_wait(struct old_cond *old, pthread_mutex_t *m)
{
	pthread_cond_t *c = cond_of(old);

	return c ? pthread_cond_wait(c, m) : ENOMEM;
}

EXPORT int old_cond_timedwait(struct old_cond *old, pthread_mutex_t *m, const struct timespec *abstime)
{
	pthread_cond_t *c = cond_of(old);

	return c ? pthread_cond_timedwait(c, m, abstime) : ENOMEM;
}

EXPORT int old_cond_signal(struct old_cond *old)
{
	pthread_cond_t *c = cond_of(old);

	return c ? pthread_cond_signal(c) : ENOMEM;
}

EXPORT int old_cond_broadcast(struct old_cond *old)
{
	pthread_cond_t *c = cond_of(old);

	return c ? pthread_cond_broadcast(c) : ENOMEM;
}
