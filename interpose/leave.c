/* SPDX-License-Identifier: MIT */
/* Handlers of frames: see leave.h. */
#include "leave.h"

#include <stddef.h>

static void run(struct on_leave *l)
{
	void (*routine)(void *) = l->routine;

	l->routine = NULL;
	if (routine)
		routine(l->arg);
}

/* The libc has taken it off its list. */
static void run_from_list(void *arg)
{
	struct on_leave *l = arg;

	l->listed = false;
	run(l);
}

void on_leave_begin(struct on_leave *l)
{
	l->listed = true;
	_pthread_cleanup_push(&l->entry, run_from_list, l);
}

void on_leave_run(struct on_leave *l)
{
	if (l->listed)
		_pthread_cleanup_pop(&l->entry, 0);
	run(l);
}
