/* SPDX-License-Identifier: MIT */
/*
 * Writing to streams: the libc waits inside, unseen. What fits into the buffer goes there at once. If the
 * buffer has to be emptied, its descriptor is waited for first (block/io.h): then there is room for PIPE_BUF bytes
 * at least, and the libc's call does not wait. Who writes more goes home, and so does who may have to wait or
 * not, as the length of what printf() makes is not known: to wait where the libc's call would not could be for ever.
 */
#include "output.h"
#include "block/io.h"

#include <limits.h>
#include <string.h>

#undef fputc_unlocked		/* macros of the header */
#undef fwrite_unlocked
#undef putc_unlocked
#undef putchar_unlocked

/* However the call is left. */
void umcg_output_end(void *arg)
{
	struct output *o = arg;

	if (o->fd >= 0) {
		host_file_set_descriptor(o->f, o->fd);
		errno = o->error;
	}
	if (!o->unlocked)
		funlockfile(o->f);
}

/* The libc's call, which follows, is to fail: its write() does, for want of a descriptor, and the libc does the rest. */
static void fail(struct output *o, int error)
{
	o->error = error;
	o->fd = host_file_descriptor(o->f);
	host_file_set_descriptor(o->f, -1);
}

/* The libc is about to write n bytes. */
static void await_output(struct output *o, size_t n)
{
	int fd = host_file_descriptor(o->f);
	struct io io;
	long ret;

	if (!io_begin(&io, fd, POLLOUT)) {
		if (io.kind != IO_DIRECT)
			umcg_before(fd, POLLOUT);
		return;
	}
	if (n > PIPE_BUF) {
		umcg_go_home();
		return;
	}
	do
		ret = io_ask(&io);
	while (ret == -EAGAIN && io_again(&io));
	io_end(&io, &ret);
	if (io.error)
		fail(o, -io.error);
}

/* The libc may write, or not. */
static void perhaps_output(struct output *o)
{
	int fd = host_file_descriptor(o->f);
	struct io io;

	if (io_begin(&io, fd, POLLOUT) || io.kind != IO_DIRECT)
		umcg_before(fd, POLLOUT);
}

static void output_begin(struct output *o)
{
	if (!o->unlocked)
		flockfile(o->f);
}

/* Before n bytes are added, with an end of line among them or not. */
void umcg_before_bytes(struct output *o, size_t n, bool newline)
{
	output_begin(o);
	if (host_file_descriptor(o->f) < 0 || n <= host_file_room(o->f, newline))
		return;
	if (host_file_is_fresh(o->f) && n < PIPE_BUF)
		perhaps_output(o);
	else
		await_output(o, host_file_written(o->f, n));
}

/* Before text of unknown length is. */
void umcg_before_text(struct output *o)
{
	output_begin(o);
	if (host_file_descriptor(o->f) < 0 || host_file_room(o->f, true) >= OUTPUT_LINE)
		return;
	if (host_file_is_unbuffered(o->f))
		await_output(o, 1);
	else
		perhaps_output(o);
}

static void before_flush(struct output *o)
{
	output_begin(o);
	if (host_file_descriptor(o->f) >= 0 && host_file_pending(o->f))
		await_output(o, host_file_pending(o->f));
}

WRITES_CHAR(fputc, (int c, FILE *f), (c, f), f, false)
WRITES_CHAR(putc, (int c, FILE *f), (c, f), f, false)
WRITES_CHAR(putchar, (int c), (c), stdout, false)

WRITES_CHAR(fputc_unlocked, (int c, FILE *f), (c, f), f, true)
WRITES_CHAR(putc_unlocked, (int c, FILE *f), (c, f), f, true)
WRITES_CHAR(putchar_unlocked, (int c), (c), stdout, true)

/* Looked for only where it matters. */
static bool has_newline(FILE *f, const void *s, size_t n)
{
	return host_file_is_line_buffered(f) && memchr(s, '\n', n);
}

WRITES(int, fputs, (const char *restrict s, FILE *restrict f), (s, f), f, strlen(s), has_newline(f, s, strlen(s)), false)
WRITES(int, fputs_unlocked, (const char *restrict s, FILE *restrict f), (s, f), f, strlen(s),
       has_newline(f, s, strlen(s)), true)
WRITES(int, puts, (const char *s), (s), stdout, strlen(s) + 1, true, false)
WRITES(size_t, fwrite, (const void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f, size * n,
       has_newline(f, p, size * n), false)
WRITES(size_t, fwrite_unlocked, (const void *restrict p, size_t size, size_t n, FILE *restrict f), (p, size, n, f), f,
       size * n, has_newline(f, p, size * n), true)

PRINTS(vfprintf, (FILE *restrict f, const char *restrict format, va_list ap), (f, format, ap), f)
PRINTS(vprintf, (const char *restrict format, va_list ap), (format, ap), stdout)

VARIADIC(fprintf, (FILE *restrict f, const char *restrict format, ...), format, vfprintf(f, format, ap))
VARIADIC(printf, (const char *restrict format, ...), format, vprintf(format, ap))

/* Without a stream. */

WRAPPER int vdprintf(int fd, const char *restrict format, va_list ap)
{
	umcg_before(fd, POLLOUT);
	return real()->vdprintf(fd, format, ap);
}

VARIADIC(dprintf, (int fd, const char *restrict format, ...), format, vdprintf(fd, format, ap))

WRAPPER int fflush(FILE *f)
{
	if (!f)
		umcg_go_home();		/* any stream may have to wait */
	if (!f || !umcg_self || !(host_file_pending(f) || host_file_is_held(f)))
		return real()->fflush(f);
	OUTPUT(f, false);
	before_flush(&o);
	return real()->fflush(f);
}

WRAPPER int fflush_unlocked(FILE *f)
{
	if (!f || !umcg_self || !host_file_pending(f))
		return f ? real()->fflush_unlocked(f) : fflush(NULL);
	OUTPUT(f, true);
	before_flush(&o);
	return real()->fflush_unlocked(f);
}

/* It closes the descriptor: so it waits where it is at home, and not for that of another. */
void umcg_before_fclose(FILE *f)
{
	int fd = host_file_descriptor(f);
	struct io io;

	if (umcg_self && fd >= 0 && host_file_pending(f) && (io_begin(&io, fd, POLLOUT) || io.kind != IO_DIRECT))
		host_file_pending(f) > PIPE_BUF ? umcg_go_home() : umcg_before(fd, POLLOUT);
}

/* Who holds it may be waiting for anything. */
WRAPPER void flockfile(FILE *f)
{
	if (ftrylockfile(f) == 0)
		return;
	umcg_go_home();
	real()->flockfile(f);
}
