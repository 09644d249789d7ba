/* SPDX-License-Identifier: MIT */
/*
 * What programs from long ago bind to: versions of the libc's symbols that mean something else than the newest. Those of
 * condition variables are in oldcond.c.
 */
#include "interpose.h"

#define OLD_VERSION(ours, name, version) __asm__(".symver " #ours ", " #name "@" version)

OLD_VERSION(old_posix_spawn, posix_spawn, "GLIBC_2.2.5");
OLD_VERSION(old_posix_spawnp, posix_spawnp, "GLIBC_2.2.5");
OLD_VERSION(old_pthread_kill, pthread_kill, "GLIBC_2.2.5");
OLD_VERSION(old_timer_create, timer_create, "GLIBC_2.2.5");
OLD_VERSION(old_timer_settime, timer_settime, "GLIBC_2.2.5");
OLD_VERSION(old_timer_delete, timer_delete, "GLIBC_2.2.5");
OLD_VERSION(old_sched_setaffinity, sched_setaffinity, "GLIBC_2.3.3");
OLD_VERSION(old_pthread_setaffinity_np, pthread_setaffinity_np, "GLIBC_2.3.3");

/* The same as the newest: the libc has moved them to another of its files since. */
OLD_VERSION(old_timer_create_moved, timer_create, "GLIBC_2.3.3");
OLD_VERSION(old_timer_settime_moved, timer_settime, "GLIBC_2.3.3");
OLD_VERSION(old_timer_delete_moved, timer_delete, "GLIBC_2.3.3");
OLD_VERSION(old_pthread_setaffinity_np_moved, pthread_setaffinity_np, "GLIBC_2.3.4");

int old_sched_setaffinity(pid_t pid, const cpu_set_t *cpus);
int old_pthread_setaffinity_np(pthread_t thread, const cpu_set_t *cpus);
__typeof__(timer_create) old_timer_create_moved;
__typeof__(timer_settime) old_timer_settime_moved;
__typeof__(timer_delete) old_timer_delete_moved;
int old_pthread_setaffinity_np_moved(pthread_t thread, size_t size, const cpu_set_t *cpus);

/* A file that is no program is given to the shell. */

EXPORT int old_posix_spawn(pid_t *restrict pid, const char *restrict path,
			   const posix_spawn_file_actions_t *restrict actions, const posix_spawnattr_t *restrict attr,
			   char *const argv[restrict], char *const envp[restrict])
{
	umcg_go_home();
	return real()->old_posix_spawn(pid, path, actions, attr, argv, envp);
}

EXPORT int old_posix_spawnp(pid_t *restrict pid, const char *restrict file,
			    const posix_spawn_file_actions_t *restrict actions, const posix_spawnattr_t *restrict attr,
			    char *const argv[restrict], char *const envp[restrict])
{
	umcg_go_home();
	return real()->old_posix_spawnp(pid, file, actions, attr, argv, envp);
}

/* ESRCH for a thread that has ended. */
EXPORT int old_pthread_kill(pthread_t thread, int sig)
{
	int ret = real()->old_pthread_kill(thread, 0);

	return ret ? ret : pthread_kill(thread, sig);
}

/* Timers are numbers. */
EXPORT int old_timer_create(clockid_t clock, struct sigevent *event, int *timer)
{
	umcg_clock_binds(clock);
	return real()->old_timer_create(clock, event, timer);
}

EXPORT int old_timer_create_moved(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	return timer_create(clock, event, timer);
}

EXPORT int old_timer_settime(int timer, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	umcg_go_home();
	return real()->old_timer_settime(timer, flags, value, old);
}

EXPORT int old_timer_settime_moved(timer_t timer, int flags, const struct itimerspec *restrict value,
				   struct itimerspec *restrict old)
{
	return timer_settime(timer, flags, value, old);
}

EXPORT int old_timer_delete(int timer)
{
	umcg_go_home();
	return real()->old_timer_delete(timer);
}

EXPORT int old_timer_delete_moved(timer_t timer)
{
	return timer_delete(timer);
}

/* Sets of CPUs have one size. */

EXPORT int old_sched_setaffinity(pid_t pid, const cpu_set_t *cpus)
{
	return sched_setaffinity(pid, sizeof(*cpus), cpus);
}

EXPORT int old_pthread_setaffinity_np(pthread_t thread, const cpu_set_t *cpus)
{
	return pthread_setaffinity_np(thread, sizeof(*cpus), cpus);
}

EXPORT int old_pthread_setaffinity_np_moved(pthread_t thread, size_t size, const cpu_set_t *cpus)
{
	return pthread_setaffinity_np(thread, size, cpus);
}

/* The header redirects this name to sched_yield; old binaries have it. */
WRAPPER int old_pthread_yield(void) __asm__("pthread_yield");

WRAPPER int old_pthread_yield(void)
{
	return sched_yield();
}
