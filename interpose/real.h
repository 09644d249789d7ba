/* SPDX-License-Identifier: MIT */
/*
 * The functions of the libc (or of whoever stands behind us in the order of
 * preloads) that our symbols stand in front of.
 *
 * They are looked up when the first of them is wanted: that may be long before
 * our constructor, in another library's.
 */
#ifndef UMCG_INTERPOSE_REAL_H
#define UMCG_INTERPOSE_REAL_H

#include "base/atomic.h"
#include "base/compiler.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "host/prototypes.h"

/* Some of them are deprecated; programs call them all the same. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct real {
	bool ready;
#define WRAP(name)		__typeof__(name) *name;
#define WRAPV(name, version)	WRAP(name)
#define HOME(name)
#define ALSO(name, ours)
#define OLD(name, version)	WRAP(old_##name)
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME
#undef OLD
#undef ALSO
};

extern struct real umcg_real __attribute__((visibility("hidden")));

void real_resolve(void);

static inline struct real *real(void)
{
	if (unlikely(!load_acquire(&umcg_real.ready)))	/* pairs with real_resolve() */
		real_resolve();
	return &umcg_real;
}

#endif
