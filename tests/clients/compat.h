/* SPDX-License-Identifier: MIT */
/*
 * What glibc has and musl lacks, made of what musl has, so that the clients are the same programs for both. What
 * cannot be made, or is glibc's own, is left out of a client by __GLIBC__: musl defines no macro that names it.
 */
#ifndef TESTS_CLIENTS_COMPAT_H
#define TESTS_CLIENTS_COMPAT_H

/* What each says, where they differ. */
#ifdef __GLIBC__
#define BY_LIBC(glibc, musl) glibc
#else
#define BY_LIBC(glibc, musl) musl

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>

#define PTHREAD_MUTEX_ADAPTIVE_NP PTHREAD_MUTEX_NORMAL
enum { PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };

/* Names that compilers put in for checks of sizes, and others of the same functions. */
#define __read_chk(fd, buf, n, size) read(fd, buf, n)
#define __recv_chk(fd, buf, n, size, flags) recv(fd, buf, n, flags)
#define __recvfrom_chk(fd, buf, n, size, flags, from, length) recvfrom(fd, buf, n, flags, from, length)
#define __poll_chk(fds, n, timeout, size) poll(fds, n, timeout)
#define __ppoll_chk(fds, n, timeout, mask, size) ppoll(fds, n, timeout, mask)
#define __fgets_chk(buf, size, n, stream) fgets(buf, n, stream)
#define __fread_chk(buf, size, item, n, stream) fread(buf, item, n, stream)
#define __longjmp_chk(buf, value) longjmp(buf, value)
#define __vfork vfork
#define fcntl64 fcntl

/* Those of musl fail: not what POSIX means by a process. */
#define sched_getscheduler(tid) ((int)syscall(SYS_sched_getscheduler, tid))
#define sched_setscheduler(tid, policy, param) ((int)syscall(SYS_sched_setscheduler, tid, policy, param))
#define sched_setparam(tid, param) ((int)syscall(SYS_sched_setparam, tid, param))

struct epoll_event;

/* An absolute time on another clock as one on CLOCK_REALTIME, never an earlier one; false: not a clock to wait on. */
static inline bool real_time_of(clockid_t clock, const struct timespec *end, struct timespec *real)
{
	struct timespec now;
	long long ns;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return false;
	*real = *end;
	if (clock == CLOCK_REALTIME || end->tv_nsec < 0 || end->tv_nsec >= 1000000000L)
		return true;
	clock_gettime(clock, &now);
	ns = (end->tv_sec - now.tv_sec) * 1000000000LL + end->tv_nsec - now.tv_nsec;
	clock_gettime(CLOCK_REALTIME, &now);
	ns += now.tv_sec * 1000000000LL + now.tv_nsec;
	*real = (struct timespec){ ns / 1000000000, ns % 1000000000 };
	return true;
}

#define BY_REAL_TIME(clock, end, call)                                  \
	struct timespec real;                                           \
									\
	return real_time_of(clock, end, &real) ? (call) : EINVAL

static inline int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *end)
{
	BY_REAL_TIME(clock, end, pthread_cond_timedwait(c, m, &real));
}

static inline int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *end)
{
	BY_REAL_TIME(clock, end, pthread_mutex_timedlock(m, &real));
}

static inline int pthread_rwlock_clockrdlock(pthread_rwlock_t *rw, clockid_t clock, const struct timespec *end)
{
	BY_REAL_TIME(clock, end, pthread_rwlock_timedrdlock(rw, &real));
}

static inline int pthread_rwlock_clockwrlock(pthread_rwlock_t *rw, clockid_t clock, const struct timespec *end)
{
	BY_REAL_TIME(clock, end, pthread_rwlock_timedwrlock(rw, &real));
}

static inline int pthread_clockjoin_np(pthread_t t, void **value, clockid_t clock, const struct timespec *end)
{
	BY_REAL_TIME(clock, end, pthread_timedjoin_np(t, value, &real));
}

static inline int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *end)
{
	struct timespec real;

	if (real_time_of(clock, end, &real))
		return sem_timedwait(s, &real);
	errno = EINVAL;
	return -1;
}

/* The kernel's numbers of CPU-time clocks hold the tid. */
static inline int pthread_sigqueue(pthread_t t, int sig, const union sigval value)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };
	clockid_t clock;

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = value;
	CHECK_EQ(pthread_getcpuclockid(t, &clock), 0);
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), ~(clock >> 3), sig, &info) ? errno : 0;
}

static inline int tgkill(pid_t pid, pid_t tid, int sig)
{
	return (int)syscall(SYS_tgkill, pid, tid, sig);
}

static inline int getcpu(unsigned *cpu, unsigned *node)
{
	return (int)syscall(SYS_getcpu, cpu, node, NULL);
}

static inline int close_range(unsigned first, unsigned last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline void closefrom(int first)
{
	close_range((unsigned)first, ~0U, 0);
}

static inline int execveat(int directory, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, directory, path, argv, envp, flags);
}

static inline int epoll_pwait2(int epoll, struct epoll_event *events, int max, const struct timespec *limit, const sigset_t *mask)
{
	return (int)syscall(SYS_epoll_pwait2, epoll, events, max, limit, mask, _NSIG / 8);
}

static inline const char *strerrorname_np(int error)
{
	return strerror(error);
}

#endif

/* m is of the normal kind and locked; where its word names the owner, by the caller. */
static inline void check_held(pthread_mutex_t *m)
{
#ifdef __GLIBC__
	CHECK_EQ(m->__data.__owner, gettid());
#else
	CHECK_EQ(pthread_mutex_trylock(m), EBUSY);
#endif
}

#endif
