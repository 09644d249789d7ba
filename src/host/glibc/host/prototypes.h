/* SPDX-License-Identifier: MIT */
/* Functions that glibc has, and its headers do not; and types of its own in prototypes. */
#ifndef UMCG_HOST_PROTOTYPES_H
#define UMCG_HOST_PROTOTYPES_H

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

int capset(void *header, const void *data);	/* the libc has it, its headers do not */
int arch_prctl(int code, unsigned long address);	/* the same */
sighandler_t bsd_signal(int sig, sighandler_t handler);	/* only the oldest standard has it */

/* What compilers call instead where they know the size of an object, to have it checked. */
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t n, size_t size, int flags, struct sockaddr *restrict addr,
		       socklen_t *restrict len);
char *__fgets_chk(char *s, size_t size, int n, FILE *f);
size_t __fread_chk(void *p, size_t room, size_t size, size_t n, FILE *f);
int __uflow(FILE *f);
int __overflow(FILE *f, int c);
int __printf_chk(int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list ap);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list ap);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list ap);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t size);

/* libaio's: it makes its system calls itself, and returns -errno. */
int io_getevents(void *context, long min, long n, void *events, struct timespec *timeout);
int io_pgetevents(void *context, long min, long n, void *events, struct timespec *timeout, sigset_t *mask);

/* Older versions: see oldversions.c. */
__typeof__(posix_spawn) old_posix_spawn;
__typeof__(posix_spawnp) old_posix_spawnp;
__typeof__(pthread_kill) old_pthread_kill;
int old_timer_create(clockid_t clock, struct sigevent *event, int *timer);
int old_timer_settime(int timer, int flags, const struct itimerspec *value, struct itimerspec *old);
int old_timer_delete(int timer);

typedef __priority_which_t priority_which;
typedef __rusage_who_t rusage_who;
typedef unsigned long ioctl_request;
typedef int message_flags;	/* of recvmmsg() and sendmmsg() */

#endif
