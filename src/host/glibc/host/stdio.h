/* SPDX-License-Identifier: MIT */
/* What must be known of the libc's streams before a call on one may wait. */
#ifndef UMCG_HOST_STDIO_H
#define UMCG_HOST_STDIO_H

#include <stdbool.h>
#include <stdio.h>

/* Bits of _flags. */
enum {
	HOST_FILE_UNBUFFERED = 0x0002,
	HOST_FILE_NOT_READ = 0x0004,
	HOST_FILE_END = 0x0010,
	HOST_FILE_ERROR = 0x0020,
	HOST_FILE_IN_BACKUP = 0x0100,
	HOST_FILE_LINE_BUFFERED = 0x0200,
	HOST_FILE_WRITES = 0x0800,
};

/* Whether the next byte, or the end, may come without a look at the descriptor; of wide streams that is not known. */
static inline bool host_file_has_input(FILE *f)
{
	return f->_IO_read_ptr < f->_IO_read_end || f->_mode > 0 ||
	       f->_flags & (HOST_FILE_IN_BACKUP | HOST_FILE_END | HOST_FILE_NOT_READ);
}

/* Whether the libc does other things before it reads: flushes what has been written to it, or stands on a terminal. */
static inline bool host_file_flushes(FILE *f)
{
	return f->_flags & (HOST_FILE_UNBUFFERED | HOST_FILE_LINE_BUFFERED | HOST_FILE_WRITES);
}

/* As after a read that has failed. */
static inline void host_file_failed(FILE *f)
{
	f->_flags |= HOST_FILE_ERROR;
}

static inline int host_file_descriptor(FILE *f)
{
	return f->_fileno;
}

#endif
