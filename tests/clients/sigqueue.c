/* SPDX-License-Identifier: MIT */
/*
 * Numbered signals, queued to threads that block and unblock them: each number is handled once, in order, by a
 * thread that does not block it, never while it is blocked.
 */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>

enum {
	DELIVERIES = 100000,	/* of each check … */
	DELIVERIES_FULL = 20000, /* … but the one where senders wait */
	SENDERS = 2,
	RECEIVERS = 6,
	CLOSED = 2,		/* receivers that always block what the process gets */
	IN_FLIGHT = 200,	/* the kernel queues up to RLIMIT_SIGPENDING, for all processes of a user */
};

static int total = DELIVERIES;
static atomic_uchar handled_times[DELIVERIES];
static atomic_int next, sent, handled, misplaced, out_of_order;
static atomic_bool over;
static pthread_t receivers[RECEIVERS];
static sem_t begun;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int sig_thread, sig_process;

static __thread int me = -1;
static __thread volatile sig_atomic_t blocks_thread, blocks_process;
static __thread int latest[SENDERS];

/* si_value: the number, and above it sender and receiver. */
static int pack(int number, int sender, int receiver)
{
	return number | sender << 20 | receiver << 24;
}

static void on_numbered(int sig, siginfo_t *info, void *context)
{
	int value = info->si_value.sival_int, number = value & 0xfffff, sender = value >> 20 & 15;
	int kept = errno;

	if (info->si_code != SI_QUEUE || number >= total || sender >= SENDERS)
		atomic_fetch_add(&misplaced, 1);
	else if (me < 0 || !pthread_equal(pthread_self(), receivers[me]))
		atomic_fetch_add(&misplaced, 1);
	else if (sig == sig_process ? blocks_process : blocks_thread || me != value >> 24)
		atomic_fetch_add(&misplaced, 1);
	else
		atomic_fetch_add(&handled_times[number], 1);
	if (sig == sig_thread && me >= 0) {
		/* What one thread queues to another stays in order. */
		if (number + 1 <= latest[sender])
			atomic_fetch_add(&out_of_order, 1);
		latest[sender] = number + 1;
	}
	atomic_fetch_add(&handled, 1);
	errno = kept;
}

static void change_mask(int how, bool process_too)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig_thread);
	if (process_too)
		sigaddset(&s, sig_process);
	CHECK_EQ(pthread_sigmask(how, &s, NULL), 0);
}

/* A little of everything that a thread may be at when a signal comes. */
static void do_something(int round)
{
	struct timespec soon = after_ms(CLOCK_REALTIME, 1);

	switch ((round + me) % 5) {
	case 0:
		burn(2000);
		break;
	case 1:
		sched_yield();
		break;
	case 2:
		pthread_mutex_lock(&m);
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
		break;
	case 3:
		pthread_mutex_lock(&m);
		pthread_cond_timedwait(&c, &m, &soon);
		pthread_mutex_unlock(&m);
		break;
	case 4:
		usleep(50);
		break;
	}
}

static void *receive(void *arg)
{
	bool open;

	me = (int)(intptr_t)arg;
	receivers[me] = pthread_self();
	open = me >= CLOSED;
	blocks_thread = blocks_process = 1;
	sem_post(&begun);
	for (int round = 0; !over; round++) {
		blocks_thread = 0;
		blocks_process = !open;
		change_mask(SIG_UNBLOCK, open);
		do_something(round);
		do_something(round + 1);
		change_mask(SIG_BLOCK, true);
		blocks_thread = blocks_process = 1;
		do_something(round + 2);
	}
	return NULL;
}

static void queue_one(int number, int sender, bool to_process)
{
	int receiver = number % RECEIVERS, e;
	union sigval v = { .sival_int = pack(number, sender, receiver) };

	for (;;) {
		if (to_process)
			e = sigqueue(getpid(), sig_process, v) ? errno : 0;
		else
			e = pthread_sigqueue(receivers[receiver], sig_thread, v);
		if (!e)
			break;
		CHECK_EQ(e, EAGAIN);
		usleep(100);
	}
	atomic_fetch_add(&sent, 1);
}

static atomic_bool to_threads, to_process;

static void *send_all(void *arg)
{
	int number;

	while ((number = atomic_fetch_add(&next, 1)) < total) {
		while (sent - handled >= IN_FLIGHT)
			usleep(100);
		queue_one(number, (int)(intptr_t)arg, to_process && (!to_threads || number & 8));
	}
	return NULL;
}

static void judge_numbers(void)
{
	for (int i = 0; i < total; i++)
		CHECK_EQ(handled_times[i], 1);
	CHECK_EQ(handled, total);
	CHECK_EQ(misplaced, 0);
	CHECK_EQ(out_of_order, 0);
}

static void deliver_all(bool threads, bool process)
{
	struct sigaction a = { .sa_sigaction = on_numbered, .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_t senders[SENDERS], t[RECEIVERS];

	sig_thread = SIGRTMIN + 1;
	sig_process = SIGRTMIN + 2;
	to_threads = threads;
	to_process = process;
	sem_init(&begun, 0, 0);
	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(sig_thread, &a, NULL), 0);
	CHECK_EQ(sigaction(sig_process, &a, NULL), 0);
	change_mask(SIG_BLOCK, true);
	start_threads(t, RECEIVERS, receive);
	for (int i = 0; i < RECEIVERS; i++)
		sem_wait(&begun);
	start_threads(senders, SENDERS, send_all);
	join_threads(senders, SENDERS);
	/* One that was lost is waited for until the judge's patience ends. */
	while (handled < total)
		usleep(1000);
	over = true;
	join_threads(t, RECEIVERS);
	judge_numbers();
}

static void to_threads_only(void) { deliver_all(true, false); }
static void to_process_only(void) { deliver_all(false, true); }
static void to_both(void) { deliver_all(true, true); }

/* The kernel refuses more often than not: who is refused tries again. */
static void to_full_queue(void)
{
	struct rlimit few = { IN_FLIGHT / 4, IN_FLIGHT / 4 };

	CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &few), 0);
	total = DELIVERIES_FULL;
	deliver_all(true, true);
}

const struct check checks[] = {
	{ "to_threads", to_threads_only, NULL },
	{ "to_process", to_process_only, NULL },
	{ "to_both", to_both, NULL },
	{ "to_full_queue", to_full_queue, NULL },
	{ 0 },
};
