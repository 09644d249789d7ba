/* SPDX-License-Identifier: MIT */
/* CPU time of a thread: its own, whatever kernel thread it was used on. */
#include "client.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>

enum { SHARE_US = 60000, STEPS = 60, BURNERS = 3, SLACK_US = 10000 };

static sem_t there, go;
static volatile sig_atomic_t expired;

static long long own_us(void)
{
	return now_us(CLOCK_THREAD_CPUTIME_ID);
}

static long long us_of(pthread_t thread)
{
	clockid_t clock;

	CHECK_EQ(pthread_getcpuclockid(thread, &clock), 0);
	return now_us(clock);
}

static void use_us(long long us)
{
	for (long long end = own_us() + us; own_us() < end;)
		burn(1000);
}

/* In steps: between them others run. */
static void *use_much(void *unused)
{
	(void)unused;
	for (int i = 0; i < STEPS; i++) {
		use_us(SHARE_US / STEPS);
		sched_yield();
	}
	sem_post(&there);
	sem_wait(&go);
	return NULL;
}

static void *use_little(void *unused)
{
	(void)unused;
	for (int i = 0; i < STEPS; i++)
		sched_yield();
	sem_post(&there);
	sem_wait(&go);
	return NULL;
}

static void of_the_right_thread(void)
{
	pthread_t much[BURNERS], little[BURNERS];
	long long before = now_us(CLOCK_PROCESS_CPUTIME_ID), sum = 0, process;

	start_threads(much, BURNERS, use_much);
	start_threads(little, BURNERS, use_little);
	for (int i = 0; i < 2 * BURNERS; i++)
		sem_wait(&there);
	for (int i = 0; i < BURNERS; i++) {
		long long used = us_of(much[i]);

		CHECK(used >= SHARE_US);
		CHECK(used < SHARE_US + SHARE_US / 2);
		CHECK(us_of(little[i]) < SHARE_US / 2);
		sum += used + us_of(little[i]);
	}
	process = now_us(CLOCK_PROCESS_CPUTIME_ID) - before;
	CHECK(sum <= process + SLACK_US);
	for (int i = 0; i < 2 * BURNERS; i++)
		sem_post(&go);
	join_threads(much, BURNERS);
	join_threads(little, BURNERS);
}

/* The first to ask comes late: what was used before counts as well. */
static void *use_unasked(void *arg)
{
	long long *process = arg;
	long long before = now_us(CLOCK_PROCESS_CPUTIME_ID);

	sem_wait(&go);
	burn_ms(SHARE_US / 1000);
	sched_yield();
	burn_ms(SHARE_US / 1000);
	*process = now_us(CLOCK_PROCESS_CPUTIME_ID) - before;
	sem_post(&there);
	sem_wait(&go);
	return NULL;
}

static void used_before_anybody_asked(void)
{
	long long process, used;
	pthread_t thread;

	start_thread(&thread, use_unasked, &process);
	sleep_ms(20);			/* it waits */
	sem_post(&go);
	sem_wait(&there);
	used = us_of(thread);
	CHECK(used <= process + SLACK_US);
	CHECK(used >= process / 2);
	sem_post(&go);
	join_thread(thread);
}

static void *never_back(void *unused)
{
	long long last = 0;

	(void)unused;
	for (int i = 0; i < 2000; i++) {
		long long now = own_us();

		CHECK(now >= last);
		last = now;
		if (i % 3 == 0)
			sched_yield();
		if (i % 100 == 0)
			sleep_ms(1);
	}
	return NULL;
}

static void never_goes_back(void)
{
	pthread_t t[8];

	start_threads(t, 8, never_back);
	join_threads(t, 8);
}

static long long rusage_us(void)
{
	struct rusage u;

	CHECK_EQ(getrusage(RUSAGE_THREAD, &u), 0);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void *compare_rusage(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		long long before, used;

		use_us(10000);
		sched_yield();
		before = own_us();
		used = rusage_us();
		CHECK(used >= before - SLACK_US);
		CHECK(used <= own_us() + SLACK_US);
	}
	return NULL;
}

static void rusage_agrees(void)
{
	pthread_t t[4];

	start_threads(t, 4, compare_rusage);
	join_threads(t, 4);
}

static void on_expiry(int sig)
{
	(void)sig;
	expired = 1;
}

static void *set_timer(void *unused)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec in = { .it_value = { .tv_nsec = 30000000 } };
	struct sigaction act = { .sa_handler = on_expiry };
	long long before;
	timer_t timer;

	(void)unused;
	sched_yield();
	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	CHECK_EQ(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer), 0);
	before = own_us();
	CHECK_EQ(timer_settime(timer, 0, &in, NULL), 0);
	while (!expired) {
		burn(1000);
		sched_yield();
	}
	CHECK(own_us() - before >= 30000 - 1000);
	CHECK_EQ(timer_delete(timer), 0);
	return NULL;
}

static void timer_on_it(void)
{
	pthread_t thread;

	start_thread(&thread, set_timer, NULL);
	join_thread(thread);
}

static void of_a_thread_that_ended(void)
{
	struct timespec ts;
	pthread_t thread;
	clockid_t clock;

	start_thread(&thread, use_little, NULL);
	sem_wait(&there);
	CHECK_EQ(pthread_getcpuclockid(thread, &clock), 0);
	CHECK_EQ(clock_gettime(clock, &ts), 0);
	CHECK_EQ(clock_getres(clock, &ts), 0);
	sem_post(&go);
	join_thread(thread);
	while (clock_gettime(clock, &ts) == 0)		/* the kernel lets the joiner go a little before */
		sleep_ms(1);
	CHECK_EQ(errno, EINVAL);
}

const struct check checks[] = {
	{ .name = "of_the_right_thread", .run = of_the_right_thread },
	{ .name = "used_before_anybody_asked", .run = used_before_anybody_asked },
	{ .name = "never_goes_back", .run = never_goes_back },
	{ .name = "rusage_agrees", .run = rusage_agrees },
	{ .name = "timer_on_it", .run = timer_on_it },
	{ .name = "of_a_thread_that_ended", .run = of_a_thread_that_ended },
	{ 0 },
};
