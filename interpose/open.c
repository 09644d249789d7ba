/* SPDX-License-Identifier: MIT */
/*
 * Opening: a FIFO waits for its other end, a serial line for its carrier; the worker does that at home.
 * Whether a name is one of those costs a system call. So names that were seen not to wait are remembered, by their
 * hash: if it is another file by now, or another name, the monitor has to notice.
 */
#include "interpose.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	NAMES = 1024,			/* remembered */
	USER_SPACE_BITS = 47,
	MAJOR_MEM = 1,			/* /dev/null, /dev/urandom, … */
	MAJOR_PTY = 136, MAJOR_PTY_LAST = 143,
};

static uint32_t names[NAMES];

/* Eight bytes at a time. */
static uint64_t hash(int dir, const char *path)
{
	size_t n = strlen(path);
	uint64_t h = (uint64_t)(uint32_t)dir + n, word;

	for (; n >= sizeof(word); n -= sizeof(word), path += sizeof(word)) {
		memcpy(&word, path, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, path, n);
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Of what is there. */
static bool waits(int dir, const char *path)
{
	struct stat st;
	unsigned number;

	if (syscall4(SYS_newfstatat, dir, (long)path, (long)&st, 0) < 0 || S_ISREG(st.st_mode))
		return false;
	if (!S_ISCHR(st.st_mode))
		return S_ISFIFO(st.st_mode);
	number = major(st.st_rdev);
	return number != MAJOR_MEM && (number < MAJOR_PTY || number > MAJOR_PTY_LAST);
}

static bool is_address(const char *path)
{
	return (uintptr_t)path >= 4096 && (uintptr_t)path >> USER_SPACE_BITS == 0;
}

void umcg_before_open(int dir, const char *path, int flags)
{
	uint64_t h;

	if (!may_wait_elsewhere() || flags & (O_NONBLOCK | O_DIRECTORY | O_PATH) || !is_address(path) ||
	    (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return;
	h = hash(dir, path);
	if (load_relaxed(&names[h % NAMES]) == (uint32_t)(h >> 32))
		return;
	if (waits(dir, path))
		umcg_go_home();
	else
		store_relaxed(&names[h % NAMES], (uint32_t)(h >> 32));
}

/* The mode is there only if the file may be created. */

WRAPPER int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	umcg_before_open(AT_FDCWD, path, flags);
	return real()->open(path, flags, mode);
}

WRAPPER int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	umcg_before_open(dir, path, flags);
	return real()->openat(dir, path, flags, mode);
}

WRAPPER int creat(const char *path, mode_t mode)
{
	umcg_before_open(AT_FDCWD, path, O_WRONLY | O_CREAT);
	return real()->creat(path, mode);
}

/* Streams. */

static int flags_of(const char *mode)
{
	return mode && strchr(mode, 'x') ? O_CREAT | O_EXCL : 0;
}

WRAPPER FILE *fopen(const char *restrict path, const char *restrict mode)
{
	umcg_before_open(AT_FDCWD, path, flags_of(mode));
	return real()->fopen(path, mode);
}

WRAPPER FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict f)
{
	umcg_before_open(AT_FDCWD, path, flags_of(mode));
	return real()->freopen(path, mode, f);
}
