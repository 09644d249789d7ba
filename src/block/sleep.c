/* SPDX-License-Identifier: MIT */
/* Sleeping. */
#include "block/sleep.h"

#include <errno.h>

int sleep_until(struct task *t, const struct wait_until *u)
{
	uint32_t handlers = t->handlers_run;
	int ret = 0;

	np_enter(t);
	while (!ret && !wait_until_passed(u)) {
		if (signals_wait(t) || cancellation_waits(t)) {
			cancellation_point(t);
			if (t->handlers_run != handlers)
				ret = -EINTR;
		} else {
			task_park(t, u->deadline, u->realtime, NULL);
		}
	}
	np_leave(t);
	return ret;
}

int sleep_for(struct task *t, uint64_t ns, uint64_t *remaining)
{
	uint64_t now = host_now();
	struct wait_until u = { .deadline = ns < NO_DEADLINE - 1 - now ? now + ns : NO_DEADLINE - 1 };
	int ret = sleep_until(t, &u);

	if (ret && remaining) {
		now = host_now();
		*remaining = u.deadline > now ? u.deadline - now : 0;
	}
	return ret;
}
