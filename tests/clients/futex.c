/* SPDX-License-Identifier: MIT */
/*
 * futex(2) by syscall(), as programs call it that make locks of their own: who is woken, in which order and how
 * many, what is refused, what time limits and signals do; beside threads that make the system call themselves.
 */
#include "io.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { THREADS = 8, ROUNDS = 20000, IN_VAIN_MS = 30, ALL = INT_MAX };

static uint32_t word, other;
static atomic_uint woken;

static long futex(uint32_t *at, int op, uint32_t value, const struct timespec *limit, uint32_t *to, uint32_t last)
{
	return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, value, limit, to, last);
}

static long futex_two(uint32_t *at, int op, uint32_t n, unsigned long m, uint32_t *to, uint32_t last)
{
	return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, n, m, to, last);
}

/* Not through the libc. */
static long futex_inline(uint32_t *at, int op, uint32_t value)
{
	register long limit __asm__("r10") = 0;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"((long)SYS_futex), "D"(at), "S"((long)(op | FUTEX_PRIVATE_FLAG)),
			 "d"((long)value), "r"(limit) : "rcx", "r11", "memory");
	return ret;
}

static long wait_zero(void *at)
{
	long ret = futex(at, FUTEX_WAIT, 0, NULL, NULL, 0);

	woken++;
	return ret;
}

static long wait_zero_inline(void *at)
{
	long ret = futex_inline(at, FUTEX_WAIT, 0);

	woken++;
	return ret;
}

static long wait_bit(void *bit)
{
	long ret = futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, (uint32_t)(uintptr_t)bit);

	woken++;
	return ret;
}

static void begin_all(struct waiter *w, long (*call)(void *), void *arg)
{
	woken = 0;
	for (int i = 0; i < THREADS; i++)
		wait_begin(&w[i], call, arg);
	CHECK_EQ(woken, 0);
}

static void end_all(struct waiter *w)
{
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(wait_end(&w[i]), 0);
	CHECK_EQ(woken, THREADS);
}

static void await(unsigned n)
{
	while (woken != n)
		sched_yield();
	sleep_ms(SETTLE_MS);
	CHECK_EQ(woken, n);
}

static void counts(void)
{
	struct waiter w[THREADS];

	say_result("nobody waits", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	begin_all(w, wait_zero, &word);
	say_result("none is asked for", futex(&word, FUTEX_WAKE, 0, NULL, NULL, 0));
	await(1);
	say_result("three", futex(&word, FUTEX_WAKE, 3, NULL, NULL, 0));
	await(4);
	say_result("another word", futex(&other, FUTEX_WAKE, ALL, NULL, NULL, 0));
	say_result("all", futex(&word, FUTEX_WAKE, ALL, NULL, NULL, 0));
	end_all(w);
	say_result("nobody is left", futex(&word, FUTEX_WAKE, ALL, NULL, NULL, 0));
}

/* Some wait in the kernel without the library's knowing. */
static void mixed(void)
{
	struct waiter w[THREADS], k[THREADS];

	begin_all(w, wait_zero, &word);
	for (int i = 0; i < THREADS; i++)
		wait_begin(&k[i], wait_zero_inline, &word);
	say_result("all of both", futex(&word, FUTEX_WAKE, ALL, NULL, NULL, 0));
	for (int i = 0; i < THREADS; i++) {
		CHECK_EQ(wait_end(&w[i]), 0);
		CHECK_EQ(wait_end(&k[i]), 0);
	}
}

static void bitsets(void)
{
	struct waiter w[2];

	woken = 0;
	wait_begin(&w[0], wait_bit, (void *)1);
	wait_begin(&w[1], wait_bit, (void *)2);
	say_result("bit 2", futex(&word, FUTEX_WAKE_BITSET, ALL, NULL, NULL, 4));
	say_result("bit 1", futex(&word, FUTEX_WAKE_BITSET, ALL, NULL, NULL, 2));
	wait_say(&w[1], "has waited for it");
	still_waits(&w[0]);
	say_result("any", futex(&word, FUTEX_WAKE, ALL, NULL, NULL, 0));
	wait_say(&w[0], "woken");
	say_result("wait for no bit", futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
	say_result("wake no bit", futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
}

static void requeues(void)
{
	struct waiter w[THREADS];

	begin_all(w, wait_zero, &word);
	say_result("not the value", futex_two(&word, FUTEX_CMP_REQUEUE, 1, ALL, &other, 1));
	say_result("wake one, move two", futex_two(&word, FUTEX_CMP_REQUEUE, 1, 2, &other, 0));
	await(1);
	say_result("wake two there", futex(&other, FUTEX_WAKE, ALL, NULL, NULL, 0));
	await(3);
	say_result("wake one, move all", futex_two(&word, FUTEX_REQUEUE, 1, ALL, &other, 0));
	await(4);
	say_result("none is left", futex(&word, FUTEX_WAKE, ALL, NULL, NULL, 0));
	say_result("all there", futex(&other, FUTEX_WAKE, ALL, NULL, NULL, 0));
	end_all(w);
}

static void operations(void)
{
	static const struct { int op, cmp, arg, cmparg; uint32_t before; } ops[] = {
		{ FUTEX_OP_SET, FUTEX_OP_CMP_EQ, 5, 7, 7 },	 { FUTEX_OP_ADD, FUTEX_OP_CMP_GT, -3, 0, 10 },
		{ FUTEX_OP_OR, FUTEX_OP_CMP_NE, 0x30, 1, 1 },	 { FUTEX_OP_ANDN, FUTEX_OP_CMP_LE, 6, 15, 15 },
		{ FUTEX_OP_XOR, FUTEX_OP_CMP_LT, 0xff, -1, -2 }, { FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, FUTEX_OP_CMP_GE, 9, 3, 3 },
	};
	struct waiter a, b;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		word = other = 0;
		wait_begin(&a, wait_zero, &word);
		wait_begin(&b, wait_zero, &other);
		other = ops[i].before;
		say_result("wake", futex_two(&word, FUTEX_WAKE_OP, 1, 1, &other,
					     (uint32_t)FUTEX_OP(ops[i].op, (unsigned)ops[i].arg, ops[i].cmp, (unsigned)ops[i].cmparg)));
		wait_say(&a, "one");
		printf("other: %d\n", (int)other);
		futex(&other, FUTEX_WAKE, ALL, NULL, NULL, 0);
		CHECK_EQ(wait_end(&b), 0);
	}
	word = other = 0;
}

static void refusals(void)
{
	struct timespec bad = { 0, 1000000000 }, ago = { 1, 0 };

	say_result("not the value", futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
	say_result("odd address", futex((uint32_t *)((char *)&word + 2), FUTEX_WAIT, 0, NULL, NULL, 0));
	say_result("odd address", futex((uint32_t *)((char *)&word + 2), FUTEX_WAKE, 1, NULL, NULL, 0));
	say_result("no address", futex(NULL, FUTEX_WAIT, 0, NULL, NULL, 0));
	say_result("bad time", futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0));
	say_result("long ago", futex(&word, FUTEX_WAIT_BITSET, 0, &ago, NULL, FUTEX_BITSET_MATCH_ANY));
	say_result("long ago", futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ago, NULL, FUTEX_BITSET_MATCH_ANY));
	say_result("unknown", futex(&word, 77, 0, NULL, NULL, 0));
}

static long wait_limited(void *clock)
{
	struct timespec limit = { 0, IN_VAIN_MS * 1000000 };
	int id = (int)(intptr_t)clock;

	if (id < 0)
		return futex(&word, FUTEX_WAIT, 0, &limit, NULL, 0);
	clock_gettime(id, &limit);
	limit.tv_nsec += IN_VAIN_MS * 1000000;
	if (limit.tv_nsec >= 1000000000) {
		limit.tv_nsec -= 1000000000;
		limit.tv_sec++;
	}
	return futex(&word, FUTEX_WAIT_BITSET | (id == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0), 0, &limit, NULL,
		     FUTEX_BITSET_MATCH_ANY);
}

static void limits(void)
{
	static const int clocks[] = { -1, CLOCK_MONOTONIC, CLOCK_REALTIME };
	struct waiter w;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		wait_begin(&w, wait_limited, (void *)(intptr_t)clocks[i]);
		wait_say(&w, "in vain");
		CHECK(w.us >= IN_VAIN_MS * 1000 - 1000);
	}
}

static atomic_uint handled;

static void handler(int sig)
{
	handled++;
}

static long wait_a_second(void *arg)
{
	struct timespec limit = { 20, 0 };

	return futex(&word, FUTEX_WAIT, 0, &limit, NULL, 0);
}

static void signals(void)
{
	struct sigaction act = { .sa_handler = handler };
	struct waiter w;

	for (int i = 0; i < 4; i++) {
		bool restart = i % 2, limited = i / 2;

		act.sa_flags = restart ? SA_RESTART : 0;
		CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
		wait_begin(&w, limited ? wait_a_second : wait_zero, &word);
		handled = 0;
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		while (!handled)
			sched_yield();
		if (restart && !limited) {
			sleep_ms(SETTLE_MS);
			still_waits(&w);
			futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0);
		}
		wait_say(&w, "signalled");
	}
}

/* A lock: 0 free, 1 taken, 2 taken and perhaps waited for. */
static uint32_t lock;
static unsigned long counter;

static uint32_t exchange(uint32_t *at, uint32_t value)
{
	return __atomic_exchange_n(at, value, __ATOMIC_ACQ_REL);
}

static void take(void)
{
	uint32_t seen = 0;

	if (__atomic_compare_exchange_n(&lock, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (exchange(&lock, 2))
		futex(&lock, FUTEX_WAIT, 2, NULL, NULL, 0);
}

static void give(void)
{
	if (exchange(&lock, 0) == 2)
		futex(&lock, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void *count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		take();
		counter++;
		if (i % 64 == 0)
			sched_yield();
		give();
	}
	return NULL;
}

static void locks(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, count);
	join_threads(t, THREADS);
	CHECK_EQ(counter, (unsigned long)THREADS * ROUNDS);
}

const struct check checks[] = {
	{ "counts", counts, NULL },
	{ "mixed", mixed, NULL },
	{ "bitsets", bitsets, NULL },
	{ "requeues", requeues, NULL },
	{ "operations", operations, NULL },
	{ "refusals", refusals, NULL },
	{ "limits", limits, NULL },
	{ "signals", signals, NULL },
	{ "locks", locks, NULL },
	{ 0 },
};
