/* SPDX-License-Identifier: MIT */
/* What must be known of the libc's streams before a call on one may wait. */
#ifndef UMCG_HOST_STDIO_H
#define UMCG_HOST_STDIO_H

#include <stdbool.h>
#include <stdio.h>

/* Buffers of less are filled up only. */
enum { HOST_FILE_SMALL = 128 };

/* Bits of _flags. */
enum {
	HOST_FILE_UNBUFFERED = 0x0002,
	HOST_FILE_NOT_READ = 0x0004,
	HOST_FILE_END = 0x0010,
	HOST_FILE_ERROR = 0x0020,
	HOST_FILE_IN_BACKUP = 0x0100,
	HOST_FILE_LINE_BUFFERED = 0x0200,
	HOST_FILE_WRITES = 0x0800,
	HOST_FILE_LOCKED_BY_CALLER = 0x8000,
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

/* -1: none, as those that snprintf() and the like write to, which have no lock either. */
static inline int host_file_descriptor(FILE *f)
{
	return f->_lock ? f->_fileno : -1;
}

/* Whether the libc's calls lock it. */
static inline bool host_file_is_locked_by_calls(FILE *f)
{
	return !(f->_flags & HOST_FILE_LOCKED_BY_CALLER);
}

/* While the stream is locked, or else is nobody else's: calls that write fail. */
static inline void host_file_set_descriptor(FILE *f, int fd)
{
	f->_fileno = fd;
}

static inline bool host_file_is_unbuffered(FILE *f)
{
	return f->_flags & HOST_FILE_UNBUFFERED;
}

static inline bool host_file_is_line_buffered(FILE *f)
{
	return f->_flags & HOST_FILE_LINE_BUFFERED;
}

/* Nothing has been read or written yet: there is no buffer, and whether lines will be written at once is not known. */
static inline bool host_file_is_fresh(FILE *f)
{
	return !f->_IO_buf_base;
}

/* Bytes that have been written to the stream, and are to be written to the descriptor. */
static inline size_t host_file_pending(FILE *f)
{
	return f->_flags & HOST_FILE_WRITES && f->_mode <= 0 ? (size_t)(f->_IO_write_ptr - f->_IO_write_base) : 0;
}

static inline size_t host_file_size(FILE *f)
{
	return (size_t)(f->_IO_buf_end - f->_IO_buf_base);
}

/* How many bytes, with an end of line among them or not, go to the buffer at once; a small one has to be in use. */
static inline size_t host_file_room(FILE *f, bool newline)
{
	if (f->_flags & HOST_FILE_UNBUFFERED || (newline && f->_flags & HOST_FILE_LINE_BUFFERED) || f->_mode > 0)
		return 0;
	if (f->_flags & HOST_FILE_WRITES)
		return (size_t)(f->_IO_buf_end - f->_IO_write_ptr);
	return host_file_size(f) < HOST_FILE_SMALL ? 0 : host_file_size(f);
}

/* How many bytes go to the descriptor when n are added that do not fit: whole buffers, if it has a large one for more than lines. */
static inline size_t host_file_written(FILE *f, size_t n)
{
	size_t size = host_file_size(f), all = host_file_pending(f) + n;

	if (size < HOST_FILE_SMALL || all < size || f->_flags & (HOST_FILE_UNBUFFERED | HOST_FILE_LINE_BUFFERED))
		return all;
	return all - all % size;
}

/* The libc's lock of a stream. */
struct host_file_lock {
	int word, count;
	void *owner;
};

/* Whether another thread has it locked at this moment. */
static inline bool host_file_is_held(FILE *f)
{
	const struct host_file_lock *lock = (const void *)f->_lock;
	const void *owner = lock ? __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) : NULL;

	return owner && owner != __builtin_thread_pointer();
}

#endif
