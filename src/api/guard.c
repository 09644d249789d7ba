/* SPDX-License-Identifier: MIT */
/* DOC: guards, see share_block.h. All but the reads on the guard's own kernel thread, whose robust list it is. */
#include "api/share_block.h"
#include "base/compiler.h"

enum { GUARDED_MAX = 1000 };	/* tasks that one can guard: the kernel looks at 2048 entries of a list */

bool guards_have(struct block *b, uint64_t id)
{
	for (int i = 0; i < SHARE_GUARDS; i++)
		if (load_acquire(&b->guards[i]) == id)	/* pairs with guards_change() */
			return true;
	return false;
}

static void guards_change(struct block *b, uint64_t from, uint64_t to)
{
	for (int i = 0; i < SHARE_GUARDS; i++)
		if (load_relaxed(&b->guards[i]) == from && cas_acq_rel(&b->guards[i], from, to))
			return;
}

void guards_forget(struct block *b, uint64_t id)
{
	guards_change(b, id, 0);
}

/* The owner s stops guarding h; who sleeps counting on it has to see for itself. */
void guard_end(struct share *s, struct share *h)
{
	struct tie *tie = s->tie;
	struct share **link = &tie->guarded;

	guards_change(h->block, s->id, 0);
	fence_seq_cst();		/* pairs with share_wait(): it sees the change, or we its word */
	if (cas_acq_rel(&h->block->word, tie->tid | FUTEX_WAITERS, SHARE_WAITING))
		wake_all(&h->block->word);
	robust_remove(tie->list, entry_of(&h->block->word, tie->list));
	while (*link != h)
		link = &(*link)->tie->next_guarded;
	*link = h->tie->next_guarded;
	tie->nguarded--;
	store_release(&h->tie->guard, NULL);
	share_let_go(h);
}

/* Other threads detach from tasks that s guards, but only s's own kernel thread may change its list. */
static void sweep_detached(struct share *s)
{
	struct share *h = s->tie->guarded, *next;

	for (; h; h = next) {
		next = h->tie->next_guarded;
		if (load_acquire(&h->tie->holds) & GONE)
			guard_end(s, h);
	}
	s->tie->sweep_at = 2 * s->tie->nguarded + 8;
}

/* After the alive word's entry: a waiter who publishes its word too late for the kernel's look then sees that. */
void guard_begin(struct share *s, struct share *h)
{
	struct tie *tie = s->tie;

	if (tie->nguarded >= tie->sweep_at)
		sweep_detached(s);
	if (tie->nguarded >= GUARDED_MAX || !cas_acq_rel(&h->tie->guard, NULL, s))
		return;
	share_hold(h);
	robust_insert(tie->list, entry_of(&s->block->alive, tie->list), entry_of(&h->block->word, tie->list));
	h->tie->next_guarded = tie->guarded;
	tie->guarded = h;
	tie->nguarded++;
	guards_change(h->block, 0, s->id);
}
