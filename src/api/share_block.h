/* SPDX-License-Identifier: MIT */
/*
 * What the files of shared tasks have in common: where things lie, and the words.
 *
 * A shared task has a block at the end of a memory file of one page. Each
 * process that has to do with it maps
 *
 *   file page … block | tie … | share …
 *
 * The tie belongs to a kernel thread of this process and is wiped by fork().
 * It begins with an entry for that thread's robust list; the libc's distance
 * between entry and word makes the entry come after the end of the block: other
 * processes may write to the block, so no pointer lies there.
 *
 * The owner's wait word
 *
 *  value        set by                    meaning
 *  RUNNING      owner                     no wakeup queued
 *  WAITING      owner, guard that leaves  asleep or about to be; any peer's death is seen otherwise
 *  tid|WAITERS  owner                     the same, and the peer with this tid has the word on its
 *                                         robust list: the kernel will …
 *  DIED|WAITERS kernel                    … write this and wake, when that peer's thread ends
 *  WOKEN        waker, by CAS             a wakeup is queued or just delivered
 *
 * Anything else was written by somebody with a descriptor, who might as well
 * have woken the owner: taken for WOKEN. The owner leaves a wait only by a
 * WOKEN, or by its own CAS, so no wakeup is lost.
 *
 * The alive word: tid|WAITERS while registered, 0 afterwards, DIED|WAITERS if
 * the thread ended before that. A tid is as the owner's PID namespace has it:
 * only the kernel, there, compares it with a thread's; others copy it.
 *
 * DOC: guards. A peer that has attached to a waiter guards it: it has the
 * waiter's word on its robust list and its id in the waiter's block. So a wait
 * for a guard is one futex wait, and its end wakes each waiter by a word of the
 * waiter's own. A peer that does not guard (yet) is watched by a second futex,
 * its alive word. The kernel wakes one sleeper of those, who wakes the others.
 */
#ifndef UMCG_API_SHARE_BLOCK_H
#define UMCG_API_SHARE_BLOCK_H

#include "api/member.h"
#include "base/atomic.h"
#include "host/robust.h"
#include "host/sys.h"

#include <limits.h>
#include <sys/types.h>

/* Values of the wait word; their tids are above any that a kernel gives out. */
#define SHARE_RUNNING	0x20000001u
#define SHARE_WAITING	0x20000002u
#define SHARE_WOKEN	0x20000003u

enum {
	SHARE_GUARDS = 8,		/* peers that can guard one task */
	ENTRY_ROOM = 64,
};

struct block {
	char magic[8];			/* constant, as all up to guards */
	uint32_t version;
	uint64_t id;			/* random, not 0: names this registration */
	uint64_t guards[SHARE_GUARDS] __attribute__((aligned(64)));	/* ids; taken from 0 and given back by CAS */
	uint32_t room[12] __attribute__((aligned(64)));
	uint32_t word, room_after_word;
	uint32_t alive, room_after_alive;	/* alive: written by the owner and, at its end, the kernel */
};
_Static_assert(offsetof(struct block, word) == 64 * 3 - 16, "one line for both words, close to the end: entry_of()");

struct tie {
	char entry[ENTRY_ROOM];		/* see entry_of() */
	uint32_t holds;			/* reasons to keep the mapping; see share_let_go() */

	/* Of an owner; it alone. */
	bool mine;			/* this is not a fork's child */
	uint32_t tid;
	struct robust_list_head *list;
	struct core_task *task;
	struct share *peer;		/* held: of the last share_call() */
	bool awaiting;			/* its death ends the wait: no wakeup was consumed since */
	struct share *guarded;		/* held: the tasks that it guards */
	unsigned nguarded, sweep_at;

	/* Of a handle. */
	struct share *guard;		/* the owner, in this process, that has it on its list; by CAS from NULL */
	struct share *next_guarded;	/* guard's */
};

enum share_kind { OWNED, ATTACHED };

/* Constant from birth on, but for the owner's at share_open(). */
struct share {
	struct core_task handle;	/* ATTACHED: what its id points to */
	enum share_kind kind;
	int fd;				/* OWNED: the memory file, to give out; -1 when closed */
	dev_t dev;			/* of that file: the program may have closed fd and have another there */
	ino_t ino;
	uint64_t id;			/* the block's */
	struct block *block;
	struct tie *tie;
};

enum { GONE = 1u << 31 };		/* of holds: its id is no longer used */

static inline uint32_t tid_of(uint32_t word)
{
	return word & FUTEX_TID_MASK;
}

static inline void wake_all(uint32_t *word)
{
	syscall3(SYS_futex, (long)word, FUTEX_WAKE, INT_MAX);
}

static inline bool is_alive(const struct share *s)
{
	return tid_of(load_relaxed(&s->block->alive)) != 0;
}

/* The robust list entry of a word of the block: the block ends where the tie begins. */
static inline struct robust_list *entry_of(uint32_t *word, const struct robust_list_head *list)
{
	return (struct robust_list *)((char *)word - list->futex_offset);
}

/* share.c: while held, s stays mapped. */
void share_hold(struct share *s);
void share_let_go(struct share *s);

/* guard.c. The owner s guards h; no more, if it cannot have another. */
void guard_begin(struct share *s, struct share *h);
void guard_end(struct share *s, struct share *h);

/* Whether the task with this id guards b's; its end is known, forget it. */
bool guards_have(struct block *b, uint64_t id);
void guards_forget(struct block *b, uint64_t id);

/* share_wait.c: the owner's memory of a peer that it waits for. */
void share_stop_watching(struct share *s);

#endif
