/* SPDX-License-Identifier: MIT */
/* The signals that were held back; see kept.h. */
#include "sched/kept.h"
#include "base/lock.h"
#include "sched/runtime.h"

enum {
	TOKEN = 0x756d6367,		/* si_errno, which nobody uses */
	SLAB = 30,
};

struct kept {
	struct kept *next;
	uint32_t flushes;		/* of its signal, when it was kept */
	siginfo_t info;
};

static struct {
	struct lock lock;		/* taken with all signals blocked */
	struct kept *free;
} pool;

static uint32_t flushes[65];

static struct kept *pool_take(void)
{
	struct kept *k, *slab;

	lock_acquire(&pool.lock);
	if (!pool.free && (slab = sys_map(SLAB * sizeof(*slab)))) {
		for (int i = 0; i < SLAB; i++) {
			slab[i].next = pool.free;
			pool.free = &slab[i];
		}
	}
	k = pool.free;
	if (k)
		pool.free = k->next;
	lock_release(&pool.lock);
	return k;
}

static void pool_give(struct kept *k)
{
	lock_acquire(&pool.lock);
	k->next = pool.free;
	pool.free = k;
	lock_release(&pool.lock);
}

/* Where the oldest of sig hangs; at the end of the list there is none. Drops those whose tokens were. */
static struct kept **oldest(struct task *t, int sig)
{
	struct kept **at = &t->kept, *k;

	while ((k = *at)) {
		if (k->info.si_signo != sig) {
			at = &k->next;
		} else if (k->flushes == load_relaxed(&flushes[sig])) {
			break;
		} else {
			*at = k->next;
			pool_give(k);
		}
	}
	return at;
}

static bool keep(struct task *t, int sig, const siginfo_t *info)
{
	struct kept **at = &t->kept, *k = pool_take();

	if (!k)
		return false;
	k->next = NULL;
	k->flushes = load_relaxed(&flushes[sig]);
	k->info = *info;
	k->info.si_signo = sig;
	while (*at)
		at = &(*at)->next;
	*at = k;
	return true;
}

/*
 * False if there may be no token: with the queue full the kernel takes an SI_USER
 * without what it says, and not even that if the signal is pending already.
 * Should there be room now, there is one token too many, which does nothing.
 */
static bool queue_token(int sig)
{
	siginfo_t token = { .si_signo = sig, .si_code = SI_QUEUE, .si_errno = TOKEN };

	if (sys_sigqueue_self(sig, &token) == 0)
		return true;
	token.si_code = SI_USER;
	sys_sigqueue_self(sig, &token);
	return false;
}

static bool is_token(struct task *t, int sig, const siginfo_t *info)
{
	if (info->si_errno == TOKEN)
		return true;
	if (!t->kept_unqueued[sig] || info->si_code != SI_USER || info->si_pid || info->si_uid)
		return false;
	t->kept_unqueued[sig]--;
	return true;
}

/* Handlers of other signals may come on top of this one's, and come by here. */
static kernel_sigset block_all(void)
{
	static const kernel_sigset all = ~0ull;
	kernel_sigset old;

	sys_sigmask(SIG_SETMASK, &all, &old);
	return old;
}

/* The program's filter may forbid the call that passes on what a signal says. */
static void send_again(int sig, const siginfo_t *info)
{
	if (load_relaxed(&umcg_rt.confined))
		sys_tgkill(sys_getpid(), sys_gettid(), sig);
	else
		sys_sigqueue_self(sig, info);
}

void kept_hold_back(struct task *t, int sig, const siginfo_t *info)
{
	kernel_sigset old = block_all();

	if (sig < FIRST_QUEUED)
		send_again(sig, info);
	else if (!is_token(t, sig, info) && !keep(t, sig, info))
		sys_sigqueue_self(sig, info);
	else if (!queue_token(sig))
		t->kept_unqueued[sig]++;
	sys_sigmask(SIG_SETMASK, &old, NULL);
}

static bool exchange(struct task *t, int sig, siginfo_t *info)
{
	struct kept **at = oldest(t, sig), *k = *at;
	bool token = is_token(t, sig, info);

	if (!k || (!token && !keep(t, sig, info)))
		return !token;
	*info = k->info;
	*at = k->next;
	pool_give(k);
	/* This arrival has left room in the queue, and has taken an SI_USER that it had met there with it. */
	if (!*oldest(t, sig))
		t->kept_unqueued[sig] = 0;
	else if (t->kept_unqueued[sig] && queue_token(sig))
		t->kept_unqueued[sig]--;
	return true;
}

bool kept_exchange(struct task *t, int sig, siginfo_t *info)
{
	kernel_sigset old;
	bool deliver;

	if (!t->kept && info->si_errno != TOKEN)
		return true;
	old = block_all();
	deliver = exchange(t, sig, info);
	sys_sigmask(SIG_SETMASK, &old, NULL);
	return deliver;
}

void kept_flush(int sig)
{
	add_relaxed(&flushes[sig], 1);
}

void kept_clear(struct task *t)
{
	for (struct kept *k; (k = t->kept);) {
		t->kept = k->next;
		pool_give(k);
	}
}

void kept_after_fork_child(void)
{
	pool.lock = (struct lock){ 0 };
}
