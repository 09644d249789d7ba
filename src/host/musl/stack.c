/* SPDX-License-Identifier: MIT */
/* Stacks of threads, kept for the next. Protocol in stack.h. */
#include "host/stack.h"
#include "base/atomic.h"
#include "host/attr.h"
#include "host/sys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
	KEPT = 32,
	LARGEST = 1 << 20,		/* worth keeping: its pages stay */
	PAGE = 4096,
};

enum use { NONE, BUSY, FREE, USED, LEFT };

static struct kept_stack {
	uint32_t use;			/* enum use; LEFT: free once tid is gone */
	uint32_t events;		/* set of enum stack_event, while USED */
	int tid;
	pthread_t thread;		/* 0 before it begins */
	char *map;			/* the guard, then the stack */
	size_t size, guard;		/* as attributes say it */
} stacks[KEPT];

static uint32_t given_up;

static size_t pages(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* The libc puts the thread's own data on top of it. */
static size_t room(size_t size)
{
	return pages(size) + PAGE;
}

static void unmap(struct kept_stack *s)
{
	if (s->map)
		sys_unmap(s->map, pages(s->guard) + room(s->size));
	s->map = NULL;
}

static bool holds(struct kept_stack *s, pthread_t thread)
{
	return (uintptr_t)thread - (uintptr_t)s->map < pages(s->guard) + room(s->size);
}

static bool map(struct kept_stack *s, size_t size, size_t guard)
{
	s->size = size;
	s->guard = guard;
	s->map = sys_map(pages(guard) + room(size));
	if (s->map && guard && syscall3(SYS_mprotect, (long)s->map, (long)pages(guard), PROT_NONE) < 0)
		unmap(s);
	return s->map;
}

static bool has_left(struct kept_stack *s)
{
	return sys_tgkill(sys_getpid(), load_relaxed(&s->tid), 0) == -ESRCH;
}

static bool fits(struct kept_stack *s, size_t size, size_t guard)
{
	return s->size == size && s->guard == guard;
}

static struct kept_stack *find_free(size_t size, size_t guard)
{
	for (struct kept_stack *s = stacks; s < stacks + KEPT; s++) {
		uint32_t use = load_acquire(&s->use);	/* pairs with give() */

		if ((use != FREE && use != LEFT) || !fits(s, size, guard) || !cas_acquire(&s->use, use, USED))
			continue;
		/* Others may have had it since the look; it is ours now. */
		if (fits(s, size, guard) && (use == FREE || has_left(s)))
			return s;
		store_release(&s->use, use);
	}
	return NULL;
}

static struct kept_stack *make_of(enum use use, size_t size, size_t guard)
{
	for (struct kept_stack *s = stacks; s < stacks + KEPT; s++) {
		if (load_relaxed(&s->use) != use || !cas_acquire(&s->use, use, BUSY))
			continue;
		unmap(s);
		if (map(s, size, guard)) {
			store_relaxed(&s->use, USED);
			return s;
		}
		store_release(&s->use, NONE);
		break;
	}
	return NULL;
}

/* In the place of one of another size if there is no room for more. */
static struct kept_stack *make(size_t size, size_t guard)
{
	struct kept_stack *s = make_of(NONE, size, guard);

	return s ? s : make_of(FREE, size, guard);
}

struct kept_stack *stack_take(const pthread_attr_t **attr, pthread_attr_t *own)
{
	struct kept_stack *s;
	size_t size, guard;

	if (load_relaxed(&given_up))
		return NULL;
	if (*attr)
		*own = **attr;
	else if (pthread_getattr_default_np(own))
		return NULL;
	if (attr_names_stack(own) || pthread_attr_getstacksize(own, &size) ||
	    pthread_attr_getguardsize(own, &guard) || size > LARGEST || guard > LARGEST)
		return NULL;
	s = find_free(size, guard);
	if (!s)
		s = make(size, guard);
	if (!s)
		return NULL;
	pthread_attr_setstack(own, s->map + pages(guard), room(size));
	*attr = own;
	return s;
}

struct kept_stack *stack_of(pthread_t thread)
{
	for (struct kept_stack *s = stacks; s < stacks + KEPT; s++)
		if (load_relaxed(&s->thread) == thread)
			return s;
	return NULL;
}

size_t stack_guard(const struct kept_stack *s)
{
	return s->guard;
}

static void give(struct kept_stack *s, enum use use)
{
	store_relaxed(&s->thread, 0);
	store_relaxed(&s->events, 0);
	store_release(&s->use, use);			/* pairs with find_free() */
}

void stack_put_back(struct kept_stack *s)
{
	if (s)
		give(s, FREE);
}

void stack_begin(struct kept_stack *s, pthread_t thread, int tid)
{
	if (!s)
		return;
	/* Much thread-local data the libc maps apart: then little is gained, and its address may be another
	 * thread's before we hear of the end. s stays as it is, and no more are taken. */
	if (!holds(s, thread)) {
		store_relaxed(&given_up, 1);
		return;
	}
	if (tid)
		store_relaxed(&s->tid, tid);
	store_relaxed(&s->thread, thread);
}

static bool is_over(uint32_t events)
{
	const uint32_t left = 1 << STACK_DETACHED | 1 << STACK_EXITED;

	return events & 1 << STACK_CREATED && (events & 1 << STACK_JOINED || (events & left) == left);
}

void stack_note(struct kept_stack *s, enum stack_event event)
{
	uint32_t before;

	if (!s)
		return;
	before = or_acq_rel(&s->events, 1u << event);
	if (!is_over(before) && is_over(before | 1u << event))
		give(s, (before | 1u << event) & 1 << STACK_JOINED ? FREE : LEFT);
}

void stacks_after_fork_child(void)
{
	for (struct kept_stack *s = stacks; s < stacks + KEPT; s++) {
		if (s->use == BUSY)
			s->map = NULL;
		if (s->thread != pthread_self())
			give(s, s->map ? FREE : NONE);
	}
}
