/* SPDX-License-Identifier: MIT */
/* poll, select, epoll, eventfd and timerfd: what is ready for whom, how often, and which arguments are refused. */
#include "io.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>

enum { HIGH_FD = 1500, SET_BYTES = 256, NOT_LONG_MS = 5 };

static int ends[2];

static void say_events(const char *what, int events)
{
	printf("%s:%s%s%s%s%s%s\n", what, events & POLLIN ? " in" : "", events & POLLOUT ? " out" : "",
	       events & POLLHUP ? " hup" : "", events & POLLERR ? " err" : "", events & POLLNVAL ? " nval" : "",
	       events & POLLRDHUP ? " rdhup" : "");
}

static struct pollfd three[3];

static long poll_three(void *arg)
{
	return poll(three, 3, (int)(intptr_t)arg);
}

/* Negative numbers are passed over, unknown ones end the wait at once. */
static void odd_numbers(void)
{
	struct waiter w;

	open_pipe(ends);
	three[0] = (struct pollfd){ -1, POLLIN, 77 };
	three[1] = (struct pollfd){ ends[0], POLLIN, 77 };
	three[2] = (struct pollfd){ -ends[0], POLLIN, 77 };
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "one of three");
	for (int i = 0; i < 3; i++)
		say_events("ready", three[i].revents);
	get(ends[0], "x");
	three[2].fd = 999;
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	wait_say(&w, "one is not open");
	for (int i = 0; i < 3; i++)
		say_events("ready", three[i].revents);
	three[1].fd = three[2].fd = -7;
	wait_begin(&w, poll_three, (void *)(intptr_t)NOT_LONG_MS);
	wait_say(&w, "none to wait for");
	CHECK(w.us >= NOT_LONG_MS * 1000);
	close_both(ends);
}

static void ends_of_streams(void)
{
	struct waiter w;

	three[1] = three[2] = (struct pollfd){ -1, 0, 0 };
	open_pipe(ends);
	three[0] = (struct pollfd){ ends[0], 0, 0 };
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	still_waits(&w);
	close(ends[1]);
	wait_say(&w, "the writer goes");
	say_events("asked for nothing", three[0].revents);
	close(ends[0]);
	open_pipe(ends);
	fill(ends[1]);
	three[0] = (struct pollfd){ ends[1], POLLOUT, 0 };
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	still_waits(&w);
	close(ends[0]);
	wait_say(&w, "the reader goes");
	say_events("of a full pipe", three[0].revents);
	close(ends[1]);
	open_pair(ends);
	three[0] = (struct pollfd){ ends[0], POLLIN | POLLRDHUP, 0 };
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	still_waits(&w);
	shutdown(ends[1], SHUT_WR);
	wait_say(&w, "the peer sends no more");
	say_events("of a socket", three[0].revents);
	close_both(ends);
}

static unsigned char set[SET_BYTES];
static struct timeval left;

static long select_high(void *arg)
{
	memset(set, 0, sizeof(set));
	set[HIGH_FD / 8] |= 1 << HIGH_FD % 8;
	return select(HIGH_FD + 1, (fd_set *)set, NULL, NULL, NULL);
}

static long select_limited(void *arg)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	left = (struct timeval){ arg ? 10 : 0, NOT_LONG_MS * 1000 };
	return select(ends[0] + 1, &in, NULL, NULL, &left);
}

static long select_wrong(void *arg)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(900, &in);
	return select(901, &in, NULL, NULL, NULL);
}

static long select_negative(void *arg)
{
	struct timeval t = { -1, 0 };

	return arg ? select(0, NULL, NULL, NULL, &t) : select(-1, NULL, NULL, NULL, NULL);
}

/* The kernel takes any number: a set may be longer than fd_set. What is left of the time is written back, but by musl itself. */
static void selects(void)
{
	struct waiter w;

	open_pipe(ends);
	CHECK_EQ(dup2(ends[0], HIGH_FD), HIGH_FD);
	wait_begin(&w, select_high, NULL);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "beyond FD_SETSIZE");
	CHECK_EQ(set[HIGH_FD / 8], 1 << HIGH_FD % 8);
	get(HIGH_FD, "x");
	close(HIGH_FD);
	wait_begin(&w, select_limited, NULL);
	wait_say(&w, "in vain");
	CHECK(left.tv_sec == 0 && left.tv_usec <= BY_LIBC(0, NOT_LONG_MS * 1000) && w.us >= NOT_LONG_MS * 1000);
	wait_begin(&w, select_limited, "long");
	put(ends[1], "x");
	wait_say(&w, "in time");
	CHECK(left.tv_sec >= 5 && left.tv_sec < BY_LIBC(10, 11));
	wait_begin(&w, select_wrong, NULL);
	wait_say(&w, "not open");
	wait_begin(&w, select_negative, NULL);
	wait_say(&w, "a negative number");
	wait_begin(&w, select_negative, "time");
	wait_say(&w, "a negative time");
	close_both(ends);
}

enum { WAITERS = 6, EVENTS = 600 };

static int epoll, event;
static atomic_int seen, empty;
static atomic_bool over;

static void watch(int ep, int fd, unsigned events, int op)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	CHECK_EQ(epoll_ctl(ep, op, fd, &e), 0);
}

/* Takes one of what the eventfd counts; others may have been faster. */
static bool take_one(void)
{
	uint64_t one;

	if (read(event, &one, sizeof(one)) == sizeof(one)) {
		CHECK_EQ(one, 1);
		seen++;
		return true;
	}
	CHECK_EQ(errno, EAGAIN);
	empty++;
	return false;
}

static void *own_epoll_exclusive(void *arg)
{
	struct epoll_event e;
	int ep = epoll_create1(0);

	watch(ep, event, EPOLLIN | EPOLLEXCLUSIVE, EPOLL_CTL_ADD);
	while (!over)
		if (epoll_wait(ep, &e, 1, 50) == 1 && !over)
			take_one();
	close(ep);
	return NULL;
}

static void post_events(void)
{
	for (int i = 0; i < EVENTS; i++) {
		CHECK_EQ(eventfd_write(event, 1), 0);
		if (i % 50 == 0)
			sleep_ms(1);
	}
	while (seen < EVENTS)
		sched_yield();
	over = true;
}

/* Each waits on an epoll of its own; all are served whoever is woken. */
static void exclusive(void)
{
	pthread_t t[WAITERS];

	event = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	start_threads(t, WAITERS, own_epoll_exclusive);
	post_events();
	join_threads(t, WAITERS);
	CHECK_EQ(seen, EVENTS);
}

static atomic_int inside;

static void *shared_epoll_oneshot(void *arg)
{
	struct epoll_event e;

	while (!over) {
		if (epoll_wait(epoll, &e, 1, 50) != 1 || over)
			continue;
		/* Nobody else is told until it is armed again. */
		CHECK_EQ(inside++, 0);
		take_one();
		CHECK_EQ(--inside, 0);
		watch(epoll, event, EPOLLIN | EPOLLONESHOT, EPOLL_CTL_MOD);
	}
	return NULL;
}

static void oneshot(void)
{
	pthread_t t[WAITERS];

	event = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	epoll = epoll_create1(0);
	watch(epoll, event, EPOLLIN | EPOLLONESHOT, EPOLL_CTL_ADD);
	start_threads(t, WAITERS, shared_epoll_oneshot);
	post_events();
	join_threads(t, WAITERS);
	CHECK_EQ(seen, EVENTS);
	CHECK_EQ(empty, 0);
}

static void *shared_epoll_level(void *arg)
{
	struct epoll_event e;

	while (!over)
		if (epoll_wait(epoll, &e, 1, 50) == 1 && !over)
			take_one();
	return NULL;
}

static void level_triggered(void)
{
	pthread_t t[WAITERS];

	event = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	epoll = epoll_create1(0);
	watch(epoll, event, EPOLLIN, EPOLL_CTL_ADD);
	start_threads(t, WAITERS, shared_epoll_level);
	post_events();
	join_threads(t, WAITERS);
	CHECK_EQ(seen, EVENTS);
}

static long epoll_once(void *limit)
{
	struct epoll_event e[4];

	return epoll_wait(epoll, e, 4, (int)(intptr_t)limit);
}

/* An edge is told once; more data is another edge. */
static void edge_triggered(void)
{
	struct waiter w;

	open_pair(ends);
	epoll = epoll_create1(0);
	watch(epoll, ends[0], EPOLLIN | EPOLLET, EPOLL_CTL_ADD);
	for (int i = 0; i < 3; i++) {
		wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
		still_waits(&w);
		put(ends[1], "aaa");
		wait_say(&w, "an edge");
		get(ends[0], "a");
		wait_begin(&w, epoll_once, (void *)(intptr_t)NOT_LONG_MS);
		wait_say(&w, "no edge");
	}
	/* A change of what is asked for looks again. */
	watch(epoll, ends[0], EPOLLIN | EPOLLET, EPOLL_CTL_MOD);
	wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
	wait_say(&w, "armed again");
	close_both(ends);
	close(epoll);
}

/* Descriptors come, change and go while a thread waits. */
static void changes_meanwhile(void)
{
	struct waiter w;
	int twin, outer, inner;

	open_pair(ends);
	epoll = epoll_create1(0);
	wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
	still_waits(&w);
	put(ends[1], "x");
	watch(epoll, ends[0], EPOLLIN, EPOLL_CTL_ADD);
	wait_say(&w, "added");
	watch(epoll, ends[0], 0, EPOLL_CTL_MOD);
	wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
	still_waits(&w);
	watch(epoll, ends[0], EPOLLIN, EPOLL_CTL_MOD);
	wait_say(&w, "changed");
	get(ends[0], "x");
	/* The file is watched, not its number. */
	twin = dup(ends[0]);
	wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
	close(ends[0]);
	sleep_ms(1);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "closed, but there is a twin");
	close(twin);
	wait_begin(&w, epoll_once, (void *)(intptr_t)NOT_LONG_MS);
	wait_say(&w, "closed");
	close(ends[1]);
	/* One epoll in another. */
	open_pair(ends);
	inner = epoll;
	outer = epoll_create1(0);
	watch(inner, ends[0], EPOLLIN, EPOLL_CTL_ADD);
	watch(outer, inner, EPOLLIN, EPOLL_CTL_ADD);
	epoll = outer;
	wait_begin(&w, epoll_once, (void *)(intptr_t)-1);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "nested");
	three[0] = (struct pollfd){ outer, POLLIN, 0 };
	three[1] = three[2] = (struct pollfd){ -1, 0, 0 };
	wait_begin(&w, poll_three, (void *)(intptr_t)-1);
	wait_say(&w, "polled");
	close(inner);
	close(outer);
	close_both(ends);
}

/* Not a constant, or the compiler would object. */
static struct epoll_event *volatile nowhere = (struct epoll_event *)8;

static long epoll_wrong(void *arg)
{
	struct epoll_event e;

	switch (*(char *)arg) {
	case 'b': return epoll_wait(999, &e, 1, -1);
	case 'p': return epoll_wait(ends[0], &e, 1, -1);
	case 'z': return epoll_wait(epoll, &e, 0, -1);
	default: return epoll_wait(epoll, nowhere, 1, -1);
	}
}

static void refusals(void)
{
	struct waiter w;

	open_pipe(ends);
	epoll = epoll_create1(0);
	watch(epoll, ends[0], EPOLLIN, EPOLL_CTL_ADD);
	put(ends[1], "x");
	for (const char *what = "bpzf"; *what; what++) {
		wait_begin(&w, epoll_wrong, (void *)what);
		wait_say(&w, (char[]){ *what, 0 });
	}
	close_both(ends);
	close(epoll);
}

static long take_count(void *arg)
{
	uint64_t count;

	return read(event, &count, sizeof(count)) == sizeof(count) ? (long)count : -1;
}

static void *take_five(void *arg)
{
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(take_count(NULL), 1);
		seen++;
	}
	return NULL;
}

static long add_two(void *arg)
{
	return eventfd_write(event, 2);
}

static void eventfds(void)
{
	pthread_t t[WAITERS];
	struct waiter w;

	event = eventfd(0, EFD_SEMAPHORE);
	start_threads(t, WAITERS, take_five);
	for (int i = 0; i < WAITERS; i++) {
		sleep_ms(1);
		CHECK_EQ(eventfd_write(event, 5), 0);
	}
	join_threads(t, WAITERS);
	CHECK_EQ(seen, 5 * WAITERS);
	close(event);
	event = eventfd(0, 0);
	wait_begin(&w, take_count, NULL);
	still_waits(&w);
	CHECK_EQ(eventfd_write(event, 42), 0);
	wait_say(&w, "counted");
	/* As high as it goes: writing waits for a reader. */
	CHECK_EQ(eventfd_write(event, 0xfffffffffffffffd), 0);
	wait_begin(&w, add_two, NULL);
	still_waits(&w);
	CHECK_EQ(take_count(NULL), (long)0xfffffffffffffffd);
	wait_say(&w, "written");
	wait_begin(&w, take_count, NULL);
	wait_say(&w, "left");
	close(event);
}

static void timerfds(void)
{
	struct itimerspec once = { .it_value = { 0, 30000000 } }, never = { 0 };
	struct itimerspec often = { .it_value = { 0, 1000000 }, .it_interval = { 0, 1000000 } };
	struct waiter w;

	event = timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK_EQ(timerfd_settime(event, 0, &once, NULL), 0);
	wait_begin(&w, take_count, NULL);
	wait_say(&w, "once");
	/* Armed while somebody waits. */
	wait_begin(&w, take_count, NULL);
	still_waits(&w);
	CHECK_EQ(timerfd_settime(event, 0, &once, NULL), 0);
	wait_say(&w, "again");
	CHECK_EQ(timerfd_settime(event, 0, &often, NULL), 0);
	sleep_ms(20);
	wait_begin(&w, take_count, NULL);
	CHECK(wait_end(&w) >= 20);
	CHECK_EQ(timerfd_settime(event, 0, &never, NULL), 0);
	three[0] = (struct pollfd){ event, POLLIN, 0 };
	three[1] = three[2] = (struct pollfd){ -1, 0, 0 };
	wait_begin(&w, poll_three, (void *)(intptr_t)NOT_LONG_MS);
	wait_say(&w, "disarmed");
	close(event);
}

static atomic_bool over;

static void *spin(void *arg)
{
	while (!over)
		;
	return NULL;
}

/* Nobody sends a signal, so no call says that one came, however often the CPU is taken away. */
static void asked_often(void)
{
	pthread_t t[3];
	struct pollfd p;
	long long end = now_us(CLOCK_MONOTONIC) + 300000;

	open_pipe(ends);
	p = (struct pollfd){ ends[0], POLLIN, 0 };
	start_threads(t, 3, spin);
	while (now_us(CLOCK_MONOTONIC) < end) {
		struct timeval none = { 0 };
		struct timespec nothing = { 0 };
		fd_set set;

		FD_ZERO(&set);
		FD_SET(ends[0], &set);
		CHECK_EQ(poll(&p, 1, 0), 0);
		CHECK_EQ(select(ends[0] + 1, &set, NULL, NULL, &none), 0);
		CHECK_EQ(ppoll(&p, 1, &nothing, NULL), 0);
	}
	over = true;
	join_threads(t, 3);
	close_both(ends);
}

const struct check checks[] = {
	{ "asked_often", asked_often, NULL },
	{ "odd_numbers", odd_numbers, NULL },
	{ "ends_of_streams", ends_of_streams, NULL },
	{ "selects", selects, NULL },
	{ "exclusive", exclusive, NULL },
	{ "oneshot", oneshot, NULL },
	{ "level_triggered", level_triggered, NULL },
	{ "edge_triggered", edge_triggered, NULL },
	{ "changes_meanwhile", changes_meanwhile, NULL },
	{ "refusals", refusals, NULL },
	{ "eventfds", eventfds, NULL },
	{ "timerfds", timerfds, NULL },
	{ 0 },
};
