/* SPDX-License-Identifier: MIT */
/* Semaphores: what is musl's alone. */
#include "interpose.h"
#include "sync/sem.h"

WRAPPER int sem_trywait(sem_t *s)
{
	return errno_return(sem_try_take(s));
}
