/* SPDX-License-Identifier: MIT */
/* Wrappers of functions that write to streams: see output.c. */
#ifndef UMCG_INTERPOSE_OUTPUT_H
#define UMCG_INTERPOSE_OUTPUT_H

#include "interpose.h"
#include "host/stdio.h"
#include "leave.h"

#include <stdarg.h>
#include <stdio.h>

enum { OUTPUT_LINE = 512 };	/* printf() makes less, mostly */

struct output {
	FILE *f;
	int fd;			/* what the stream's descriptor is while it pretends to have none; else -1 */
	int error;		/* of the wait */
	bool unlocked;		/* the caller sees to that */
};

#pragma GCC visibility push(hidden)
/* Before n bytes are added, with an end of line among them or not; before text of unknown length is. */
void umcg_before_bytes(struct output *o, size_t n, bool newline);
void umcg_before_text(struct output *o);
/* However the call is left. */
void umcg_output_end(void *output);
#pragma GCC visibility pop

/* Whether a call that needs room for n bytes can neither write to the descriptor nor find the stream locked. */
static inline bool output_is_easy(FILE *f, size_t n, bool newline)
{
	if (!umcg_self)
		return true;
	return (host_file_descriptor(f) < 0 || n <= host_file_room(f, newline)) && !host_file_is_held(f);
}

#define OUTPUT(stream, is_unlocked) \
	struct output o = { .f = (stream), .fd = -1, .unlocked = (is_unlocked) || !host_file_is_locked_by_calls(stream) }; \
	ON_LEAVE(end, umcg_output_end, &o)

#define WRITES(type, name, parameters, arguments, file, n, newline, is_unlocked) \
	WRAPPER type name parameters \
	{ \
		if (output_is_easy(file, n, newline)) \
			return real()->name arguments; \
		OUTPUT(file, is_unlocked); \
		umcg_before_bytes(&o, n, newline); \
		return real()->name arguments; \
	}

#define WRITES_CHAR(name, parameters, arguments, file, is_unlocked) \
	WRITES(int, name, parameters, arguments, file, 1, c == '\n', is_unlocked)

#define PRINTS(name, parameters, arguments, file) \
	WRAPPER int name parameters \
	{ \
		if (output_is_easy(file, OUTPUT_LINE, true)) \
			return real()->name arguments; \
		OUTPUT(file, false); \
		umcg_before_text(&o); \
		return real()->name arguments; \
	}

/* By the function that takes the arguments as a list. */
#define VARIADIC(name, parameters, last, call) \
	WRAPPER int name parameters \
	{ \
		va_list ap; \
		int ret; \
		\
		va_start(ap, last); \
		ret = call; \
		va_end(ap); \
		return ret; \
	}

#endif
