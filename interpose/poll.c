/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several descriptors: asked without waiting, then the worker is
 * parked as a waiter of each (block/ioset.h). What it cannot be parked for, it
 * waits for at home.
 */
#include "interpose.h"
#include "block/ioset.h"
#include "polling.h"

#include <sys/time.h>

#define IN_SET (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define OUT_SET (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define EX_SET POLLPRI

/* Through a signalfd() a thread sees what is pending for itself: at home, and by no try elsewhere. */
static bool signals_are_read;

WRAPPER int signalfd(int fd, const sigset_t *mask, int flags)
{
	store_relaxed(&signals_are_read, true);
	return real()->signalfd(fd, mask, flags);
}

/* Whether to leave a look at descriptors to the libc: then the caller is at home. */
bool umcg_looks_at_home(void)
{
	if (likely(!load_relaxed(&signals_are_read)))
		return !umcg_self;
	umcg_go_home();
	return true;
}

WRAPPER int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	umcg_looks_at_home();	/* the kernel looks when a descriptor is added; later it is told */
	return real()->epoll_ctl(epfd, op, fd, event);
}

static bool has_deadline(const struct wait_until *until)
{
	return until->deadline != NO_DEADLINE;
}

struct wait_until umcg_until_after(uint64_t ns)
{
	uint64_t now = host_now();

	return (struct wait_until){ .deadline = ns < NO_DEADLINE - 1 - now ? now + ns : NO_DEADLINE - 1 };
}

static struct wait_until until_ms(int ms)
{
	return ms < 0 ? WAIT_FOREVER : umcg_until_after((uint64_t)ms * NSEC_PER_MSEC);
}

bool umcg_valid_timeout(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < (long)NSEC_PER_SEC;
}

/* What is left, in ns. */
static uint64_t left(const struct wait_until *until)
{
	uint64_t now = host_now();

	return until->deadline > now ? until->deadline - now : 0;
}

struct timespec *umcg_left_timespec(const struct wait_until *until, struct timespec *ts)
{
	if (!has_deadline(until))
		return NULL;
	*ts = ns_to_timespec(left(until));
	return ts;
}

/* Whether all of fds that count can be waited for so. */
static bool add_all(struct io_set *set, const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && !io_set_add(set, fds[i].fd, (unsigned short)fds[i].events))
			return false;
	return true;
}

/*
 * Ask without waiting. A signal that is pending ends even that by EINTR; on a
 * carrier it is the runtime's own.
 */
static long probe(struct pollfd *fds, nfds_t n)
{
	long ret;

	do
		ret = syscall3(SYS_poll, (long)fds, (long)n, 0);
	while (ret == -EINTR && on_carrier());
	return ret;
}

/* Ask about those that the set waits for: they may have other numbers by now. */
static long ask(const struct io_set *set, struct pollfd *fds, nfds_t n)
{
	struct pollfd now[IO_SET_MAX];
	unsigned j = 0;
	long ret;

	for (unsigned i = 0; i < set->n; i++)
		now[i] = (struct pollfd){ .fd = set->w[i].fd };
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd >= 0)
			now[j++].events = fds[i].events;
	ret = probe(now, set->n);
	if (ret == -EINTR)		/* handlers are held up in here: none has run */
		ret = 0;
	j = 0;
	for (nfds_t i = 0; ret > 0 && i < n; i++)
		fds[i].revents = fds[i].fd < 0 ? 0 : now[j++].revents;
	return ret;
}

static long poll_once(struct pollfd *fds, nfds_t n, const struct wait_until *until)
{
	struct timespec ts;
	struct io_set set;
	long ret = probe(fds, n);

	if (ret || (has_deadline(until) && !left(until)))
		return ret;
	if (io_set_begin(&set, *until) && add_all(&set, fds, n)) {
		while (ret == 0 && io_set_again(&set))
			ret = ask(&set, fds, n);
		if (!io_set_end(&set, &ret))
			return ret == -ETIMEDOUT ? 0 : ret;
	}
	umcg_go_home();
	ret = real()->ppoll(fds, n, umcg_left_timespec(until, &ts), NULL);
	return ret < 0 ? -errno : ret;
}

/* The number of those that are ready, 0, or -errno. It takes nothing, so a cancellation that comes meanwhile goes first. */
static long poll_until(struct pollfd *fds, nfds_t n, const struct wait_until *until)
{
	long ret;

	pthread_testcancel();
	ret = poll_once(fds, n, until);
	pthread_testcancel();
	return ret;
}

WRAPPER int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct wait_until until;

	if (umcg_looks_at_home())
		return real()->poll(fds, n, timeout);
	until = until_ms(timeout);
	return errno_return((int)poll_until(fds, n, &until));
}

WRAPPER int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct wait_until until;

	if (umcg_looks_at_home() || mask || (timeout && !umcg_valid_timeout(timeout))) {
		umcg_go_home();
		return real()->ppoll(fds, n, timeout, mask);
	}
	until = timeout ? umcg_until_after(timespec_to_ns(timeout)) : WAIT_FOREVER;
	return errno_return((int)poll_until(fds, n, &until));
}

static bool is_in(const fd_set *set, int fd)
{
	return set && ((const unsigned long *)set)[fd / 64] >> fd % 64 & 1;	/* may be larger than FD_SETSIZE */
}

static void put(fd_set *set, int fd, bool on)
{
	unsigned long bit = 1ul << fd % 64;

	if (set && on)
		((unsigned long *)set)[fd / 64] |= bit;
	else if (set)
		((unsigned long *)set)[fd / 64] &= ~bit;
}

/* The sets as a list for poll(): how many; more than IO_SET_MAX: too many. */
static nfds_t list(struct pollfd *fds, int n, const fd_set *r, const fd_set *w, const fd_set *x)
{
	nfds_t count = 0;

	for (int fd = 0; fd < n; fd++) {
		bool in = is_in(r, fd), out = is_in(w, fd), ex = is_in(x, fd);

		if (!in && !out && !ex)
			continue;
		if (count == IO_SET_MAX)
			return IO_SET_MAX + 1;
		fds[count++] = (struct pollfd){
			.fd = fd, .events = (short)((in ? IN_SET : 0) | (out ? OUT_SET : 0) | (ex ? EX_SET : 0)),
		};
	}
	return count;
}

/* The answers back into the sets: the number of bits. */
static int unlist(const struct pollfd *fds, nfds_t count, fd_set *r, fd_set *w, fd_set *x)
{
	int bits = 0;

	for (nfds_t i = 0; i < count; i++) {
		int fd = fds[i].fd;
		bool in = is_in(r, fd) && fds[i].revents & IN_SET;
		bool out = is_in(w, fd) && fds[i].revents & OUT_SET;
		bool ex = is_in(x, fd) && fds[i].revents & EX_SET;

		put(r, fd, in);
		put(w, fd, out);
		put(x, fd, ex);
		bits += in + out + ex;
	}
	return bits;
}

/* select() by poll(): -ENOSYS if the libc's call is to be made. */
static int select_until(int n, fd_set *r, fd_set *w, fd_set *x, const struct wait_until *until)
{
	struct pollfd fds[IO_SET_MAX];
	nfds_t count = list(fds, n, r, w, x);
	long ret;

	if (count > IO_SET_MAX)
		return -ENOSYS;
	ret = poll_until(fds, count, until);
	if (ret < 0)
		return (int)ret;
	for (nfds_t i = 0; i < count; i++) {
		if (ret == 0)
			fds[i].revents = 0;
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
	}
	return unlist(fds, count, r, w, x);
}

WRAPPER int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x, struct timeval *restrict timeout)
{
	struct wait_until until = WAIT_FOREVER;
	int ret;

	if (umcg_looks_at_home() || n < 0 || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0 || timeout->tv_usec > 999999)))
		return real()->select(n, r, w, x, timeout);
	if (timeout)
		until = umcg_until_after((uint64_t)timeout->tv_sec * NSEC_PER_SEC + (uint64_t)timeout->tv_usec * NSEC_PER_USEC);
	ret = select_until(n, r, w, x, &until);
	if (ret == -ENOSYS) {
		umcg_go_home();
		return real()->select(n, r, w, x, timeout);
	}
	if (timeout) {
		timeout->tv_sec = (time_t)(left(&until) / NSEC_PER_SEC);
		timeout->tv_usec = (suseconds_t)(left(&until) % NSEC_PER_SEC / NSEC_PER_USEC);
	}
	return errno_return(ret);
}

WRAPPER int pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x,
		    const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	struct wait_until until = WAIT_FOREVER;
	int ret = -ENOSYS;

	if (!umcg_looks_at_home() && n >= 0 && !mask && (!timeout || umcg_valid_timeout(timeout))) {
		if (timeout)
			until = umcg_until_after(timespec_to_ns(timeout));
		ret = select_until(n, r, w, x, &until);
	}
	if (ret != -ENOSYS)
		return errno_return(ret);
	umcg_go_home();
	return real()->pselect(n, r, w, x, timeout, mask);
}

static int epoll_once(int epfd, struct epoll_event *events, int max, const struct wait_until *until)
{
	struct io_set set;
	long ret = syscall6(SYS_epoll_pwait, epfd, (long)events, max, 0, 0, 0);

	if (ret || (has_deadline(until) && !left(until)))
		return (int)ret;
	if (io_set_begin(&set, *until) && io_set_add(&set, epfd, POLLIN)) {
		while (ret == 0 && io_set_again(&set))
			ret = syscall6(SYS_epoll_pwait, set.w[0].fd, (long)events, max, 0, 0, 0);
		if (!io_set_end(&set, &ret))
			return ret == -ETIMEDOUT ? 0 : (int)ret;
	}
	umcg_go_home();
	return -ENOSYS;
}

/* An epoll instance of the program's is a descriptor like others: readable when it has events. */
int umcg_epoll_until(int epfd, struct epoll_event *events, int max, const struct wait_until *until)
{
	int ret;

	pthread_testcancel();
	ret = epoll_once(epfd, events, max, until);
	if (ret <= 0)
		pthread_testcancel();
	return ret;
}

/* What is left, rounded up, as the kernel does with the rest of a tick. */
static int left_ms(const struct wait_until *until)
{
	return has_deadline(until) ? (int)((left(until) + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC) : -1;
}

/* By the function that the libc's own may be made of, lest that come back to us. */
WRAPPER int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	struct wait_until until;
	int ret;

	if (umcg_looks_at_home() || timeout == 0)
		return real()->epoll_pwait(epfd, events, max, timeout, NULL);
	until = until_ms(timeout);
	ret = umcg_epoll_until(epfd, events, max, &until);
	return ret == -ENOSYS ? real()->epoll_pwait(epfd, events, max, left_ms(&until), NULL) : errno_return(ret);
}

WRAPPER int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	if (!mask)
		return epoll_wait(epfd, events, max, timeout);
	umcg_go_home();
	return real()->epoll_pwait(epfd, events, max, timeout, mask);
}

