/* SPDX-License-Identifier: MIT */
/* Signal masks per thread, who receives what the process gets, and threads that wait for signals. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

enum { ROUNDS = 30 };

static sem_t begun, step;
static atomic_int handled, misplaced;
static atomic_bool over;
static pthread_t target;

static void on_signal(int sig)
{
	if (!pthread_equal(pthread_self(), target))
		atomic_fetch_add(&misplaced, 1);
	atomic_fetch_add(&handled, 1);
}

static void set_handler(int sig, void (*handler)(int))
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(sig, &a, NULL), 0);
}

static sigset_t set_of(int a, int b)
{
	sigset_t s;

	sigemptyset(&s);
	if (a)
		sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}

static bool mask_is(sigset_t wanted)
{
	sigset_t got;

	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &got), 0);
	return !memcmp(&got, &wanted, 8);
}

static void *own_mask(void *arg)
{
	int mine = SIGRTMIN + (int)(intptr_t)arg;
	sigset_t s = set_of(mine, SIGUSR1);

	CHECK(mask_is(set_of(SIGHUP, 0)));
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &s, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		sched_yield();
		CHECK(mask_is(s));
		usleep(100);
		CHECK(mask_is(s));
	}
	s = set_of(SIGUSR1, 0);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &s, NULL), 0);
	CHECK(mask_is(set_of(mine, 0)));
	CHECK_EQ(pthread_sigmask(77, &s, NULL), EINVAL);
	return NULL;
}

static void per_thread(void)
{
	sigset_t s = set_of(SIGHUP, 0);
	pthread_t t[16];

	pthread_sigmask(SIG_SETMASK, &s, NULL);
	start_threads(t, 16, own_mask);
	join_threads(t, 16);
	CHECK(mask_is(s));
}

#ifdef __GLIBC__
static void *check_mask(void *mask)
{
	CHECK(mask_is(*(sigset_t *)mask));
	return NULL;
}

/* The creator's mask, or what the attributes or the defaults for attributes say. */
static void *create_with_masks(void *arg)
{
	sigset_t own = set_of(SIGHUP, 0), other = set_of(SIGUSR1, 0), third = set_of(SIGUSR2, 0);
	pthread_attr_t attr, defaults;
	pthread_t t;

	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &own, NULL), 0);
	pthread_attr_init(&attr);
	for (int round = 0; round < 2; round++) {
		usleep(1000);
		CHECK_EQ(pthread_create(&t, &attr, check_mask, &own), 0);
		join_thread(t);
		pthread_attr_setsigmask_np(&attr, &other);
		CHECK_EQ(pthread_create(&t, &attr, check_mask, &other), 0);
		join_thread(t);
		pthread_attr_setsigmask_np(&attr, NULL);
		start_thread(&t, check_mask, round ? &third : &own);
		join_thread(t);
		CHECK_EQ(pthread_getattr_default_np(&defaults), 0);
		pthread_attr_setsigmask_np(&defaults, &third);
		CHECK_EQ(pthread_setattr_default_np(&defaults), 0);
		pthread_attr_destroy(&defaults);
	}
	pthread_attr_destroy(&attr);
	return NULL;
}

static void from_attributes(void)
{
	pthread_t t;

	start_thread(&t, create_with_masks, NULL);
	join_thread(t);
}
#endif

static void *receive(void *arg)
{
	sigset_t s = set_of(SIGUSR1, 0);

	target = pthread_self();
	pthread_sigmask(SIG_UNBLOCK, &s, NULL);
	sem_post(&begun);
	while (!over)
		sched_yield();
	return NULL;
}

static void *bystand(void *arg)
{
	while (!over)
		sched_yield();
	return NULL;
}

static void wait_handled(int n)
{
	for (int i = 0; i < 10000 && handled < n; i++)
		usleep(500);
	CHECK_EQ(handled, n);
}

/* All but one block the signal: the process's signal goes to that one. */
static void only_receiver(void)
{
	sigset_t s = set_of(SIGUSR1, 0);
	pthread_t t[5];

	sem_init(&begun, 0, 0);
	set_handler(SIGUSR1, on_signal);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	start_threads(t, 4, bystand);
	start_thread(&t[4], receive, NULL);
	sem_wait(&begun);
	for (int i = 1; i <= ROUNDS; i++) {
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
		wait_handled(i);
	}
	over = true;
	join_threads(t, 5);
	CHECK_EQ(misplaced, 0);
}

static void *hold_pending(void *arg)
{
	sigset_t s = set_of(SIGUSR1, SIGUSR2), pending;

	target = pthread_self();
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
	CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	sem_post(&begun);
	sem_wait(&step);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
	CHECK_EQ(handled, 0);
	CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &s, NULL), 0);
	CHECK_EQ(handled, 2);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK(!sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
	return NULL;
}

static void pending(void)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&step, 0, 0);
	set_handler(SIGUSR1, on_signal);
	set_handler(SIGUSR2, on_signal);
	start_thread(&t, hold_pending, NULL);
	sem_wait(&begun);
	CHECK_EQ(pthread_kill(t, SIGUSR2), 0);
	sem_post(&step);
	join_thread(t);
	CHECK_EQ(misplaced, 0);
}

static int caught[64], caught_count;

static void *wait_signals(void *arg)
{
	sigset_t s = set_of(SIGTERM, SIGUSR1);
	int sig;

	do {
		CHECK_EQ(sigwait(&s, &sig), 0);
		caught[caught_count++] = sig;
		sem_post(&step);
	} while (sig != SIGTERM);
	return NULL;
}

/* The usual arrangement: everybody blocks, one thread waits for what the process gets. */
static void waiting_thread(void)
{
	sigset_t s = set_of(SIGTERM, SIGUSR1);
	pthread_t t, u[3];

	sem_init(&step, 0, 0);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	start_threads(u, 3, bystand);
	start_thread(&t, wait_signals, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(i & 1 ? pthread_kill(t, SIGUSR1) : kill(getpid(), SIGUSR1), 0);
		CHECK_EQ(sem_wait(&step), 0);
	}
	kill(getpid(), SIGTERM);
	join_thread(t);
	CHECK_EQ(caught_count, ROUNDS + 1);
	for (int i = 0; i < ROUNDS; i++)
		CHECK_EQ(caught[i], SIGUSR1);
	over = true;
	join_threads(u, 3);
}

static void *wait_with_info(void *arg)
{
	sigset_t s = set_of(SIGRTMIN + 4, 0);
	struct timespec t = { 0, 20000000 };
	long long begin = now_us(CLOCK_MONOTONIC);
	siginfo_t info;

	CHECK_EQ(sigtimedwait(&s, &info, &t), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 20000);
	sem_post(&begun);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(sigwaitinfo(&s, &info), SIGRTMIN + 4);
		CHECK_EQ(info.si_code, SI_QUEUE);
		CHECK_EQ(info.si_pid, getpid());
		CHECK_EQ(info.si_value.sival_int, 100 + i);
		sem_post(&step);
	}
	return NULL;
}

static void queued_values(void)
{
	sigset_t s = set_of(SIGRTMIN + 4, 0);
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&step, 0, 0);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	start_thread(&t, wait_with_info, NULL);
	sem_wait(&begun);
	for (int i = 0; i < 5; i++) {
		union sigval v = { .sival_int = 100 + i };

		CHECK_EQ(i & 1 ? pthread_sigqueue(t, SIGRTMIN + 4, v) : sigqueue(getpid(), SIGRTMIN + 4, v), 0);
		sem_wait(&step);
	}
	join_thread(t);
}

static void *suspend(void *arg)
{
	sigset_t none = set_of(0, 0), blocked = set_of(SIGUSR1, 0);

	target = pthread_self();
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
	sem_post(&begun);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(sigsuspend(&none), -1);
		CHECK_EQ(errno, EINTR);
		CHECK_EQ(handled, i + 1);
		CHECK(mask_is(blocked));
		sem_post(&step);
	}
	return NULL;
}

static void suspended(void)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&step, 0, 0);
	set_handler(SIGUSR1, on_signal);
	start_thread(&t, suspend, NULL);
	sem_wait(&begun);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
		sem_wait(&step);
	}
	join_thread(t);
	CHECK_EQ(misplaced, 0);
}

static void *pause_once(void *arg)
{
	target = pthread_self();
	sem_post(&begun);
	CHECK_EQ(pause(), -1);
	CHECK_EQ(errno, EINTR);
	over = true;
	return NULL;
}

static void paused(void)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	set_handler(SIGUSR1, on_signal);
	start_thread(&t, pause_once, NULL);
	sem_wait(&begun);
	for (int i = 0; i < 500 && !over; i++) {
		sleep_ms(5);
		pthread_kill(t, SIGUSR1);
	}
	join_thread(t);
	CHECK(handled > 0);
	CHECK_EQ(misplaced, 0);
}

static void mask_in_handler(int sig)
{
	sigset_t got;

	pthread_sigmask(SIG_BLOCK, NULL, &got);
	if (!sigismember(&got, SIGUSR1) || !sigismember(&got, SIGUSR2) || sigismember(&got, SIGHUP))
		atomic_fetch_add(&misplaced, 1);
	atomic_fetch_add(&handled, 1);
}

static void *be_signalled(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(raise(SIGUSR1), 0);
		CHECK_EQ(handled, i + 1);
		CHECK(mask_is(set_of(0, 0)));
		sched_yield();
	}
	return NULL;
}

static void in_handler(void)
{
	struct sigaction a = { .sa_handler = mask_in_handler };
	pthread_t t;

	a.sa_mask = set_of(SIGUSR2, 0);
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	start_thread(&t, be_signalled, NULL);
	join_thread(t);
	CHECK_EQ(misplaced, 0);
}

const struct check checks[] = {
	{ "per_thread", per_thread, NULL },
#ifdef __GLIBC__
	{ "from_attributes", from_attributes, NULL },
#endif
	{ "only_receiver", only_receiver, NULL },
	{ "pending", pending, NULL },
	{ "waiting_thread", waiting_thread, NULL },
	{ "queued_values", queued_values, NULL },
	{ "suspended", suspended, NULL },
	{ "paused", paused, NULL },
	{ "in_handler", in_handler, NULL },
	{ 0 },
};
