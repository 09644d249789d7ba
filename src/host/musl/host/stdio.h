/* SPDX-License-Identifier: MIT */
/* What must be known of musl's streams before a call on one may wait. */
#ifndef UMCG_HOST_STDIO_H
#define UMCG_HOST_STDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The beginning of musl's FILE. */
struct host_file {
	unsigned flags;
	unsigned char *read_pos, *read_end;
	int (*close)(FILE *);
	unsigned char *write_end, *write_pos;
	unsigned char *must_be_zero, *write_base;
	size_t (*read)(FILE *, unsigned char *, size_t);
	size_t (*write)(FILE *, const unsigned char *, size_t);
	off_t (*seek)(FILE *, off_t, int);
	unsigned char *buf;
	size_t buf_size;
	FILE *prev, *next;
	int fd;
	int pipe_pid;
	long lock_count;
	int mode;
	int lock;
	int line_end;			/* '\n' if lines are written at once, else -1 */
};

enum {
	HOST_FILE_NOT_READ = 4,
	HOST_FILE_END = 16,
	HOST_FILE_ERROR = 32,
};

static inline struct host_file *host_file(FILE *f)
{
	return (struct host_file *)f;
}

/* Whether the next byte, or the end, may come without a look at the descriptor. */
static inline bool host_file_has_input(FILE *f)
{
	struct host_file *h = host_file(f);

	return h->read_pos != h->read_end || h->flags & (HOST_FILE_NOT_READ | HOST_FILE_END);
}

/* Whether the libc does other things before it reads: writes out what stands in the buffer. */
static inline bool host_file_flushes(FILE *f)
{
	struct host_file *h = host_file(f);

	return h->write_pos != h->write_base;
}

/* As after a read that has failed. */
static inline void host_file_failed(FILE *f)
{
	host_file(f)->flags |= HOST_FILE_ERROR;
}

/* -1: none, as that which vsnprintf() writes to, and has no fd set; such a one cannot be closed. */
static inline int host_file_descriptor(FILE *f)
{
	return host_file(f)->close ? host_file(f)->fd : -1;
}

/* Whether the libc's calls lock it. */
static inline bool host_file_is_locked_by_calls(FILE *f)
{
	return host_file(f)->lock >= 0;
}

/* While the stream is locked, or else is nobody else's: calls that write fail. */
static inline void host_file_set_descriptor(FILE *f, int fd)
{
	host_file(f)->fd = fd;
}

static inline bool host_file_is_unbuffered(FILE *f)
{
	return !host_file(f)->buf_size;
}

static inline bool host_file_is_line_buffered(FILE *f)
{
	return host_file(f)->line_end >= 0;
}

/* Nothing has been written yet: whether lines will be written at once is not known. */
static inline bool host_file_is_fresh(FILE *f)
{
	return !host_file(f)->write_end;
}

/* Bytes that have been written to the stream, and are to be written to the descriptor. */
static inline size_t host_file_pending(FILE *f)
{
	return (size_t)(host_file(f)->write_pos - host_file(f)->write_base);
}

/* How many bytes, with an end of line among them or not, go to the buffer at once. */
static inline size_t host_file_room(FILE *f, bool newline)
{
	return newline && host_file_is_line_buffered(f) ? 0 : (size_t)(host_file(f)->write_end - host_file(f)->write_pos);
}

/* How many bytes go to the descriptor when n are added that do not fit. */
static inline size_t host_file_written(FILE *f, size_t n)
{
	return host_file_pending(f) + n;
}

/* Whether another thread has it locked at this moment: not told apart from the caller. */
static inline bool host_file_is_held(FILE *f)
{
	return false;
}

#endif
