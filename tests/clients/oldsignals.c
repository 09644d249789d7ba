/* SPDX-License-Identifier: MIT */
/* The signal calls of older days, in a thread: same kernel state, other names. */
#include "client.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The calls under test are deprecated, and that is the point. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

typedef void (*handler)(int);

extern handler bsd_signal(int, handler);
#ifdef __GLIBC__
extern int __sigpause(int, int);
#else
#define __sigpause(sig, is_sig) sigpause(sig)
#endif

static atomic_int handled;

static void on_signal(int sig)
{
	atomic_fetch_add(&handled, 1);
}

static void handled_is(int n)
{
	CHECK_EQ(handled, n);
}

static bool blocked(int sig)
{
	sigset_t got;

	CHECK_EQ(sigprocmask(SIG_BLOCK, NULL, &got), 0);
	return sigismember(&got, sig);
}

static handler disposition(int sig)
{
	struct sigaction a;

	CHECK_EQ(sigaction(sig, NULL, &a), 0);
	return a.sa_handler;
}

static void *set_handlers(void *arg)
{
	CHECK(signal(SIGUSR1, on_signal) == SIG_DFL);
	raise(SIGUSR1);
	handled_is(1);
	CHECK(bsd_signal(SIGUSR1, on_signal) == on_signal);
	raise(SIGUSR1);
	handled_is(2);
	CHECK(signal(SIGUSR2, SIG_IGN) == SIG_DFL);
	raise(SIGUSR2);
	CHECK_EQ(sigignore(SIGWINCH), 0);
	CHECK(disposition(SIGWINCH) == SIG_IGN);
	CHECK(sigset(SIGUSR2, on_signal) == SIG_IGN);
	raise(SIGUSR2);
	handled_is(3);
	CHECK(sigset(SIGUSR2, SIG_HOLD) == on_signal);
	CHECK(blocked(SIGUSR2));
	CHECK(sigset(SIGUSR2, SIG_DFL) == SIG_HOLD);
	CHECK(!blocked(SIGUSR2));
	return NULL;
}

static void *set_masks(void *arg)
{
	signal(SIGUSR1, on_signal);
	CHECK_EQ(sighold(SIGUSR1), 0);
	raise(SIGUSR1);
	sched_yield();
	handled_is(0);
	CHECK(blocked(SIGUSR1));
	CHECK_EQ(sigrelse(SIGUSR1), 0);
	handled_is(1);
	CHECK_EQ(sighold(SIGUSR1), 0);
	raise(SIGUSR1);
	/* Takes the signal out of the mask while it waits. */
	CHECK_EQ(__sigpause(SIGUSR1, 1), -1);
	CHECK_EQ(errno, EINTR);
	handled_is(2);
	raise(SIGUSR1);
	CHECK_EQ(sigpause(SIGUSR1), -1);
	handled_is(3);
	CHECK(blocked(SIGUSR1));
	return NULL;
}

#ifdef __GLIBC__
static int bit_of(int sig)
{
	return 1 << (sig - 1);
}

/* musl lacks these. */
static void *set_older_handlers(void *arg)
{
	CHECK(ssignal(SIGUSR1, on_signal) == SIG_DFL);
	raise(SIGUSR1);
	handled_is(1);
	CHECK_EQ(gsignal(SIGUSR1), 0);
	handled_is(2);
	/* System V: once, then the default again. */
	CHECK(sysv_signal(SIGUSR1, on_signal) == on_signal);
	raise(SIGUSR1);
	handled_is(3);
	CHECK(disposition(SIGUSR1) == SIG_DFL);
	CHECK(__sysv_signal(SIGUSR2, SIG_IGN) == SIG_DFL);
	raise(SIGUSR2);
	handled_is(3);
	return NULL;
}

static void *set_older_masks(void *arg)
{
	int (*bsd_sigpause)(int);

	signal(SIGUSR1, on_signal);
	CHECK_EQ(sigblock(bit_of(SIGUSR2)), 0);
	CHECK(blocked(SIGUSR2));
	CHECK_EQ(sigsetmask(bit_of(SIGUSR1)), bit_of(SIGUSR2));
	CHECK(blocked(SIGUSR1) && !blocked(SIGUSR2));
	/* BSD's takes a mask; <signal.h> gives its name to X/Open's. */
	raise(SIGUSR1);
	bsd_sigpause = (int (*)(int))dlsym(RTLD_DEFAULT, "sigpause");
	CHECK(bsd_sigpause);
	CHECK_EQ(bsd_sigpause(bit_of(SIGUSR2)), -1);
	CHECK_EQ(errno, EINTR);
	handled_is(1);
	CHECK_EQ(sigsetmask(0), bit_of(SIGUSR1));
	return NULL;
}
#endif

static atomic_int rounds;

/* Taken out of the mask only while waiting, so each signal is met inside the wait. */
static void *pause_often(void *arg)
{
	CHECK_EQ(sighold(SIGUSR1), 0);
	rounds = 1;
	for (int i = 1; i <= 20; i++) {
		CHECK_EQ(sigpause(SIGUSR1), -1);
		CHECK_EQ(errno, EINTR);
		handled_is(i);
		CHECK(blocked(SIGUSR1));
		rounds = i + 1;
	}
	return NULL;
}

static void paused(void)
{
	pthread_t t;

	signal(SIGUSR1, on_signal);
	start_thread(&t, pause_often, NULL);
	for (int i = 1; i <= 20; i++) {
		while (rounds != i)
			usleep(100);
		if (i % 2)
			usleep(1000);
		CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
	}
	join_thread(t);
}

static sem_t held, sent;

/* The signal is pending at the thread before it waits, and the thread has slept in between. */
static void *pause_late(void *arg)
{
	CHECK_EQ(sighold(SIGUSR1), 0);
	for (int i = 1; i <= 20; i++) {
		sem_post(&held);
		sem_wait(&sent);
		/* <signal.h> makes it X/Open's, whose symbol is __xpg_sigpause. */
		CHECK_EQ(i % 2 ? sigpause(SIGUSR1) : __sigpause(SIGUSR1, 1), -1);
		CHECK_EQ(errno, EINTR);
		handled_is(i);
		CHECK(blocked(SIGUSR1));
	}
	return NULL;
}

static void paused_late(void)
{
	pthread_t t;

	sem_init(&held, 0, 0);
	sem_init(&sent, 0, 0);
	signal(SIGUSR1, on_signal);
	start_thread(&t, pause_late, NULL);
	for (int i = 0; i < 20; i++) {
		sem_wait(&held);
		usleep(1000);
		CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
		sem_post(&sent);
	}
	join_thread(t);
}

static void *to_a_thread(void *arg)
{
	signal(SIGUSR1, on_signal);
	CHECK_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
	handled_is(1);
	CHECK_EQ(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1), 0);
	CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	for (int i = 0; i < 5000 && handled < 3; i++)
		usleep(1000);
	handled_is(3);
	CHECK_EQ(tgkill(getpid(), gettid(), 0), 0);
	CHECK_EQ(pthread_kill(pthread_self(), 0), 0);
	CHECK_EQ(pthread_kill(pthread_self(), 99), EINVAL);
	return NULL;
}

static void *interrupt(void *arg)
{
	struct sigaction a;

	signal(SIGUSR1, on_signal);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &a), 0);
	CHECK(a.sa_flags & SA_RESTART);
	CHECK_EQ(siginterrupt(SIGUSR1, 1), 0);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &a), 0);
	CHECK(!(a.sa_flags & SA_RESTART));
	return NULL;
}

static void in_thread(void *(*what)(void *))
{
	pthread_t t;

	start_thread(&t, what, NULL);
	join_thread(t);
}

static void handlers(void) { in_thread(set_handlers); }
static void masks(void) { in_thread(set_masks); }
#ifdef __GLIBC__
static void older_handlers(void) { in_thread(set_older_handlers); }
static void older_masks(void) { in_thread(set_older_masks); }
#endif
static void directed(void) { in_thread(to_a_thread); }
static void interruption(void) { in_thread(interrupt); }

static void *kill_group(void *arg)
{
	CHECK_EQ(setpgid(0, 0), 0);
	CHECK_EQ(killpg(0, SIGTERM), 0);
	sleep_ms(10000);
	return NULL;
}

static void group(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		in_thread(kill_group);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGTERM);
}

const struct check checks[] = {
	{ "handlers", handlers, NULL },
	{ "masks", masks, NULL },
#ifdef __GLIBC__
	{ "older_handlers", older_handlers, NULL },
	{ "older_masks", older_masks, NULL },
#endif
	{ "paused", paused, NULL },
	{ "paused_late", paused_late, NULL },
	{ "directed", directed, NULL },
	{ "interruption", interruption, NULL },
	{ "group", group, NULL },
	{ 0 },
};
