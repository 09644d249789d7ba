/* SPDX-License-Identifier: MIT */
/* Wake, swap and wait with words in shared memory. The protocol is in share_block.h. */
#include "api/share.h"
#include "api/share_block.h"

#include <errno.h>

#define FIRST_LOOK (1000 * NSEC_PER_MSEC)	/* doubled at each look */
#define OLD_KERNEL_LOOK (20 * NSEC_PER_MSEC)

static int wake_block(struct block *b)
{
	uint32_t alive = load_relaxed(&b->alive), word = load_relaxed(&b->word);

	if (!tid_of(alive))
		return alive & FUTEX_OWNER_DIED ? -EOWNERDEAD : -ESRCH;
	do {
		if (word == SHARE_WOKEN)
			return -EAGAIN;
	} while (!cas_update(&b->word, &word, SHARE_WOKEN));	/* pairs with share_wait() */
	if (word != SHARE_RUNNING)
		wake_all(&b->word);
	return 0;
}

int share_wake(struct core_task *next)
{
	struct share *s;

	if (load_acquire(&next->word) != WORD_SHARED)	/* pairs with share_begin() */
		return -ESRCH;
	s = next->share;
	return s->kind == OWNED && !s->tie->mine ? -ESRCH : wake_block(s->block);
}

void share_stop_watching(struct share *s)
{
	struct tie *tie = s->tie;

	if (tie->peer)
		share_let_go(tie->peer);
	tie->peer = NULL;
	tie->awaiting = false;
}

static void watch(struct share *s, struct share *h)
{
	struct tie *tie = s->tie;

	if (tie->peer != h) {
		share_hold(h);
		share_stop_watching(s);
		tie->peer = h;
	}
	tie->awaiting = true;
}

int share_call(struct core_task *me, struct core_task *next)
{
	struct share *h = next->share;
	int err;

	if (h->kind != ATTACHED)
		return share_wake(next);
	if (me->group)			/* it waits where its group's servers run it, not in the kernel */
		return -EINVAL;
	err = me->word == WORD_SHARED ? 0 : share_begin(me);
	if (err)
		return err;
	if (!load_relaxed(&h->tie->guard))
		guard_begin(me->share, h);
	err = wake_block(h->block);
	if (!err)
		watch(me->share, h);
	return err;
}

struct wait {
	struct share *s, *peer;		/* peer: NULL, or whose death ends the wait */
	const struct wait_until *until;
	uint64_t look;			/* ns between two looks at a peer that does not guard */
	uint32_t norestart;		/* handlers without SA_RESTART that had run before */
	bool timed_out;			/* the last sleep */
};

static bool waits(uint32_t word)
{
	return word == SHARE_WAITING || word & FUTEX_WAITERS;
}

/* What the word has to be while w sleeps. */
static uint32_t sleeping_word(const struct wait *w)
{
	uint32_t tid = w->peer ? tid_of(load_relaxed(&w->peer->block->alive)) : 0;

	return tid && guards_have(w->s->block, w->peer->id) ? tid | FUTEX_WAITERS : SHARE_WAITING;
}

/* 0, or -errno if it has to end without a wakeup. */
static int why_end(const struct wait *w, const struct task *t)
{
	if (w->peer && !is_alive(w->peer))
		return -EOWNERDEAD;
	if (t->handlers_norestart != w->norestart)
		return -EINTR;
	return w->timed_out && wait_until_passed(w->until) ? -ETIMEDOUT : 0;
}

static long sleep_alone(const struct wait *w, uint32_t word, uint64_t deadline, bool realtime)
{
	struct timespec ts = ns_to_timespec(deadline);
	int op = FUTEX_WAIT_BITSET | (realtime ? FUTEX_CLOCK_REALTIME : 0);

	return syscall6(SYS_futex, (long)&w->s->block->word, op, word,
			deadline == NO_DEADLINE ? 0 : (long)&ts, 0, FUTEX_BITSET_MATCH_ANY);
}

static long sleep_on_both(const struct wait *w, uint64_t deadline, bool realtime)
{
	uint32_t *alive = &w->peer->block->alive;
	struct timespec ts = ns_to_timespec(deadline);
	struct futex_waitv words[] = {
		{ .val = SHARE_WAITING, .uaddr = (uintptr_t)&w->s->block->word, .flags = FUTEX_32 },
		{ .val = load_relaxed(alive), .uaddr = (uintptr_t)alive, .flags = FUTEX_32 },
	};

	if (!tid_of((uint32_t)words[1].val))
		return -EAGAIN;
	return syscall6(SYS_futex_waitv, (long)words, ARRAY_SIZE(words), 0, (long)&ts,
			realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, 0);
}

/*
 * The peer does not guard. Of all who sleep on its alive word the kernel wakes
 * one, who may be killed before it has told the others: so they look now and
 * then, at the latest when they have waited twice as long.
 */
static long sleep_watching(struct wait *w)
{
	uint64_t timeout = w->until->realtime;
	bool realtime = timeout && timeout < host_clock_ns(CLOCK_REALTIME) + w->look;
	uint64_t deadline = realtime ? timeout : host_now() + w->look;
	long ret = sleep_on_both(w, deadline, realtime);

	if (ret == -ENOSYS && w->look == OLD_KERNEL_LOOK)
		return sleep_alone(w, SHARE_WAITING, deadline, realtime);
	if (ret == -ENOSYS)		/* before Linux 5.16 */
		w->look = OLD_KERNEL_LOOK;
	else if (ret == -ETIMEDOUT)
		w->look *= 2;
	return ret;
}

static void sleep_while(struct wait *w, uint32_t word)
{
	const struct wait_until *u = w->until;
	long ret;

	if (u->deadline == 0)		/* passed since 1970 */
		ret = -ETIMEDOUT;
	else if (w->peer && word == SHARE_WAITING)
		ret = sleep_watching(w);
	else
		ret = sleep_alone(w, word, u->realtime ? u->realtime : NO_DEADLINE, u->realtime);
	w->timed_out = ret == -ETIMEDOUT;
}

/* The peer has died: tell who else sleeps on its alive word, and forget it as a guard. */
static int peer_is_dead(struct wait *w)
{
	wake_all(&w->peer->block->alive);
	guards_forget(w->s->block, w->peer->id);
	w->s->tie->awaiting = false;
	return -EOWNERDEAD;
}

int share_wait(struct core_task *me, const struct wait_until *u)
{
	struct tie *tie = me->share->tie;
	uint32_t *word = &me->share->block->word;
	struct wait w = { .s = me->share, .peer = tie->awaiting ? tie->peer : NULL, .until = u,
			  .look = FIRST_LOOK, .norestart = me->task->handlers_norestart };

	for (;;) {
		uint32_t found = load_acquire(word), wanted = sleeping_word(&w);	/* pairs with wake_block() */
		int err;

		if (found != SHARE_RUNNING && !waits(found)) {
			store_relaxed(word, SHARE_RUNNING);
			tie->awaiting = false;
			return 0;
		}
		err = why_end(&w, me->task);
		if (err && cas_acq_rel(word, found, SHARE_RUNNING))
			return err == -EOWNERDEAD ? peer_is_dead(&w) : err;
		if (err)
			continue;
		if (found == wanted) {
			sleep_while(&w, wanted);
		} else {
			cas_acq_rel(word, found, wanted);
			/* Now look again: pairs with end() and guard_end(), and the kernel's look at the
			 * list: whoever has not seen the word has changed what sleeping_word() and
			 * why_end() read before. */
			fence_seq_cst();
		}
	}
}
