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

static inline int host_file_descriptor(FILE *f)
{
	return host_file(f)->fd;
}

#endif
