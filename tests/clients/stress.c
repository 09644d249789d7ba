/* SPDX-License-Identifier: MIT */
/*
 * `stress fuzz [CALLS [SEED]]`: 8 threads that change what they are; `stress servers_N [SECONDS [SEED]]`: N servers
 * in each half, their workers, and a watchdog that preempts. The seed is printed; it decides what each thread does,
 * not in which order the threads do it.
 */
#include "stress.h"

enum { FUZZ_CALLS = 200000, FUZZ_SECONDS = 3600, STRESS_SECONDS = 3, BATCH = 64, STUCK_SECONDS = 15 };

static struct task {
	const struct half *half;
	int me;
	enum life as;
	bool last;
	pthread_t thread;
} tasks[2 * HALF_MAX];

static int ntasks, alive[2], ended;
static long calls, wanted_calls = -1;
static unsigned seed;
static __thread unsigned long random_state;
static __thread int batch;

unsigned pick(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 24) % n;
}

void count_call(void)
{
	if (++batch < BATCH)
		return;
	batch = 0;
	if (__atomic_add_fetch(&calls, BATCH, __ATOMIC_SEQ_CST) >= wanted_calls && wanted_calls > 0)
		__atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
}

bool over(void)
{
	return __atomic_load_n(&ended, __ATOMIC_SEQ_CST);
}

static int *alive_in(const struct half *h)
{
	return &alive[h == &contract_half];
}

int others_alive(const struct half *h)
{
	return __atomic_load_n(alive_in(h), __ATOMIC_SEQ_CST);
}

void sleep_us(unsigned us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		continue;
}

static void seed_thread(unsigned n)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15ul + n * 0xbf58476d1ce4e5b9ul;
	for (int i = 0; i < 10; i++)
		pick(2);
}

static void *run_task(void *arg)
{
	struct task *t = arg;

	seed_thread((unsigned)(t - tasks));
	if (t->last) {
		t->half->serve_last(t->me);
		return NULL;
	}
	while (!over())
		t->half->live(t->me, t->as);
	__atomic_sub_fetch(alive_in(t->half), 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void add(const struct half *h, int n, enum life as, bool last)
{
	static int members[2];

	for (int i = 0; i < n; i++) {
		int *member = &members[h == &contract_half];

		CHECK(*member < HALF_MAX);
		tasks[ntasks++] = (struct task){ h, (*member)++, as, last };
		*alive_in(h) += !last;
	}
}

/* Until the time is up. Nobody gets anywhere: the judge shows where the threads are. */
static void watch(long seconds, bool preempt)
{
	long long end = now_us(CLOCK_MONOTONIC) + seconds * 1000000LL, moved = now_us(CLOCK_MONOTONIC);
	long before = -1;

	seed_thread(1000);
	while (!over() && now_us(CLOCK_MONOTONIC) < end) {
		long now = __atomic_load_n(&calls, __ATOMIC_SEQ_CST);

		sleep_us(500);
		if (preempt) {
			group_half.preempt();
			contract_half.preempt();
		}
		if (now != before)
			moved = now_us(CLOCK_MONOTONIC);
		before = now;
		if (now_us(CLOCK_MONOTONIC) - moved > STUCK_SECONDS * 1000000LL)
			client_fail(__FILE__, __LINE__, "nobody makes calls any more");
	}
	__atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
}

static void run(long seconds, bool preempt)
{
	seed = client_argc > 3 ? (unsigned)strtoul(client_argv[3], NULL, 0) : (unsigned)now_us(CLOCK_REALTIME);
	client_figure("seed", seed);
	group_half.begin();
	contract_half.begin();
	for (int i = 0; i < ntasks; i++)
		start_thread(&tasks[i].thread, run_task, &tasks[i]);
	watch(seconds, preempt);
	for (int i = 0; i < ntasks; i++)
		join_thread(tasks[i].thread);
	group_half.end();
	contract_half.end();
	client_figure("calls", (double)calls);
}

static void fuzz(void)
{
	wanted_calls = client_argc > 2 ? strtol(client_argv[2], NULL, 0) : FUZZ_CALLS;
	add(&group_half, 1, LIFE_SERVER, true);
	add(&group_half, 3, LIFE_ANY, false);
	add(&contract_half, 1, LIFE_SERVER, true);
	add(&contract_half, 3, LIFE_ANY, false);
	run(FUZZ_SECONDS, false);
}

static void stress(int servers, int workers)
{
	const struct half *halves[] = { &group_half, &contract_half };

	for (int i = 0; i < 2; i++) {
		add(halves[i], 1, LIFE_SERVER, true);
		add(halves[i], servers - 1, LIFE_SERVER, false);
		add(halves[i], workers, LIFE_WORKER, false);
	}
	run(client_argc > 2 ? strtol(client_argv[2], NULL, 0) : STRESS_SECONDS, true);
}

static void servers_1(void)
{
	stress(1, 8);
}

static void servers_2(void)
{
	stress(2, 16);
}

static void servers_8(void)
{
	stress(8, 24);
}

const struct check checks[] = {
	{ "fuzz", fuzz },
	{ "servers_1", servers_1 },
	{ "servers_2", servers_2 },
	{ "servers_8", servers_8 },
	{ 0 },
};
