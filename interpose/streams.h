/* SPDX-License-Identifier: MIT */
/* Wrappers of functions that read from streams. */
#ifndef UMCG_INTERPOSE_STREAMS_H
#define UMCG_INTERPOSE_STREAMS_H

#include "host/stdio.h"
#include "leave.h"

#include <stdio.h>

#pragma GCC visibility push(hidden)
/* False if the wait has ended by a signal or time limit: then errno says by which, as after the libc's own. */
bool umcg_await_input(FILE *f);
void umcg_unlock_file(void *f);
#pragma GCC visibility pop

/* While the buffer is empty nobody else may fill it: the stream is locked, as in the libc's own wait. */
#define READS(type, name, parameters, arguments, file, failed) \
	WRAPPER type name parameters \
	{ \
		if (host_file_has_input(file)) \
			return real()->name arguments; \
		if (!host_file_is_locked_by_calls(file)) \
			return umcg_await_input(file) ? real()->name arguments : (failed); \
		flockfile(file); \
		ON_LEAVE(lock, umcg_unlock_file, file); \
		return host_file_has_input(file) || umcg_await_input(file) ? real()->name arguments : (failed); \
	}

#define READS_UNLOCKED(type, name, parameters, arguments, file, failed) \
	WRAPPER type name parameters \
	{ \
		return host_file_has_input(file) || umcg_await_input(file) ? real()->name arguments : (failed); \
	}

#endif
