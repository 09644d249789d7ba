/* SPDX-License-Identifier: MIT */
/* A contended mutex with default attributes. */
#include "bench.h"
#include "contest.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void enter(bool exclusive)
{
	pthread_mutex_lock(&lock);
}

static void leave(void)
{
	pthread_mutex_unlock(&lock);
}

void bench_mutex(void)
{
	contest_run(&(struct contest){ "mutex", enter, leave, bench_options.threads });
}
