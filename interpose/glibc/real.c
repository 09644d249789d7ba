/* SPDX-License-Identifier: MIT */
/* Look-up of the real functions. */
#include "real.h"

#include "host/sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>

/*
 * Names under which the libc exports some of them besides: a program's malloc may lock mutexes, create a key or
 * read its settings from /proc while we look up, as a look-up that fails takes its error message from malloc.
 */
#define OTHER_NAME(ours, theirs) \
	extern __typeof__(theirs) ours; \
	__asm__(".symver " #ours ", __" #theirs "@GLIBC_2.2.5")

OTHER_NAME(libc_mutex_lock, pthread_mutex_lock);
OTHER_NAME(libc_mutex_trylock, pthread_mutex_trylock);
OTHER_NAME(libc_mutex_unlock, pthread_mutex_unlock);
OTHER_NAME(libc_once, pthread_once);
OTHER_NAME(libc_key_create, pthread_key_create);
OTHER_NAME(libc_read, read);
OTHER_NAME(libc_write, write);
OTHER_NAME(libc_close, close);

/* These have no other name. */
static long raw_syscall(long nr, ...)
{
	long a[6], ret;
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	ret = syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

static int raw_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);	/* as our wrappers pass it in any case */
	va_end(ap);
	return (int)raw_syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int raw_clock_gettime(clockid_t clock, struct timespec *ts)
{
	return (int)raw_syscall(SYS_clock_gettime, clock, ts);
}

struct real umcg_real = {
	.pthread_mutex_lock = libc_mutex_lock,
	.pthread_mutex_trylock = libc_mutex_trylock,
	.pthread_mutex_unlock = libc_mutex_unlock,
	.pthread_once = libc_once,
	.pthread_key_create = libc_key_create,
	.read = libc_read,
	.write = libc_write,
	.close = libc_close,
	.open = raw_open,
	.open64 = raw_open,
	.syscall = raw_syscall,
	.clock_gettime = raw_clock_gettime,
};

static thread_data bool resolving;

/* Where the stubs jump to: one pointer for each HOME symbol. */
#define WRAP(name)
#define WRAPV(name, version)
#define OLD(name, version)
#define ALSO(name, ours)
#define HOME(name) void *umcg_real_##name __attribute__((visibility("hidden")));
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME
#undef OLD
#undef ALSO

static void *next(const char *name, const char *version)
{
	void *p = version ? dlvsym(RTLD_NEXT, name, version) : NULL;

	return p ? p : dlsym(RTLD_NEXT, name);
}

/* What a stub jumps to if this libc is older than the function. */
static int missing(void)
{
	errno = ENOSYS;
	return -1;
}

void real_resolve(void)
{
	void *p;

	if (resolving)
		return;
	resolving = true;
	/* Two threads at once find and store the same values. */
#define WRAP(name)		umcg_real.name = (__typeof__(umcg_real.name))next(#name, NULL);
#define WRAPV(name, version)	umcg_real.name = (__typeof__(umcg_real.name))next(#name, version);
#define ALSO(name, ours)
#define OLD(name, version)	umcg_real.old_##name = (__typeof__(umcg_real.old_##name))dlvsym(RTLD_NEXT, #name, version);
#define HOME(name)		p = next(#name, NULL), umcg_real_##name = p ? p : (void *)missing;
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME
#undef OLD
#undef ALSO
	resolving = false;
	store_release(&umcg_real.ready, true);	/* pairs with real() */
}
