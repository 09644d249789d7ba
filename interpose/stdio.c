/* SPDX-License-Identifier: MIT */
/*
 * Reading from streams: the libc waits inside, unseen. So if a stream has nothing
 * more in its buffer, its descriptor is waited for first (block/io.h). What a
 * call waits for besides its first bytes, and writing, are for the monitor to notice.
 */
#include "interpose.h"
#include "block/io.h"
#include "host/stdio.h"
#include "leave.h"

#include <stdarg.h>
#include <stdio.h>

#undef fread_unlocked		/* macros of the header */
#undef getc_unlocked

/* False if the wait has ended by a signal or time limit: then errno says by which, as after the libc's own. */
static bool await_input(FILE *f)
{
	int fd = host_file_descriptor(f);
	struct io io;
	long ret;

	if (fd < 0 || !umcg_self)
		return true;
	if (host_file_flushes(f) || !io_begin(&io, fd, POLLIN)) {
		umcg_before(fd, POLLIN);
		return true;
	}
	do
		ret = io_ask(&io);
	while (ret == -EAGAIN && io_again(&io));
	io_end(&io, &ret);
	if (ret >= 0 || ret == -EAGAIN)
		return true;
	host_file_failed(f);
	errno = (int)-ret;
	return false;
}

static void unlock(void *f)
{
	funlockfile(f);
}

/* While the buffer is empty nobody else may fill it: the stream is locked, as in the libc's own wait. */
#define READS(type, name, parameters, arguments, file, failed) \
	WRAPPER type name parameters \
	{ \
		if (host_file_has_input(file)) \
			return real()->name arguments; \
		flockfile(file); \
		ON_LEAVE(lock, unlock, file); \
		return host_file_has_input(file) || await_input(file) ? real()->name arguments : (failed); \
	}

#define READS_UNLOCKED(type, name, parameters, arguments, file, failed) \
	WRAPPER type name parameters \
	{ \
		return host_file_has_input(file) || await_input(file) ? real()->name arguments : (failed); \
	}

READS(int, fgetc, (FILE *f), (f), f, EOF)
READS(int, getc, (FILE *f), (f), f, EOF)
READS(int, getchar, (void), (), stdin, EOF)
READS(char *, fgets, (char *restrict s, int n, FILE *restrict f), (s, n, f), f, NULL)
READS(char *, __fgets_chk, (char *s, size_t size, int n, FILE *f), (s, size, n, f), f, NULL)
READS(size_t, fread, (void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f, 0)
READS(size_t, __fread_chk, (void *p, size_t room, size_t size, size_t n, FILE *f), (p, room, size, n, f), f, 0)
READS(ssize_t, getline, (char **restrict line, size_t *restrict n, FILE *restrict f), (line, n, f), f, -1)
READS(ssize_t, getdelim, (char **restrict line, size_t *restrict n, int end, FILE *restrict f), (line, n, end, f), f, -1)

/* The first also of the macros. */
READS_UNLOCKED(int, __uflow, (FILE *f), (f), f, EOF)
READS_UNLOCKED(int, fgetc_unlocked, (FILE *f), (f), f, EOF)
READS_UNLOCKED(int, getc_unlocked, (FILE *f), (f), f, EOF)
READS_UNLOCKED(int, getchar_unlocked, (void), (), stdin, EOF)
READS_UNLOCKED(char *, fgets_unlocked, (char *restrict s, int n, FILE *restrict f), (s, n, f), f, NULL)
READS_UNLOCKED(size_t, fread_unlocked, (void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f, 0)

