/* SPDX-License-Identifier: MIT */
/* Shared tasks and handles: how they come and go. Layout and protocol are in share_block.h. */
#include "api/share.h"
#include "api/share_block.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DEAD	(FUTEX_OWNER_DIED | FUTEX_WAITERS)
#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define MAGIC	"umcgtask"

enum {
	BLOCK_VERSION = 1,
	NOEXEC_SEAL = 8,		/* MFD_NOEXEC_SEAL, where headers lack it */
};

static size_t page_size(void)
{
	return getauxval(AT_PAGESZ);
}

/* Mappings */

static char *file_page(struct share *s)
{
	return (char *)s->tie - page_size();
}

/* In one step from what was mapped there before: a late waker may look. */
static int map_file(struct share *s, int fd)
{
	long p = syscall6(SYS_mmap, (long)file_page(s), (long)page_size(), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0);

	return p < 0 && p > -4096 ? (int)p : 0;
}

static int advise(void *page, int advice)
{
	return (int)syscall3(SYS_madvise, (long)page, (long)page_size(), advice);
}

/* Room for block, tie and share; the block's file is mapped by map_file(). */
static struct share *share_new(enum share_kind kind)
{
	char *pages = sys_map(3 * page_size());
	struct share *s = (struct share *)(pages + 2 * page_size());

	if (!pages)
		return NULL;
	s->kind = kind;
	s->fd = -1;
	s->tie = (struct tie *)(pages + page_size());
	s->block = (struct block *)s->tie - 1;
	if (advise(s->tie, MADV_WIPEONFORK)) {
		sys_unmap(pages, 3 * page_size());
		return NULL;
	}
	return s;
}

void share_hold(struct share *s)
{
	add_acq_rel(&s->tie->holds, 1);
}

/* The last one to let go unmaps. */
static void unmap_if_unused(struct share *s, uint32_t holds)
{
	if (holds == GONE)
		sys_unmap(file_page(s), 3 * page_size());
}

void share_let_go(struct share *s)
{
	unmap_if_unused(s, sub_acq_rel(&s->tie->holds, 1) - 1);
}

static void share_gone(struct share *s)
{
	unmap_if_unused(s, or_acq_rel(&s->tie->holds, GONE) | GONE);
}

/* The file */

static int sealed_file(void)
{
	static const char name[] = "umcg-task";
	long fd = syscall3(SYS_memfd_create, (long)name, MFD_CLOEXEC | MFD_ALLOW_SEALING | NOEXEC_SEAL, 0);
	long err;

	if (fd == -EINVAL)		/* before Linux 6.3 */
		fd = syscall3(SYS_memfd_create, (long)name, MFD_CLOEXEC | MFD_ALLOW_SEALING, 0);
	if (fd < 0)
		return (int)fd;
	err = syscall3(SYS_ftruncate, fd, (long)page_size(), 0);
	if (!err)
		err = syscall3(SYS_fcntl, fd, F_ADD_SEALS, SEALS);
	if (!err)
		return (int)fd;
	syscall3(SYS_close, fd, 0, 0);
	return (int)err;
}

static int file_status(int fd, struct stat *st)
{
	return (int)syscall3(SYS_fstat, fd, (long)st, 0);
}

/* Whether the program has left us our descriptor. */
static bool fd_is_ours(const struct share *s)
{
	struct stat st;

	return s->fd >= 0 && !file_status(s->fd, &st) && st.st_dev == s->dev && st.st_ino == s->ino;
}

static void close_file(struct share *s)
{
	if (fd_is_ours(s))
		syscall3(SYS_close, s->fd, 0, 0);
	s->fd = -1;
}

static int another_descriptor(const struct share *s)
{
	return fd_is_ours(s) ? (int)syscall3(SYS_fcntl, s->fd, F_DUPFD_CLOEXEC, 0) : -EBADF;
}

/* The owner */

static uint64_t random_id(void)
{
	uint64_t id = 0;

	if (syscall3(SYS_getrandom, (long)&id, sizeof(id), 1 /* GRND_NONBLOCK */) != sizeof(id) || !id)
		id = host_now() << 22 | (uint64_t)sys_gettid();
	return id;
}

/* Whether entries of the libc's form for both words lie in the tie. */
static bool entries_fit(const struct robust_list_head *list)
{
	long word = (long)offsetof(struct block, word) - (long)sizeof(struct block) - list->futex_offset;
	long alive = (long)offsetof(struct block, alive) - (long)sizeof(struct block) - list->futex_offset;

	return word >= (long)ROBUST_PREV && alive + (long)sizeof(struct robust_list) <= ENTRY_ROOM;
}

bool share_is_mine(const struct core_task *me)
{
	return me->share->tie->mine;
}

/* s is no task any more: 0, or DEAD if it ought to have said so itself. */
static void end(struct share *s, uint32_t alive)
{
	struct tie *tie = s->tie;

	store_release(&s->block->alive, alive);
	fence_seq_cst();		/* as in guard_end() */
	while (tie->guarded)
		guard_end(s, tie->guarded);
	wake_all(&s->block->alive);
	robust_remove(tie->list, entry_of(&s->block->alive, tie->list));
	share_stop_watching(s);
	close_file(s);
}

/* The copy of a parent's task. Its file was not inherited, and something else may lie in that page now. */
static void forget_parents(struct share *s)
{
	close_file(s);
	sys_unmap(s->tie, 2 * page_size());
}

/* The thread has run to its end as a task: what the kernel would tell the others a little later. */
static void at_thread_end(void *arg)
{
	struct share *s = arg;
	struct core_task *me = s->tie->task;

	if (!s->tie->mine) {
		forget_parents(s);
		return;
	}
	if (me->word == WORD_SHARED) {
		end(s, DEAD);
		store_release(&me->word, WORD_NONE);
	}
	me->share = NULL;
	share_gone(s);
}

/* s may be NULL: not any more. Without a key, a thread that ends leaves its mapping behind. */
static void call_at_thread_end(struct share *s)
{
	enum { NO_KEY, BUSY, KEY };
	static uint32_t state;
	static pthread_key_t key;

	if (cas_acq_rel(&state, NO_KEY, BUSY))
		store_release(&state, pthread_key_create(&key, at_thread_end) ? NO_KEY : KEY);
	if (load_acquire(&state) == KEY)
		pthread_setspecific(key, s);
}

/* Its mapping stays until the thread ends: others may be about to wake it. */
static struct share *share_of(struct core_task *me)
{
	if (me->share && !me->share->tie->mine) {
		call_at_thread_end(NULL);
		forget_parents(me->share);
		me->share = NULL;
	}
	if (me->share)
		return me->share;
	me->share = share_new(OWNED);
	if (!me->share)
		return NULL;
	me->share->tie->mine = true;
	me->share->tie->task = me;
	call_at_thread_end(me->share);
	return me->share;
}

static int give_file(struct share *s)
{
	int fd = sealed_file(), err;
	struct stat st;

	if (fd < 0)
		return fd;
	err = file_status(fd, &st);
	if (!err)
		err = map_file(s, fd);
	if (err) {
		syscall3(SYS_close, fd, 0, 0);
		return err;
	}
	advise(file_page(s), MADV_DONTFORK);
	s->fd = fd;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

/*
 * Its kernel thread is its home from now on: the robust list is that one's. Not
 * bound but pinned: binding is for good, and threads that it creates inherit it.
 */
static int pin_at_home(struct task *t)
{
	int err = 0;

	np_enter(t);
	newborn_done(t, true);
	task_couple(t);
	if (t->kind == TASK_WORKER && !t->at_home)
		err = -EINVAL;		/* in a signal handler */
	else
		t->pin++;
	np_leave(t);
	return err;
}

static void unpin(struct task *t)
{
	if (t->pin)
		t->pin--;
}

static void publish(struct share *s)
{
	struct block *b = s->block;
	struct tie *tie = s->tie;

	memcpy(b->magic, MAGIC, sizeof(b->magic));
	b->version = BLOCK_VERSION;
	b->id = s->id = random_id();
	b->word = SHARE_RUNNING;
	tie->tid = (uint32_t)sys_gettid();
	robust_insert(tie->list, &tie->list->list, entry_of(&b->alive, tie->list));
	store_release(&b->alive, tie->tid | FUTEX_WAITERS);
}

static int share_prepare(struct core_task *me)
{
	struct share *s = share_of(me);

	if (!s)
		return -ENOMEM;
	s->tie->list = robust_head();
	if (!s->tie->list || !entries_fit(s->tie->list))
		return -ENOSYS;
	return give_file(s);
}

int share_begin(struct core_task *me)
{
	int err = pin_at_home(me->task);

	if (err)
		return err;
	err = share_prepare(me);
	if (err) {
		unpin(me->task);
		return err;
	}
	publish(me->share);
	if (swap_acq_rel(&me->word, WORD_SHARED) == WORD_WOKEN)	/* pairs with share_wake() */
		cas_acq_rel(&me->share->block->word, SHARE_RUNNING, SHARE_WOKEN);
	return 0;
}

int share_open(struct core_task *me)
{
	int err = me->word == WORD_SHARED ? 0 : share_begin(me);

	return err ? err : another_descriptor(me->share);
}

void share_close(struct core_task *me)
{
	end(me->share, 0);
	unpin(me->task);
}

/* Handles */

static int check_file(int fd)
{
	long seals = syscall3(SYS_fcntl, fd, F_GET_SEALS, 0);
	struct stat st;

	if (seals < 0)
		return (int)seals;
	if ((seals & SEALS) != SEALS || file_status(fd, &st))
		return -EINVAL;
	return st.st_size == (off_t)page_size() ? 0 : -EINVAL;
}

static int check_block(struct share *s)
{
	struct block *b = s->block;

	s->id = load_relaxed(&b->id);
	return !memcmp(b->magic, MAGIC, sizeof(b->magic)) && b->version == BLOCK_VERSION && s->id ? 0 : -EINVAL;
}

int share_attach(struct core_task *me, int fd, struct core_task **handle)
{
	int err = check_file(fd);
	struct share *s = err ? NULL : share_new(ATTACHED);

	if (!s)
		return err ? err : -ENOMEM;
	err = map_file(s, fd);
	if (!err)
		err = check_block(s);
	if (err) {
		share_gone(s);
		return err == -ENOMEM ? err : -EINVAL;
	}
	s->handle.word = WORD_SHARED;
	s->handle.share = s;
	*handle = &s->handle;
	if (me->word == WORD_SHARED)
		guard_begin(me->share, s);
	return 0;
}

int share_detach(struct core_task *me, struct core_task *handle)
{
	struct share *h = handle->share;

	if (handle->word != WORD_SHARED || h->kind != ATTACHED)
		return -EINVAL;
	if (me->word == WORD_SHARED) {
		if (me->share->tie->peer == h)
			share_stop_watching(me->share);
		if (load_relaxed(&h->tie->guard) == me->share)
			guard_end(me->share, h);
	}
	share_gone(h);
	return 0;
}
