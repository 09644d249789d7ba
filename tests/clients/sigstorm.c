/* SPDX-License-Identifier: MIT */
/*
 * 64 threads compute under 10,000 signals a second whose handler spoils every register that it may: what they
 * hold in registers, their rounding mode, errno, locks and turns are theirs.
 */
#include "client.h"

#include <emmintrin.h>
#include <fenv.h>
#include <math.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/time.h>

enum {
	THREADS = 64,
	ROUNDS = 12,		/* at least */
	STEPS = 3000,
	TICKS = 10000,		/* and until so many signals were handled */
	PERIOD_US = 100,
	TIMERS = 8,		/* of threads, all together as often */
};

static atomic_int ticks, misplaced;
static uint64_t wanted[THREADS];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long counted;
static int turn;
static bool enough, timer_per_thread;
static __thread int me = -1;

static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };

static void on_alarm(int sig)
{
	int kept = errno, mode = fegetround();
	volatile double x = 1.0 / 3;
	volatile long double y = 1.0L / 3;

	if (me < 0 || (me < THREADS && mode != FE_TONEAREST && mode != modes[me % 4]))
		atomic_fetch_add(&misplaced, 1);
	fesetround(modes[ticks & 3]);
	for (int i = 0; i < 20; i++) {
		x = x * 1.5 - floor(x);
		y = y * 1.5L - (long double)x;
	}
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm1, %%xmm1; pcmpeqd %%xmm7, %%xmm7; pcmpeqd %%xmm8, %%xmm8;"
			 "pcmpeqd %%xmm9, %%xmm9; pcmpeqd %%xmm14, %%xmm14; pcmpeqd %%xmm15, %%xmm15"
			 ::: "xmm0", "xmm1", "xmm7", "xmm8", "xmm9", "xmm14", "xmm15");
	atomic_fetch_add(&ticks, 1);
	errno = 4321;
	errno = kept;
}

static uint64_t bits(double x)
{
	uint64_t b;

	memcpy(&b, &x, sizeof(b));
	return b;
}

/* Chaotic sequences, so that one lost bit changes the end; all of it lives in registers. */
static __attribute__((noinline)) uint64_t compute(int seed)
{
	double a = 0.1 + seed / 1000.0, b = a + 0.05, c = a + 0.11, d = a + 0.17;
	long double e = a + 0.23L;
	__m128i v = _mm_set_epi32(seed, 3 * seed + 1, ~seed, 77), w = _mm_set1_epi32(0x9e3779b9);
	uint64_t lanes[2], h = (uint64_t)seed * 2654435761u;

	for (int i = 0; i < STEPS; i++) {
		a = 3.9 * a * (1 - a);
		b = 3.8 * b * (1 - b);
		c = 3.7 * c * (1 - c);
		d = sqrt(3.95 * d * (1 - d) * d);
		e = 3.85L * e * (1 - e);
		v = _mm_add_epi32(_mm_xor_si128(_mm_slli_epi32(v, 5), _mm_srli_epi32(v, 3)), w);
		h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9u + (uint64_t)i;
	}
	memcpy(lanes, &v, sizeof(lanes));
	return bits(a) ^ bits(b) * 3 ^ bits(c) * 5 ^ bits(d) * 7 ^ bits((double)e) * 11 ^ lanes[0] ^ lanes[1] * 13 ^ h;
}

/* Round and round: each waits for its predecessor. In its turn the first says whether this is the last round. */
static bool take_turn(long rounds)
{
	bool last;

	CHECK_EQ(pthread_mutex_lock(&m), 0);
	while (turn != me)
		CHECK_EQ(pthread_cond_wait(&turned, &m), 0);
	counted++;
	if (me == 0)
		enough = rounds >= ROUNDS && ticks >= TICKS;
	last = enough;
	turn = (turn + 1) % THREADS;
	CHECK_EQ(pthread_cond_broadcast(&turned), 0);
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
	return last;
}

static void block_alarm(int how)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGALRM);
	CHECK_EQ(pthread_sigmask(how, &s, NULL), 0);
}

static timer_t own_timer(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct itimerspec every = { { 0, PERIOD_US * 1000 * TIMERS }, { 0, PERIOD_US * 1000 * TIMERS } };
	timer_t timer;

#ifdef __GLIBC__
	e._sigev_un._tid = gettid();
#else
	e.sigev_notify_thread_id = gettid();
#endif
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
	return timer;
}

static void *compute_rounds(void *arg)
{
	bool timed, last = false;
	timer_t timer;
	long rounds = 0;

	me = (int)(intptr_t)arg;
	CHECK_EQ(fesetround(modes[me % 4]), 0);
	timed = timer_per_thread && me % (THREADS / TIMERS) == 0;
	block_alarm(SIG_UNBLOCK);
	if (timed)
		timer = own_timer();
	while (!last) {
		errno = 1000 + me;
		CHECK_EQ(compute(me), wanted[me]);
		CHECK_EQ(errno, 1000 + me);
		/* The next one becomes the kernel's choice. */
		if (rounds % 4 == me % 4) {
			block_alarm(SIG_BLOCK);
			CHECK_EQ(compute(me), wanted[me]);
			block_alarm(SIG_UNBLOCK);
		}
		last = take_turn(++rounds);
		CHECK_EQ(fegetround(), modes[me % 4]);
	}
	if (timed)
		CHECK_EQ(timer_delete(timer), 0);
	return (void *)rounds;
}

static void compute_all_first(void)
{
	for (int i = 0; i < THREADS; i++) {
		CHECK_EQ(fesetround(modes[i % 4]), 0);
		wanted[i] = compute(i);
	}
	CHECK_EQ(fesetround(FE_TONEAREST), 0);
}

static void prepare(void)
{
	struct sigaction a = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	compute_all_first();
	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(SIGALRM, &a, NULL), 0);
	block_alarm(SIG_BLOCK);
}

static void compute_in_storm(void)
{
	pthread_t t[THREADS];
	long rounds = 0;

	start_threads(t, THREADS, compute_rounds);
	for (int i = 0; i < THREADS; i++)
		rounds += (long)join_thread(t[i]);
	CHECK_EQ(counted, rounds);
	CHECK_EQ(rounds % THREADS, 0);
	CHECK_EQ(misplaced, 0);
	client_figure("ticks", ticks);
	client_figure("rounds", rounds / THREADS);
}

static void interval_timer(void)
{
	struct itimerval every = { { 0, PERIOD_US }, { 0, PERIOD_US } }, none = { { 0, 0 }, { 0, 0 } };

	prepare();
	CHECK_EQ(setitimer(ITIMER_REAL, &every, NULL), 0);
	compute_in_storm();
	CHECK_EQ(setitimer(ITIMER_REAL, &none, NULL), 0);
}

static void timers_of_threads(void)
{
	prepare();
	timer_per_thread = true;
	compute_in_storm();
}

/* Each sends its next signal when the last one has been handled: none may stay blocked. */
enum { SENT = 5000 };

static pthread_t receiver;
static sem_t handled[2];
static bool all_sent;

static void on_sent(int sig)
{
	sem_post(&handled[sig == SIGUSR2]);
	sched_yield();
}

static void *receive(void *arg)
{
	while (!__atomic_load_n(&all_sent, __ATOMIC_RELAXED))
		sched_yield();
	return NULL;
}

static void *send_each(void *arg)
{
	int i = (int)(intptr_t)arg;

	for (int n = 0; n < SENT; n++) {
		CHECK_EQ(pthread_kill(receiver, i ? SIGUSR2 : SIGUSR1), 0);
		CHECK_EQ(sem_wait(&handled[i]), 0);
	}
	return NULL;
}

static void handlers_that_meet(void)
{
	struct sigaction act = { .sa_handler = on_sent };
	pthread_t senders[2];

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sem_init(&handled[i], 0, 0), 0);
		CHECK_EQ(sigaction(i ? SIGUSR2 : SIGUSR1, &act, NULL), 0);
	}
	start_thread(&receiver, receive, NULL);
	start_threads(senders, 2, send_each);
	join_threads(senders, 2);
	__atomic_store_n(&all_sent, true, __ATOMIC_RELAXED);
	join_thread(receiver);
}

const struct check checks[] = {
	{ "interval_timer", interval_timer, NULL },
	{ "timers_of_threads", timers_of_threads, NULL },
	{ "handlers_that_meet", handlers_that_meet, NULL },
	{ 0 },
};
