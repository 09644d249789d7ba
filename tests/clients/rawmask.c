/* SPDX-License-Identifier: MIT */
/* Raw system calls, and seldom used functions, that wait with another signal mask: what it lets in ends them. */
#include "client.h"

#include <dlfcn.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

enum { ROUNDS = 20 };

static sem_t begun;
static atomic_int handled, waits;
static uint64_t open_mask;	/* blocks all but SIGUSR1 */
static int epfd;

static void on_signal(int sig)
{
	atomic_fetch_add(&handled, 1);
}

static long by_ppoll(void) { return syscall(SYS_ppoll, NULL, 0, NULL, &open_mask, 8); }

static long by_pselect(void)
{
	struct { const uint64_t *mask; size_t size; } mask = { &open_mask, 8 };

	return syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &mask);
}

static long by_epoll_pwait(void)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait, epfd, &event, 1, -1, &open_mask, 8);
}

static long by_epoll_pwait2(void)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait2, epfd, &event, 1, NULL, &open_mask, 8);
}

static long by_sigsuspend(void) { return syscall(SYS_rt_sigsuspend, &open_mask, 8); }

static long by_libc_epoll_pwait2(void)
{
	struct epoll_event event;
	/* glibc 2.35 */
	int (*wait)(int, struct epoll_event *, int, const struct timespec *, const uint64_t *) =
		(int (*)(int, struct epoll_event *, int, const struct timespec *, const uint64_t *))
		dlsym(RTLD_DEFAULT, "epoll_pwait2");

	return wait ? wait(epfd, &event, 1, NULL, &open_mask) : by_epoll_pwait2();
}

#ifdef __GLIBC__
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *limit, const uint64_t *mask, size_t size);

static long by_checked_ppoll(void) { return __ppoll_chk(NULL, 0, NULL, &open_mask, 0); }
#endif

static long (*wait_for_it)(void);

static void *wait_often(void *arg)
{
	for (int i = 1; i <= ROUNDS; i++) {
		usleep(100);
		sem_post(&begun);
		CHECK_EQ(wait_for_it(), -1);
		CHECK_EQ(errno, EINTR);
		CHECK_EQ(handled, i);
		waits = i;
	}
	return NULL;
}

static void run(long (*by)(void))
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t all;
	pthread_t t;

	wait_for_it = by;
	open_mask = ~(1ull << (SIGUSR1 - 1));
	epfd = epoll_create1(0);
	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	sigfillset(&all);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
	sem_init(&begun, 0, 0);
	start_thread(&t, wait_often, NULL);
	for (int i = 1; i <= ROUNDS; i++) {
		sem_wait(&begun);
		if (i % 2)
			usleep(2000);
		CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
		while (waits < i)
			usleep(100);
	}
	join_thread(t);
}

static void ppoll_ends(void) { run(by_ppoll); }
static void pselect_ends(void) { run(by_pselect); }
static void epoll_pwait_ends(void) { run(by_epoll_pwait); }
static void epoll_pwait2_ends(void) { run(by_epoll_pwait2); }
static void libc_epoll_pwait2_ends(void) { run(by_libc_epoll_pwait2); }
#ifdef __GLIBC__
static void checked_ppoll_ends(void) { run(by_checked_ppoll); }
#endif
static void sigsuspend_ends(void) { run(by_sigsuspend); }

const struct check checks[] = {
	{ "ppoll_ends", ppoll_ends, NULL },
	{ "pselect_ends", pselect_ends, NULL },
	{ "epoll_pwait_ends", epoll_pwait_ends, NULL },
	{ "epoll_pwait2_ends", epoll_pwait2_ends, NULL },
	{ "libc_epoll_pwait2_ends", libc_epoll_pwait2_ends, NULL },
#ifdef __GLIBC__
	{ "checked_ppoll_ends", checked_ppoll_ends, NULL },
#endif
	{ "sigsuspend_ends", sigsuspend_ends, NULL },
	{ 0 },
};
