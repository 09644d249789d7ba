/* SPDX-License-Identifier: MIT */
/* CPU time of threads: what the kernel says of their homes and what carriers have used for them. */
#include "interpose.h"
#include "sched/account.h"

/* The kernel's clock ids of single threads: the complement of the tid, 4 for a thread, 2 for all its CPU time. */
enum { THREAD_CLOCK = 6, THREAD_CLOCK_MASK = 7 };

/* The tid whose CPU time the clock is, 0 for the caller's; -1 if it is another kind. */
static pid_t tid_of_clock(clockid_t clock)
{
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return 0;
	return clock < 0 && (clock & THREAD_CLOCK_MASK) == THREAD_CLOCK ? ~(clock >> 3) : -1;
}

static clockid_t clock_of_tid(pid_t tid)
{
	return (clockid_t)(~(unsigned)tid << 3 | THREAD_CLOCK);
}

static struct task *worker_of_tid(pid_t tid)
{
	struct task *t = tid ? task_of_tid(tid) : umcg_self;

	return t && t->kind == TASK_WORKER ? t : NULL;
}

/* ns of CPU time that t has used on carriers. */
static uint64_t on_carriers(struct task *t)
{
	struct task *self = umcg_self;
	uint64_t ns;

	account_exactly();
	if (self)
		np_enter(self);
	ns = account_of(t);
	if (self)
		np_leave(self);
	return ns;
}

static int thread_clock_gettime(struct task *t, struct timespec *ts)
{
	/* First: what carriers use meanwhile is not to be missed. */
	uint64_t ns = on_carriers(t);
	int ret = real()->clock_gettime(clock_of_tid(t->tid), ts);

	if (ret == 0)
		*ts = ns_to_timespec(timespec_to_ns(ts) + ns);
	return ret;
}

WRAPPER int clock_gettime(clockid_t clock, struct timespec *ts)
{
	pid_t tid = unlikely(clock == CLOCK_THREAD_CPUTIME_ID || clock < 0) ? tid_of_clock(clock) : -1;
	struct task *t = tid >= 0 ? worker_of_tid(tid) : NULL;

	return t ? thread_clock_gettime(t, ts) : real()->clock_gettime(clock, ts);
}

/* Besides the CPU time only what the home has used: calls that wait are made there. */
WRAPPER int getrusage(rusage_who who, struct rusage *usage)
{
	struct task *t = who == RUSAGE_THREAD ? worker_of_tid(0) : NULL;
	uint64_t us;
	int ret;

	if (!t)
		return real()->getrusage(who, usage);
	us = on_carriers(t) / NSEC_PER_USEC;
	umcg_go_home();
	ret = real()->getrusage(who, usage);
	if (ret == 0) {
		us += (uint64_t)usage->ru_utime.tv_usec;
		usage->ru_utime.tv_sec += (time_t)(us / 1000000);
		usage->ru_utime.tv_usec = (suseconds_t)(us % 1000000);
	}
	return ret;
}

/* A timer or a sleep on a thread's CPU time is the kernel's, which sees the home alone: that thread stays there. */
void umcg_clock_binds(clockid_t clock)
{
	pid_t tid = tid_of_clock(clock);

	if (tid >= 0)
		umcg_stay_home_tid(tid);
}

WRAPPER int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	int ret;

	umcg_clock_binds(clock);
	umcg_life.creates_helper = true;
	ret = real()->timer_create(clock, event, timer);
	umcg_life.creates_helper = false;
	return ret;
}
