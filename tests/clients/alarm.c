/* SPDX-License-Identifier: MIT */
/* Timers that send signals, and a process that is stopped and continued while its threads wait. */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { ROUNDS = 400 };

static atomic_int ticks;

static void on_tick(int sig)
{
	atomic_fetch_add(&ticks, 1);
}

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(sig, &a, NULL), 0);
}

static void *compute_until_ticked(void *arg)
{
	while (ticks < 20)
		burn(1000);
	return NULL;
}

static void *wait_until_ticked(void *arg)
{
	while (ticks < 20)
		usleep(3000);
	return NULL;
}

static void interval(void)
{
	struct itimerval every = { { 0, 5000 }, { 0, 5000 } }, none = { { 0, 0 }, { 0, 0 } };
	pthread_t t[4];

	set_handler(SIGALRM, on_tick, SA_RESTART);
	CHECK_EQ(setitimer(ITIMER_REAL, &every, NULL), 0);
	start_threads(t, 2, compute_until_ticked);
	start_threads(t + 2, 2, wait_until_ticked);
	join_threads(t, 4);
	CHECK_EQ(setitimer(ITIMER_REAL, &none, NULL), 0);
}

static void *read_until_alarm(void *arg)
{
	int p[2];
	char c;

	CHECK_EQ(pipe(p), 0);
	alarm(1);
	CHECK_EQ(read(p[0], &c, 1), -1);
	CHECK_EQ(errno, EINTR);
	CHECK_EQ(ticks, 1);
	return NULL;
}

/* Only the reader leaves SIGALRM open, so the alarm has to interrupt its read. */
static void alarm_interrupts_read(void)
{
	sigset_t s;
	pthread_t t;

	set_handler(SIGALRM, on_tick, 0);
	start_thread(&t, read_until_alarm, NULL);
	sigemptyset(&s);
	sigaddset(&s, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	join_thread(t);
}

static sem_t notified;

static void notify(union sigval v)
{
	CHECK_EQ(v.sival_int, 42);
	sem_post(&notified);
}

/* libc runs the function in a thread of its own making. */
static void timer_thread(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_value = { .sival_int = 42 } };
	struct itimerspec every = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t timer;
	pthread_t t;

	sem_init(&notified, 0, 0);
	ticks = 100;
	start_thread(&t, compute_until_ticked, NULL);
	join_thread(t);
	e.sigev_notify_function = notify;
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
	for (int i = 0; i < 10; i++)
		while (sem_wait(&notified))
			CHECK_EQ(errno, EINTR);
	CHECK_EQ(timer_delete(timer), 0);
}

static void *signalled_by_timer(void *arg)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec every = { { 0, 3000000 }, { 0, 3000000 } };
	timer_t timer;

	CHECK_EQ(timer_create(CLOCK_REALTIME, &e, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
	compute_until_ticked(NULL);
	CHECK_EQ(timer_delete(timer), 0);
	return NULL;
}

static void timer_signal(void)
{
	pthread_t t;

	set_handler(SIGUSR1, on_tick, SA_RESTART);
	start_thread(&t, signalled_by_timer, NULL);
	join_thread(t);
}

static sem_t asked, answered;

static void *answer(void *arg)
{
	sigset_t s;

	sigfillset(&s);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	for (;;) {
		sem_wait(&asked);
		sem_post(&answered);
	}
	return NULL;
}

/* What has come before a timer is stopped, or before the signal's action changes, is handled: it neither comes later nor ends the process. */
static void in_rounds(int rounds, void (*one)(void))
{
	pthread_t t;

	sem_init(&asked, 0, 0);
	sem_init(&answered, 0, 0);
	start_thread(&t, answer, NULL);
	for (int i = 0; i < rounds; i++) {
		set_handler(SIGALRM, on_tick, SA_RESTART);
		sem_post(&asked);
		while (sem_wait(&answered))
			CHECK_EQ(errno, EINTR);
		one();
	}
}

static const struct itimerval none, often = { { 0, 30 }, { 0, 30 } };

static void stop_itimer(void)
{
	int seen;

	CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
	burn(30000);
	CHECK_EQ(setitimer(ITIMER_REAL, &none, NULL), 0);
	seen = ticks;
	burn(30000);
	CHECK_EQ(ticks, seen);
	signal(SIGALRM, SIG_DFL);
}

static void stopped(void)
{
	in_rounds(ROUNDS, stop_itimer);
}

static void stop_alarm(void)
{
	int seen;

	ualarm(30, 30);
	burn(30000);
	ualarm(0, 0);
	seen = ticks;
	burn(30000);
	CHECK_EQ(ticks, seen);
	signal(SIGALRM, SIG_DFL);
}

static void alarm_stopped(void)
{
	in_rounds(ROUNDS, stop_alarm);
}

static timer_t timer;

static void new_timer(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };

	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
}

static void stop_timer(void)
{
	struct itimerspec never = { 0 }, soon = { { 0, 30000 }, { 0, 30000 } };
	int seen;

	CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
	burn(30000);
	CHECK_EQ(timer_settime(timer, 0, &never, NULL), 0);
	seen = ticks;
	burn(30000);
	CHECK_EQ(ticks, seen);
	signal(SIGALRM, SIG_DFL);
}

static void timer_stopped(void)
{
	new_timer();
	in_rounds(4 * ROUNDS, stop_timer);
}

static void delete_timer(void)
{
	struct itimerspec soon = { { 0, 30000 }, { 0, 30000 } };
	int seen;

	CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
	sem_post(&asked);
	while (sem_wait(&answered))
		CHECK_EQ(errno, EINTR);
	burn(30000);
	CHECK_EQ(timer_delete(timer), 0);
	seen = ticks;
	burn(30000);
	CHECK_EQ(ticks, seen);
	signal(SIGALRM, SIG_DFL);
	new_timer();
}

static void timer_deleted(void)
{
	new_timer();
	in_rounds(ROUNDS, delete_timer);
}

static int to_child[2], from_child[2];

static void signal_parent(void)
{
	char byte;

	while (read(to_child[0], &byte, 1) == 1) {
		kill(getppid(), SIGALRM);
		CHECK_EQ(write(from_child[1], &byte, 1), 1);
	}
	_exit(0);
}

static void change_action(void)
{
	int seen = ticks;
	char byte = 0;

	CHECK_EQ(write(to_child[1], &byte, 1), 1);
	while (read(from_child[0], &byte, 1) < 0)
		CHECK_EQ(errno, EINTR);
	signal(SIGALRM, SIG_DFL);
	CHECK_EQ(ticks, seen + 1);
}

static void action_changes(void)
{
	pid_t child;

	CHECK_EQ(pipe(to_child), 0);
	CHECK_EQ(pipe(from_child), 0);
	child = fork();
	if (!child) {
		close(to_child[1]);
		signal_parent();
	}
	in_rounds(ROUNDS, change_action);
	close(to_child[1]);
	CHECK_EQ(waitpid(child, NULL, 0), child);
}

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long long origin_us;
static sem_t begun;

/* The limit passes while the process is stopped: the wait ends when it is continued. */
static void *wait_over_the_stop(void *arg)
{
	struct timespec end = after_ms(CLOCK_MONOTONIC, 150);
	int e = 0;

	pthread_mutex_lock(&m);
	sem_post(&begun);
	while (!e)
		e = pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &end);
	CHECK_EQ(e, ETIMEDOUT);
	pthread_mutex_unlock(&m);
	CHECK(now_us(CLOCK_MONOTONIC) - origin_us >= 150000);
	return NULL;
}

/* The limit comes after the stop, and does not move. */
static void *wait_beyond_the_stop(void *arg)
{
	sem_post(&begun);
	sleep_ms(700);
	CHECK(now_us(CLOCK_MONOTONIC) - origin_us >= 700000);
	CHECK(now_us(CLOCK_MONOTONIC) - origin_us < 5000000);
	return NULL;
}

static void stop_parent(void)
{
	sleep_ms(50);
	kill(getppid(), SIGSTOP);
	sleep_ms(400);
	kill(getppid(), SIGCONT);
	_exit(0);
}

static void stopped_and_continued(void)
{
	pthread_t t[8];
	pid_t child;

	sem_init(&begun, 0, 0);
	origin_us = now_us(CLOCK_MONOTONIC);
	start_threads(t, 4, wait_over_the_stop);
	start_threads(t + 4, 4, wait_beyond_the_stop);
	for (int i = 0; i < 8; i++)
		sem_wait(&begun);
	child = fork();
	if (!child)
		stop_parent();
	join_threads(t, 8);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK(now_us(CLOCK_MONOTONIC) - origin_us >= 450000);
}

const struct check checks[] = {
	{ "interval", interval, NULL },
	{ "alarm_interrupts_read", alarm_interrupts_read, NULL },
	{ "timer_thread", timer_thread, NULL },
	{ "timer_signal", timer_signal, NULL },
	{ "stopped", stopped, NULL },
	{ "alarm_stopped", alarm_stopped, NULL },
	{ "timer_stopped", timer_stopped, NULL },
	{ "timer_deleted", timer_deleted, NULL },
	{ "action_changes", action_changes, NULL },
	{ "stopped_and_continued", stopped_and_continued, NULL },
	{ 0 },
};
