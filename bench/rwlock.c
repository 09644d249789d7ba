/* SPDX-License-Identifier: MIT */
/* A contended read-write lock with default attributes; a quarter of the threads write. */
#include "bench.h"
#include "contest.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static void enter(bool exclusive)
{
	if (exclusive)
		bench_check(pthread_rwlock_wrlock(&lock), "pthread_rwlock_wrlock");
	else
		bench_check(pthread_rwlock_rdlock(&lock), "pthread_rwlock_rdlock");
}

static void leave(void)
{
	pthread_rwlock_unlock(&lock);
}

void bench_rwlock(void)
{
	unsigned writers = bench_options.threads / 4;

	contest_run(&(struct contest){ "rwlock", enter, leave, writers ? writers : 1 });
}
