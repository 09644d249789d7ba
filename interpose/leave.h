/* SPDX-License-Identifier: MIT */
/*
 * A handler that runs however its frame is left: by return, C++ exception,
 * pthread_exit() or cancellation. Where the unwinder meets a frame without
 * tables it stops, and the libc runs what stands on its own list, nothing else:
 * so the handler is known to both.
 */
#ifndef UMCG_INTERPOSE_LEAVE_H
#define UMCG_INTERPOSE_LEAVE_H

#include "host/cleanup.h"

#include <stdbool.h>

struct on_leave {
	void (*routine)(void *arg);	/* NULL once it has run */
	void *arg;
	cleanup_entry entry;
	bool listed;
};

void on_leave_run(struct on_leave *l) __attribute__((visibility("hidden")));
void on_leave_begin(struct on_leave *l) __attribute__((visibility("hidden")));

/* In the rest of the block: leaving it runs ROUTINE(ARG). */
#define ON_LEAVE(name, fn, argument) \
	struct on_leave name __attribute__((cleanup(on_leave_run))) = { .routine = (fn), .arg = (argument) }; \
	on_leave_begin(&name)

#endif
