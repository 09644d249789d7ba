/* SPDX-License-Identifier: MIT */
/* Functions that musl has, and its headers do not; and types of its own in prototypes. */
#ifndef UMCG_HOST_PROTOTYPES_H
#define UMCG_HOST_PROTOTYPES_H

#include <aio.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

int capset(void *header, const void *data);
int arch_prctl(int code, unsigned long address);
sighandler_t bsd_signal(int sig, sighandler_t handler);

/* Of the static library: how all streams read and write, and how calls that are cancellation points are made. */
size_t __stdio_read(FILE *f, unsigned char *buf, size_t n);
size_t __stdio_write(FILE *f, const unsigned char *buf, size_t n);
long __syscall_cp(long nr, long a, long b, long c, long d, long e, long f);

typedef int priority_which;
typedef int rusage_who;
typedef int ioctl_request;
typedef unsigned message_flags;	/* of recvmmsg() and sendmmsg() */

#endif
