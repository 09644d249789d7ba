/* SPDX-License-Identifier: MIT */
/*
 * Reading from streams: the libc waits inside, unseen. So if a stream has nothing
 * more in its buffer, its descriptor is waited for first (block/io.h). What a
 * call waits for besides its first bytes is for the monitor to notice.
 */
#include "interpose.h"
#include "block/io.h"
#include "streams.h"

#include <stdarg.h>

#undef fread_unlocked		/* macros of the header */
#undef getc_unlocked

bool umcg_await_input(FILE *f)
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
	if (!io.error)
		return true;
	pthread_testcancel();	/* may have come first, as in io.c */
	host_file_failed(f);
	errno = -io.error;
	return false;
}

void umcg_unlock_file(void *f)
{
	funlockfile(f);
}

READS(int, fgetc, (FILE *f), (f), f, EOF)
READS(int, getc, (FILE *f), (f), f, EOF)
READS(int, getchar, (void), (), stdin, EOF)
READS(char *, fgets, (char *restrict s, int n, FILE *restrict f), (s, n, f), f, NULL)
READS(size_t, fread, (void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f, 0)
READS(ssize_t, getline, (char **restrict line, size_t *restrict n, FILE *restrict f), (line, n, f), f, -1)
READS(ssize_t, getdelim, (char **restrict line, size_t *restrict n, int end, FILE *restrict f), (line, n, end, f), f, -1)

READS_UNLOCKED(int, fgetc_unlocked, (FILE *f), (f), f, EOF)
READS_UNLOCKED(int, getc_unlocked, (FILE *f), (f), f, EOF)
READS_UNLOCKED(int, getchar_unlocked, (void), (), stdin, EOF)
READS_UNLOCKED(char *, fgets_unlocked, (char *restrict s, int n, FILE *restrict f), (s, n, f), f, NULL)
READS_UNLOCKED(size_t, fread_unlocked, (void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f, 0)

