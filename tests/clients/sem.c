/* SPDX-License-Identifier: MIT */
/* Semaphores: counting, waiting with and without limits, named ones, and signal handlers that post or interrupt. */
#include "client.h"

#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

static sem_t s, other;
static atomic_int through;

static int value_of(sem_t *sem)
{
	int v = -99;

	CHECK_EQ(sem_getvalue(sem, &v), 0);
	return v;
}

static void counting(void)
{
	CHECK_EQ(sem_init(&s, 0, 2), 0);
	CHECK_EQ(sem_wait(&s), 0);
	CHECK_EQ(sem_trywait(&s), 0);
	CHECK_EQ(sem_trywait(&s), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(value_of(&s), 0);
	CHECK_EQ(sem_post(&s), 0);
	CHECK_EQ(value_of(&s), 1);
	CHECK_EQ(sem_destroy(&s), 0);
	CHECK_EQ(sem_init(&s, 0, (unsigned)SEM_VALUE_MAX + 1), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(sem_init(&s, 0, SEM_VALUE_MAX), 0);
	CHECK_EQ(sem_post(&s), -1);
	CHECK_EQ(errno, EOVERFLOW);
	CHECK_EQ(value_of(&s), SEM_VALUE_MAX);
	CHECK_EQ(sem_wait(&s), 0);
	CHECK_EQ(sem_post(&s), 0);
}

static void *wait_one(void *arg)
{
	CHECK_EQ(sem_wait(&s), 0);
	atomic_fetch_add(&through, 1);
	return NULL;
}

static void more_waiters_than_servers(void)
{
	pthread_t t[48];

	sem_init(&s, 0, 0);
	start_threads(t, 48, wait_one);
	sleep_ms(20);
	CHECK_EQ(through, 0);
	CHECK_EQ(value_of(&s), 0);
	for (int i = 1; i <= 48; i++) {
		sem_post(&s);
		while (through != i)
			sched_yield();
	}
	join_threads(t, 48);
	CHECK_EQ(value_of(&s), 0);
}

static void *pass_on(void *arg)
{
	for (int i = 0; i < 500; i++) {
		CHECK_EQ(sem_wait(arg ? &other : &s), 0);
		CHECK_EQ(sem_post(arg ? &s : &other), 0);
	}
	return NULL;
}

static void ping_pong(void)
{
	pthread_t t[8];

	sem_init(&s, 0, 1);
	sem_init(&other, 0, 0);
	for (int i = 0; i < 8; i++)
		start_thread(&t[i], pass_on, i & 1 ? &s : NULL);
	join_threads(t, 8);
	CHECK_EQ(value_of(&s) + value_of(&other), 1);
}

static void time_out_on(clockid_t clock)
{
	enum { TRIES = 7 };
	long long late[TRIES];

	for (int i = 0; i < TRIES; i++) {
		struct timespec end = after_ms(clock, 5 + i);

		if (clock == CLOCK_REALTIME && i & 1)
			CHECK_EQ(sem_timedwait(&s, &end), -1);
		else
			CHECK_EQ(sem_clockwait(&s, clock, &end), -1);
		CHECK_EQ(errno, ETIMEDOUT);
		late[i] = now_us(clock) - (end.tv_sec * 1000000LL + end.tv_nsec / 1000);
		CHECK(late[i] >= 0);
	}
	client_figure(clock == CLOCK_REALTIME ? "late_realtime_us" : "late_monotonic_us", median(late, TRIES));
}

static void *time_out_in_thread(void *arg)
{
	time_out_on(CLOCK_REALTIME);
	time_out_on(CLOCK_MONOTONIC);
	return NULL;
}

static void time_out(void)
{
	struct timespec bad = after_ms(CLOCK_REALTIME, 10);
	pthread_t t;

	sem_init(&s, 0, 0);
	start_thread(&t, time_out_in_thread, NULL);
	join_thread(t);
	CHECK_EQ(value_of(&s), 0);
	bad.tv_nsec = 1000000000;
	CHECK_EQ(sem_timedwait(&s, &bad), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(sem_clockwait(&s, CLOCK_PROCESS_CPUTIME_ID, &bad), -1);
	CHECK_EQ(errno, EINVAL);
	bad = after_ms(CLOCK_REALTIME, -10);
	CHECK_EQ(sem_timedwait(&s, &bad), -1);
	CHECK_EQ(errno, ETIMEDOUT);
	sem_post(&s);
	CHECK_EQ(sem_timedwait(&s, &bad), 0);
}

static void on_signal(int sig)
{
	int kept = errno;

	sem_post(&s);
	errno = kept;
}

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(sig, &a, NULL), 0);
}

static void post_from_handler(void)
{
	pthread_t t[4];

	sem_init(&s, 0, 0);
	set_handler(SIGUSR1, on_signal, SA_RESTART);
	start_threads(t, 4, wait_one);
	sleep_ms(10);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(raise(SIGUSR1), 0);
		while (through <= i)
			sleep_ms(1);
	}
	join_threads(t, 4);
}

static void do_nothing(int sig)
{
}

static sem_t about_to_wait;
static atomic_int was_interrupted;

static void *wait_interrupted(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 15000);
	int e;

	sem_post(&about_to_wait);
	e = arg ? sem_timedwait(&s, &end) : sem_wait(&s);
	CHECK_EQ(e, -1);
	CHECK_EQ(errno, EINTR);
	was_interrupted = 1;
	while (sem_wait(&s))
		CHECK_EQ(errno, EINTR);
	return NULL;
}

/* A handler without SA_RESTART interrupts the wait; the signal is repeated until it met the thread inside it. */
static void interrupted(void)
{
	set_handler(SIGUSR2, do_nothing, 0);
	for (int timed = 0; timed < 2; timed++) {
		pthread_t t;

		sem_init(&s, 0, 0);
		sem_init(&about_to_wait, 0, 0);
		was_interrupted = 0;
		start_thread(&t, wait_interrupted, timed ? &s : NULL);
		sem_wait(&about_to_wait);
		for (int i = 0; i < 500 && !was_interrupted; i++) {
			sleep_ms(20);
			CHECK_EQ(pthread_kill(t, SIGUSR2), 0);
		}
		CHECK_EQ(was_interrupted, 1);
		sem_post(&s);
		join_thread(t);
		CHECK_EQ(value_of(&s), 0);
	}
}

static void named(void)
{
	char name[64];
	sem_t *a, *b;
	int status;

	snprintf(name, sizeof(name), "/umcg-test-%d", (int)getpid());
	a = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
	CHECK(a != SEM_FAILED);
	CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED && errno == EEXIST);
	b = sem_open(name, 0);
	CHECK(a == b);
	if (!fork())
		_exit(sem_wait(b) || sem_post(b) ? 1 : 0);
	wait(&status);
	CHECK_EQ(status, 0);
	CHECK_EQ(sem_wait(b), 0);
	if (!fork()) {
		sleep_ms(20);
		_exit(sem_post(b) ? 1 : 0);
	}
	CHECK_EQ(sem_wait(a), 0);
	wait(&status);
	CHECK_EQ(status, 0);
	CHECK_EQ(sem_close(b), 0);
	CHECK_EQ(sem_close(a), 0);
	CHECK_EQ(sem_unlink(name), 0);
	CHECK(sem_open(name, 0) == SEM_FAILED && errno == ENOENT);
}

const struct check checks[] = {
	{ "counting", counting, NULL },
	{ "more_waiters_than_servers", more_waiters_than_servers, NULL },
	{ "ping_pong", ping_pong, NULL },
	{ "time_out", time_out, NULL },
	{ "post_from_handler", post_from_handler, NULL },
	{ "interrupted", interrupted, NULL },
	{ "named", named, NULL },
	{ 0 },
};
