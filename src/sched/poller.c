/* SPDX-License-Identifier: MIT */
/* Descriptors that workers wait for. Protocol in poller.h. */
#include "sched/poller.h"
#include "base/text.h"
#include "sched/sched.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

enum {
	CHUNK = 1024,			/* descriptors */
	CHUNKS = 1024,
	LOOK_AGAIN = 1 << 27,		/* no event of epoll's */
	EVENTS = 64,			/* harvested at once */
	EVENT = -1,			/* what events of our eventfd come with */
	OURS_FROM = 1000,		/* our descriptors' numbers, if the limit allows: higher ones make the kernel's table large */
};

static struct descriptor *chunks[CHUNKS];

struct descriptor *descriptor_find(int fd)
{
	struct descriptor *chunk;

	if ((unsigned)fd >= CHUNK * CHUNKS)
		return NULL;
	chunk = load_acquire(&chunks[fd / CHUNK]);
	return chunk ? &chunk[fd % CHUNK] : NULL;
}

struct descriptor *descriptor_get(int fd)
{
	struct descriptor *d = descriptor_find(fd), *chunk;

	if (d || (unsigned)fd >= CHUNK * CHUNKS)
		return d;
	chunk = sys_map(CHUNK * sizeof(*chunk));
	if (!chunk)
		return NULL;
	if (!cas_acq_rel(&chunks[fd / CHUNK], NULL, chunk))
		sys_unmap(chunk, CHUNK * sizeof(*chunk));
	return descriptor_find(fd);
}

static bool has_limit(int fd, int option)
{
	struct timeval tv = { 0 };
	uint32_t len = sizeof(tv);

	return syscall6(SYS_getsockopt, fd, SOL_SOCKET, option, (long)&tv, (long)&len, 0) == 0 && (tv.tv_sec || tv.tv_usec);
}

bool descriptor_is_limited(struct descriptor *d, int fd)
{
	uint32_t changes = load_acquire(&umcg_rt.poller.limits);

	if (load_relaxed(&d->limited_as_of) != changes + 1) {
		store_relaxed(&d->limited, has_limit(fd, SO_RCVTIMEO) || has_limit(fd, SO_SNDTIMEO));
		store_relaxed(&d->limited_as_of, changes + 1);
	}
	return load_relaxed(&d->limited);
}

int descriptor_next(unsigned fd)
{
	while (fd < CHUNK * CHUNKS && !descriptor_find((int)fd))
		fd = (fd / CHUNK + 1) * CHUNK;
	return fd < CHUNK * CHUNKS ? (int)fd : -1;
}

enum io_kind descriptor_classify(struct descriptor *d, int fd)
{
	enum io_kind kind = IO_DIRECT;
	struct stat st;

	if (load_relaxed(&d->kind) == IO_OURS)
		return IO_DIRECT;
	if (syscall4(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH) < 0)
		kind = IO_UNKNOWN;
	else if (S_ISSOCK(st.st_mode))
		kind = IO_SOCKET;
	else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || !(st.st_mode & S_IFMT))
		kind = !(st.st_mode & S_IFMT) && host_is_signalfd(fd) ? IO_POLLED : IO_STREAM;
	store_relaxed(&d->kind, kind);
	return kind;
}

/* To where the program hardly gets, so that its own have the numbers that it expects. */
static int move_up(int fd)
{
	long ret = -EINVAL;

	for (long min = OURS_FROM; min > 2 && ret < 0; min /= 2)
		ret = syscall3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, min);
	return (int)ret;
}

static void claim(int fd, enum io_kind kind)
{
	struct descriptor *d = descriptor_get(fd);

	if (d)
		store_relaxed(&d->kind, kind);
}

int descriptor_settle(int fd)
{
	int up;

	if (fd < 0)
		return fd;
	up = move_up(fd);
	if (up >= 0) {
		syscall3(SYS_close, fd, 0, 0);
		fd = up;
	}
	claim(fd, IO_OURS);
	return fd;
}

void descriptor_give_up(int fd)
{
	claim(fd, IO_UNKNOWN);
	syscall3(SYS_close, fd, 0, 0);
}

/*
 * An eventfd that is always readable wakes who sits: watched, level-triggered, from
 * the wake until the sitter has seen it, as others harvest too. A wake that comes
 * late is the next sitter's.
 */
static int watch_event(int op, uint32_t events)
{
	struct epoll_event e = { .events = events };

	e.data.fd = EVENT;
	return (int)syscall4(SYS_epoll_ctl, umcg_rt.poller.epoll - 1, op, umcg_rt.poller.event - 1, (long)&e);
}

static int start_locked(void)
{
	int event = descriptor_settle((int)syscall3(SYS_eventfd2, 1, EFD_CLOEXEC, 0));
	int epoll = event < 0 ? event : descriptor_settle((int)syscall3(SYS_epoll_create1, EPOLL_CLOEXEC, 0, 0));

	if (epoll < 0) {
		if (event >= 0)
			descriptor_give_up(event);
		return epoll;
	}
	umcg_rt.poller.event = event + 1;
	store_release(&umcg_rt.poller.epoll, epoll + 1);
	return watch_event(EPOLL_CTL_ADD, 0);
}

/* 0, or -errno: there is no epoll instance to be had. */
static int start(void)
{
	int err = 0;

	if (likely(load_acquire(&umcg_rt.poller.epoll)))
		return 0;
	lock_acquire(&umcg_rt.poller.lock);
	if (!umcg_rt.poller.epoll)
		err = start_locked();
	lock_release(&umcg_rt.poller.lock);
	return err;
}

void io_join(struct descriptor *d, struct io_waiter *w)
{
	lock_acquire(&d->lock);
	if (!d->waiters.next)
		list_init(&d->waiters);
	store_relaxed(&w->ready, 0);
	list_push_tail(&d->waiters, &w->link);
}

struct descriptor *io_lock(struct io_waiter *w)
{
	for (;;) {
		int fd = load_relaxed(&w->fd);
		struct descriptor *d = descriptor_find(fd);

		lock_acquire(&d->lock);
		if (load_relaxed(&w->fd) == fd)
			return d;
		lock_release(&d->lock);
	}
}

static bool has_waiters(struct descriptor *d)
{
	return load_relaxed(&d->waiters.next) && !list_empty(&d->waiters);
}

static uint32_t wanted_locked(struct descriptor *d)
{
	uint32_t events = 0;

	for (struct list *l = d->waiters.next; l != &d->waiters; l = l->next) {
		struct io_waiter *w = container_of(l, struct io_waiter, link);

		if (!load_relaxed(&w->ready))
			events |= w->events;
	}
	return events;
}

static int watch_locked(struct descriptor *d, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events | EPOLLONESHOT };
	int op = d->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, err;

	e.data.fd = fd;
	err = start();
	if (!err)
		err = (int)syscall4(SYS_epoll_ctl, umcg_rt.poller.epoll - 1, op, fd, (long)&e);
	if (err == -ENOENT || err == -EEXIST) {
		op = op == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
		err = (int)syscall4(SYS_epoll_ctl, umcg_rt.poller.epoll - 1, op, fd, (long)&e);
	}
	d->known = !err;
	d->armed = err ? 0 : events;
	return err;
}

int io_arm_locked(struct descriptor *d, struct io_waiter *w)
{
	return (d->armed & w->events) == w->events ? 0 : watch_locked(d, w->fd, wanted_locked(d));
}

void io_leave_locked(struct descriptor *d, struct io_waiter *w)
{
	uint32_t wanted;

	list_remove(&w->link);
	if (!list_empty(&d->waiters)) {
		wanted = wanted_locked(d);
		if (wanted && !d->armed)
			watch_locked(d, w->fd, wanted);
		lock_release(&d->lock);
		return;
	}
	d->armed = 0;			/* until the next comes the number may get another file, unseen */
	if (d->kind == IO_OURS) {
		d->kind = IO_UNKNOWN;
		d->known = false;
		syscall3(SYS_close, w->fd, 0, 0);
	}
	lock_release(&d->lock);
}

static void mark_locked(struct io_waiter *w, uint32_t events, struct unpark_batch *batch)
{
	store_release(&w->ready, events);	/* pairs with the waiter's look before it parks */
	unpark_batch_add(batch, w->task);
}

static void mark_all_locked(struct descriptor *d, struct unpark_batch *batch)
{
	for (struct list *l = d->waiters.next; l != &d->waiters; l = l->next) {
		struct io_waiter *w = container_of(l, struct io_waiter, link);

		if (!load_relaxed(&w->ready))
			mark_locked(w, LOOK_AGAIN, batch);
	}
}

/* The waiters of a descriptor that is closed go on with another number for the file; without one to be had they look for themselves. */
static void move_waiters_locked(struct descriptor *d, int fd, struct unpark_batch *batch)
{
	int other = move_up(fd);
	struct descriptor *o = other < 0 ? NULL : descriptor_get(other);

	if (d->armed)
		syscall4(SYS_epoll_ctl, umcg_rt.poller.epoll - 1, EPOLL_CTL_DEL, fd, 0);
	d->armed = 0;
	if (!o) {
		if (other >= 0)
			syscall3(SYS_close, other, 0, 0);
		mark_all_locked(d, batch);
		return;
	}
	lock_acquire(&o->lock);		/* nobody who has the lock of one of ours takes another */
	o->kind = IO_OURS;
	list_init(&o->waiters);
	while (!list_empty(&d->waiters)) {
		struct io_waiter *w = container_of(d->waiters.next, struct io_waiter, link);

		list_remove(&w->link);
		list_push_tail(&o->waiters, &w->link);
		store_relaxed(&w->fd, other);
	}
	watch_locked(o, other, wanted_locked(o));
	lock_release(&o->lock);
}

bool descriptor_is_strange(struct descriptor *d)
{
	return load_relaxed(&d->kind) == IO_UNKNOWN && !load_relaxed(&d->known) && !has_waiters(d);
}

void descriptor_closing(struct descriptor *d, int fd)
{
	struct unpark_batch batch;

	unpark_batch_init(&batch);
	lock_acquire(&d->lock);
	if (has_waiters(d) && sys_getpid() == umcg_rt.pid)	/* not the child of a vfork() */
		move_waiters_locked(d, fd, &batch);
	d->kind = IO_UNKNOWN;
	d->known = false;
	d->limited_as_of = 0;
	lock_release(&d->lock);
	unpark_batch_run(&batch);
}

/* Each direction goes to its first waiter; an error to all. */
static void events_locked(struct descriptor *d, uint32_t events, struct unpark_batch *batch)
{
	bool all = events & (EPOLLERR | EPOLLHUP), any = false;
	uint32_t left = events;

	for (struct list *l = d->waiters.next; l != &d->waiters; l = l->next) {
		struct io_waiter *w = container_of(l, struct io_waiter, link);

		if (load_relaxed(&w->ready) || !(all || w->events & left))
			continue;
		left &= ~w->events;
		mark_locked(w, events, batch);
		any = true;
	}
	if (!any && wanted_locked(d))
		watch_locked(d, container_of(d->waiters.next, struct io_waiter, link)->fd, wanted_locked(d));
}

static void harvested(int fd, uint32_t events, struct unpark_batch *batch)
{
	struct descriptor *d = descriptor_find(fd);

	if (!d)
		return;
	lock_acquire(&d->lock);
	d->armed = 0;
	if (has_waiters(d))
		events_locked(d, events, batch);
	lock_release(&d->lock);
}

void descriptor_closed(struct descriptor *d)
{
	struct unpark_batch batch;

	unpark_batch_init(&batch);
	lock_acquire(&d->lock);
	d->known = false;
	d->armed = 0;
	if (has_waiters(d))
		mark_all_locked(d, &batch);
	lock_release(&d->lock);
	unpark_batch_run(&batch);
}

/* The program has closed the epoll instance, by system calls of its own: another one, and all waiters to that. */
static void start_again(int epoll)
{
	lock_acquire(&umcg_rt.poller.lock);
	if (umcg_rt.poller.epoll == epoll + 1) {
		claim(epoll, IO_UNKNOWN);
		claim(umcg_rt.poller.event - 1, IO_UNKNOWN);
		if (start_locked())
			umcg_panic("the poller's descriptors were closed, and there are no others");
	}
	lock_release(&umcg_rt.poller.lock);
	for (int fd = descriptor_next(0); fd >= 0; fd = descriptor_next((unsigned)fd + 1))
		descriptor_closed(descriptor_find(fd));
}

/* Wait for timeout ns, or for ever if it is NO_DEADLINE: how many there were; *woken: by poller_wake(). */
static int harvest(uint64_t timeout, bool *woken)
{
	struct epoll_event e[EVENTS];
	struct timespec ts = ns_to_timespec(timeout);
	struct unpark_batch batch;
	int count = 0;
	int epoll = load_relaxed(&umcg_rt.poller.epoll) - 1;
	long n = syscall6(SYS_epoll_pwait2, epoll, (long)e, EVENTS, timeout == NO_DEADLINE ? 0 : (long)&ts, 0, 0);

	*woken = false;
	if (unlikely(n == -EBADF || n == -EINVAL)) {
		start_again(epoll);
		return 0;
	}
	unpark_batch_init(&batch);
	for (long i = 0; i < n; i++) {
		if (e[i].data.fd == EVENT) {
			*woken = true;
			continue;
		}
		harvested(e[i].data.fd, e[i].events, &batch);
		count++;
	}
	unpark_batch_run(&batch);
	return count;
}

int poller_look(void)
{
	bool woken;

	return load_acquire(&umcg_rt.poller.epoll) ? harvest(0, &woken) : 0;
}

void poller_wait_begins(unsigned n)
{
	add_acq_rel(&umcg_rt.poller.waiting, n);
	monitor_poke();
}

bool poller_sit(uint32_t *word, uint32_t value, uint64_t deadline)
{
	uint64_t now = deadline == NO_DEADLINE ? 0 : host_now();
	bool woken = false;

	if (!poller_unattended() || !cas_acq_rel(&umcg_rt.poller.seat, NULL, word))
		return false;
	fence_seq_cst();		/* pairs with poller_wake() */
	if (load_relaxed(word) == value)
		harvest(deadline == NO_DEADLINE ? NO_DEADLINE : deadline > now ? deadline - now : 0, &woken);
	if (woken)
		watch_event(EPOLL_CTL_MOD, 0);
	store_release(&umcg_rt.poller.seat, NULL);
	return true;
}

void poller_wake(uint32_t *word)
{
	fence_seq_cst();		/* the word's new value comes before the look at the seat: pairs with poller_sit() */
	if (load_relaxed(&umcg_rt.poller.seat) == word)
		watch_event(EPOLL_CTL_MOD, EPOLLIN);
	else
		sys_futex_wake(word, 1);
}

/* Wherever it is in use just now, the number goes on to name it until the caller takes it. */
static int move_away_locked(int *ours, int fd)
{
	int up = (int)syscall3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, fd + 1);

	if (up < 0)
		return up;
	claim(up, IO_OURS);
	claim(fd, IO_UNKNOWN);
	store_release(ours, up + 1);
	return 0;
}

bool poller_make_way(int fd)
{
	struct descriptor *d = descriptor_find(fd);
	bool done = false;

	if (!d || load_relaxed(&d->kind) != IO_OURS || sys_getpid() != umcg_rt.pid)
		return true;
	if (carrier_lose_stat(fd)) {
		claim(fd, IO_UNKNOWN);
		return true;
	}
	lock_acquire(&umcg_rt.poller.lock);
	if (fd == umcg_rt.poller.epoll - 1)
		done = move_away_locked(&umcg_rt.poller.epoll, fd) == 0;
	else if (fd == umcg_rt.poller.event - 1)
		done = move_away_locked(&umcg_rt.poller.event, fd) == 0 && watch_event(EPOLL_CTL_ADD, EPOLLIN) == 0;
	lock_release(&umcg_rt.poller.lock);
	return done;
}

/* The epoll instance is the parent's too. */
void poller_after_fork_child(void)
{
	if (umcg_rt.poller.epoll) {
		syscall3(SYS_close, umcg_rt.poller.epoll - 1, 0, 0);
		syscall3(SYS_close, umcg_rt.poller.event - 1, 0, 0);
	}
	for (int i = 0; i < CHUNKS; i++) {
		if (chunks[i])
			sys_unmap(chunks[i], CHUNK * sizeof(*chunks[i]));
		chunks[i] = NULL;
	}
}
