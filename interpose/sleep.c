/* SPDX-License-Identifier: MIT */
/* Sleeping: a timer of the runtime's, no kernel thread. */
#include "interpose.h"
#include "block/sleep.h"

static bool bad_nsec(const struct timespec *ts)
{
	return ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)NSEC_PER_SEC;
}

/* 0 or -errno, the rest in *left if interrupted and left is not NULL. */
static int sleep_relative(struct task *t, const struct timespec *ts, struct timespec *left)
{
	uint64_t rest = 0;
	int ret;

	pthread_testcancel();
	if (bad_nsec(ts))
		return -EINVAL;
	ret = sleep_for(t, timespec_to_ns(ts), &rest);
	if (ret == -EINTR && left)
		*left = ns_to_timespec(rest);
	return ret;
}

WRAPPER int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	struct task *t = task_self();
	struct wait_until u;

	if (!t || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || flags & ~TIMER_ABSTIME) {
		umcg_clock_binds(clock);
		umcg_go_home();
		return real()->clock_nanosleep(clock, flags, ts, left);
	}
	if (!(flags & TIMER_ABSTIME))
		return -sleep_relative(t, ts, left);
	if (bad_nsec(ts))
		return EINVAL;
	pthread_testcancel();
	wait_until_abs(&u, clock, ts);
	return -sleep_until(t, &u);
}

WRAPPER int nanosleep(const struct timespec *ts, struct timespec *left)
{
	struct task *t = task_self();

	return t ? errno_return(sleep_relative(t, ts, left)) : real()->nanosleep(ts, left);
}

WRAPPER int usleep(useconds_t us)
{
	struct task *t = task_self();

	pthread_testcancel();
	return t ? errno_return(sleep_for(t, us * NSEC_PER_USEC, NULL)) : real()->usleep(us);
}

WRAPPER unsigned sleep(unsigned seconds)
{
	struct task *t = task_self();
	uint64_t rest = 0;

	if (!t)
		return real()->sleep(seconds);
	pthread_testcancel();
	if (sleep_for(t, seconds * NSEC_PER_SEC, &rest) == 0)
		return 0;
	/* As the libc does: the part of a second is rounded to the nearest. */
	return (unsigned)((rest + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
}

WRAPPER int thrd_sleep(const struct timespec *ts, struct timespec *left)
{
	struct task *t = task_self();
	int ret;

	if (!t)
		return real()->thrd_sleep(ts, left);
	ret = sleep_relative(t, ts, left);
	return ret == 0 ? 0 : ret == -EINTR ? -1 : -2;
}
