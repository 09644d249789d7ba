/* SPDX-License-Identifier: MIT */
/*
 * Park stacks: where a home sleeps while its worker is elsewhere.
 *
 * The program's signals come to parked homes, and the kernel may pile up the
 * frames of all that are pending before the first of them is handled. So there
 * is room for a frame of each; memory is used as far as it is touched.
 */
#include "sched/sched.h"

#include <sys/auxv.h>

enum {
	SIGNALS = 66,			/* each once, and the libc's own on top */
	HANDLER = 1024,			/* what signal_entry() may have used before the next one comes */
	HOME = 4096,			/* the home's own frames */
	POOL_MAX = 64,			/* free ones that are kept */
};

static size_t stack_size(void)
{
	size_t frame = getauxval(AT_MINSIGSTKSZ);

	return (SIGNALS * ((frame ? frame : 4096) + HANDLER) + HOME + 4095) & ~(size_t)4095;
}

/* A free one's uppermost word leads to the next. */
static char **next_of(char *top)
{
	return (char **)top - 1;
}

char *parkstack_take(void)
{
	char *top, *bottom;

	lock_acquire(&umcg_rt.parkstacks.lock);
	top = umcg_rt.parkstacks.free;
	if (top) {
		umcg_rt.parkstacks.free = *next_of(top);
		umcg_rt.parkstacks.n--;
	}
	lock_release(&umcg_rt.parkstacks.lock);
	if (top)
		return top;
	bottom = sys_map(stack_size());
	return bottom ? bottom + stack_size() : NULL;
}

void parkstack_give(char *top)
{
	bool kept;

	if (!top)
		return;
	lock_acquire(&umcg_rt.parkstacks.lock);
	kept = umcg_rt.parkstacks.n < POOL_MAX;
	if (kept) {
		*next_of(top) = umcg_rt.parkstacks.free;
		umcg_rt.parkstacks.free = top;
		umcg_rt.parkstacks.n++;
	}
	lock_release(&umcg_rt.parkstacks.lock);
	if (!kept)
		sys_unmap(top - stack_size(), stack_size());
}
