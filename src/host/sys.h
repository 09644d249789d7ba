/* SPDX-License-Identifier: MIT */
/*
 * System calls as the runtime uses them: raw, -errno, never the libc's
 * wrappers (those are cancellation points, touch errno, and may be ours).
 */
#ifndef UMCG_HOST_SYS_H
#define UMCG_HOST_SYS_H

#include "arch/syscall.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

/* The kernel's ABI, where the libc's headers are older. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* Absolute time in ns on CLOCK_MONOTONIC; NO_DEADLINE waits for ever. */
#define NO_DEADLINE UINT64_MAX
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

/* The kernel's signal set: 64 bits, signal s is bit s - 1. */
typedef uint64_t kernel_sigset;
#define SIGBIT(s) (1ull << ((s) - 1))

static inline struct timespec ns_to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NSEC_PER_SEC),
				  .tv_nsec = (long)(ns % NSEC_PER_SEC) };
}

/* Saturates below NO_DEADLINE; ts must have a valid tv_nsec. Times before 0 count as 0. */
static inline uint64_t timespec_to_ns(const struct timespec *ts)
{
	if (ts->tv_sec < 0)
		return 0;
	if ((uint64_t)ts->tv_sec >= NO_DEADLINE / NSEC_PER_SEC - 1)
		return NO_DEADLINE - 1;
	return (uint64_t)ts->tv_sec * NSEC_PER_SEC + (uint64_t)ts->tv_nsec;
}

/* futex(2) FUTEX_WAIT, private, until deadline: 0, -EAGAIN, -EINTR or -ETIMEDOUT. */
static inline int sys_futex_wait(uint32_t *word, uint32_t value, uint64_t deadline)
{
	struct timespec ts = ns_to_timespec(deadline);

	return (int)syscall6(SYS_futex, (long)word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
			     deadline == NO_DEADLINE ? 0 : (long)&ts, 0, FUTEX_BITSET_MATCH_ANY);
}

/* futex(2) FUTEX_WAKE, private: the number of waiters woken. */
static inline int sys_futex_wake(void *word, int count)
{
	return (int)syscall3(SYS_futex, (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count);
}

static inline uint64_t sys_clock_ns(clockid_t clock)
{
	struct timespec ts;

	syscall3(SYS_clock_gettime, clock, (long)&ts, 0);
	return timespec_to_ns(&ts);
}

static inline void sys_sched_yield(void)
{
	syscall3(SYS_sched_yield, 0, 0, 0);
}

static inline void sys_sleep_ns(uint64_t ns)
{
	struct timespec ts = ns_to_timespec(ns);

	syscall3(SYS_nanosleep, (long)&ts, 0, 0);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
	return syscall3(SYS_write, fd, (long)buf, (long)len);
}

static inline int sys_getpid(void)
{
	return (int)syscall3(SYS_getpid, 0, 0, 0);
}

static inline int sys_gettid(void)
{
	return (int)syscall3(SYS_gettid, 0, 0, 0);
}

static inline int sys_tgkill(int pid, int tid, int sig)
{
	return (int)syscall3(SYS_tgkill, pid, tid, sig);
}

/* how: SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK; set and old may be NULL. */
static inline void sys_sigmask(int how, const kernel_sigset *set, kernel_sigset *old)
{
	syscall4(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof(kernel_sigset));
}

/* The process's handler of sig, without the libc: even of a signal that it keeps to itself. Handlers run with all signals blocked. */
void sys_sigaction(int sig, void (*handler)(int, siginfo_t *, void *));

/* Send sig to a thread of this process, with a value by which its handler knows the sender. */
static inline int sys_sigqueue_thread(int pid, int tid, int sig, void *value)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };

	info.si_pid = pid;
	info.si_value.sival_ptr = value;
	return (int)syscall4(SYS_rt_tgsigqueueinfo, pid, tid, sig, (long)&info);
}

/* Queue sig with its info to the calling kernel thread itself. */
static inline int sys_sigqueue_self(int sig, const siginfo_t *info)
{
	return (int)syscall4(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), sig, (long)info);
}

/* Register for, then use, expedited private barriers: after it returns, every running
 * thread of the process has executed a full barrier since the call began. */
static inline int sys_membarrier_register(void)
{
	return (int)syscall3(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

static inline void sys_membarrier(void)
{
	syscall3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* CLOCK_MONOTONIC in ns, by the vDSO where there is one. */
uint64_t host_now(void);

uint64_t host_clock_ns(clockid_t clock);

/* Zeroed private memory, or NULL. */
void *sys_map(size_t size);
void sys_unmap(void *p, size_t size);

/* Whether fd is a signalfd: through it a thread sees what is pending for its own kernel thread. */
bool host_is_signalfd(int fd);

/* The file's beginning as a string; false if it cannot be read or is empty. */
bool sys_read_file(const char *path, char *buf, size_t size);

/*
 * A kernel thread's scheduler state as /proc has it ('R', 'S', 'D', …), 0 if unknown;
 * and the CPU where it runs or ran last, -1 if unknown.
 */
char sys_thread_look(int tid, int *cpu);

/* A descriptor by which that can be asked again and again, or -errno. */
int sys_thread_open(int tid);
char sys_thread_place(int fd, int *cpu);

/* The CPU of the caller, -1 if unknown. */
int sys_cpu(void);

/* Whether the 32-bit word at p can be read and written. */
bool sys_accessible(uint64_t p);

/* End the process by the default action of sig. */
_Noreturn void sys_die(int sig);

#endif
