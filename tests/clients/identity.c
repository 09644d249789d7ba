/* SPDX-License-Identifier: MIT */
/* What a thread knows about itself stays the same across every switch. */
#include "client.h"

#include <dlfcn.h>
#include <fenv.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>

enum { THREADS = 64, ROUNDS = 100 };

static __thread int plain_tls;
static __thread int set_tls = 4711;
static __thread char big_tls[3000] __attribute__((aligned(64)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn;
static sem_t token;

/* A switch of a different kind at each call. */
static void switch_somehow(int round)
{
	switch (round % 3) {
	case 0:
		sched_yield();
		break;
	case 1:
		pthread_mutex_lock(&lock);
		sched_yield();
		pthread_mutex_unlock(&lock);
		break;
	default:
		sem_wait(&token);
		sem_post(&token);
	}
}

static void *keep_tls(void *arg)
{
	int me = (int)(intptr_t)arg;

	CHECK_EQ(plain_tls, 0);
	CHECK_EQ(set_tls, 4711);
	CHECK(((uintptr_t)big_tls & 63) == 0);
	plain_tls = set_tls = me;
	memset(big_tls, me, sizeof(big_tls));
	for (int i = 0; i < ROUNDS; i++) {
		errno = me;
		switch_somehow(i);
		CHECK_EQ(errno, me);
		CHECK_EQ(plain_tls, me);
		CHECK_EQ(set_tls, me);
		CHECK(big_tls[0] == (char)me && big_tls[2999] == (char)me);
	}
	return NULL;
}

static void tls_and_errno(void)
{
	pthread_t t[THREADS];

	sem_init(&token, 0, 2);
	start_threads(t, THREADS, keep_tls);
	join_threads(t, THREADS);
	CHECK_EQ(set_tls, 4711);
}

static void *keep_errno_of_calls(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(close(-1), -1);
		CHECK_EQ(errno, EBADF);
		CHECK(!fopen("/nonexistent/file", "r"));
		switch_somehow(i + me);
		CHECK_EQ(errno, ENOENT);
	}
	return NULL;
}

static void errno_of_calls(void)
{
	pthread_t t[THREADS];

	sem_init(&token, 0, 2);
	start_threads(t, THREADS, keep_errno_of_calls);
	join_threads(t, THREADS);
}

static pid_t tids[THREADS];
static pthread_t selves[THREADS];

static void *keep_ids(void *arg)
{
	int me = (int)(intptr_t)arg;
	pthread_t self = pthread_self();
	pid_t tid = gettid(), process = getpid();

	tids[me] = tid;
	selves[me] = self;
	CHECK(tid != process);
	for (int i = 0; i < ROUNDS; i++) {
		switch_somehow(i);
		CHECK_EQ(gettid(), tid);
		CHECK(pthread_equal(pthread_self(), self));
		CHECK_EQ(getpid(), process);
	}
	return NULL;
}

static void ids_are_constant(void)
{
	pid_t main_tid = gettid();
	pthread_t t[THREADS];

	CHECK_EQ(main_tid, getpid());
	sem_init(&token, 0, 2);
	start_threads(t, THREADS, keep_ids);
	sleep_ms(5);
	CHECK_EQ(gettid(), main_tid);
	join_threads(t, THREADS);
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_equal(selves[i], t[i]));
		for (int j = 0; j < i; j++)
			CHECK(tids[i] != tids[j]);
	}
}

static volatile double one = 1.0, three = 3.0;

static void *keep_rounding(void *arg)
{
	static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
	int mode = modes[(intptr_t)arg % 4];
	double third;
	long double third_x87;

	CHECK_EQ(fesetround(mode), 0);
	feclearexcept(FE_ALL_EXCEPT);
	third = one / three;
	third_x87 = (long double)one / (long double)three;
	for (int i = 0; i < ROUNDS; i++) {
		switch_somehow(i);
		CHECK_EQ(fegetround(), mode);
		CHECK(one / three == third);
		CHECK((long double)one / (long double)three == third_x87);
	}
	CHECK((third > 0.333333333333333314) == (mode == FE_UPWARD));
	return NULL;
}

static void rounding_modes(void)
{
	pthread_t t[THREADS];

	sem_init(&token, 0, 2);
	start_threads(t, THREADS, keep_rounding);
	join_threads(t, THREADS);
	CHECK_EQ(fegetround(), FE_TONEAREST);
}

static void *inherit_rounding(void *arg)
{
	CHECK_EQ(fegetround(), FE_UPWARD);
	return NULL;
}

static void rounding_is_inherited(void)
{
	pthread_t t;

	fesetround(FE_UPWARD);
	start_thread(&t, inherit_rounding, NULL);
	join_thread(t);
}

static void read_comm(pid_t tid, char *name, size_t room)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)tid);
	f = fopen(path, "r");
	CHECK(f && fgets(name, room, f));
	fclose(f);
	name[strcspn(name, "\n")] = 0;
}

static sem_t named, may_end;

static void *keep_name(void *arg)
{
	char wanted[16], got[32];

	snprintf(wanted, sizeof(wanted), "own-%d", (int)(intptr_t)arg);
	CHECK_EQ(pthread_setname_np(pthread_self(), wanted), 0);
	for (int i = 0; i < 10; i++) {
		switch_somehow(i);
		CHECK_EQ(pthread_getname_np(pthread_self(), got, sizeof(got)), 0);
		CHECK(!strcmp(got, wanted));
		read_comm(gettid(), got, sizeof(got));
		CHECK(!strcmp(got, wanted));
	}
	sem_post(&named);
	sem_wait(&may_end);
	return NULL;
}

static void names(void)
{
	pthread_t t[8];
	char wanted[16], got[32];

	sem_init(&token, 0, 2);
	sem_init(&named, 0, 0);
	sem_init(&may_end, 0, 0);
	start_threads(t, 8, keep_name);
	for (int i = 0; i < 8; i++)
		sem_wait(&named);
	for (int i = 0; i < 8; i++) {
		snprintf(wanted, sizeof(wanted), "own-%d", i);
		CHECK_EQ(pthread_getname_np(t[i], got, sizeof(got)), 0);
		CHECK(!strcmp(got, wanted));
		CHECK_EQ(pthread_setname_np(t[i], "renamed"), 0);
		CHECK_EQ(pthread_getname_np(t[i], got, sizeof(got)), 0);
		CHECK(!strcmp(got, "renamed"));
	}
	CHECK_EQ(pthread_setname_np(t[0], "a name beyond sixteen bytes"), ERANGE);
	CHECK_EQ(pthread_getname_np(t[0], got, 3), ERANGE);
	for (int i = 0; i < 8; i++)
		sem_post(&may_end);
	join_threads(t, 8);
	read_comm(getpid(), got, sizeof(got));
	CHECK(!strcmp(got, program_invocation_short_name));
}

static void *find_stack(void *arg)
{
	pthread_attr_t a;
	void *low;
	size_t size;
	int state;

	for (int i = 0; i < 10; i++) {
		switch_somehow(i);
		CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
		CHECK_EQ(pthread_attr_getstack(&a, &low, &size), 0);
		CHECK((uintptr_t)&state - (uintptr_t)low < size);
		CHECK_EQ(pthread_attr_getdetachstate(&a, &state), 0);
		CHECK_EQ(state, PTHREAD_CREATE_JOINABLE);
		pthread_attr_destroy(&a);
	}
	return NULL;
}

static void own_stack(void)
{
	pthread_t t[8];

	sem_init(&token, 0, 2);
	start_threads(t, 8, find_stack);
	find_stack(NULL);
	join_threads(t, 8);
	find_stack(NULL);
}

static cpu_set_t of_main;

static void *same_cpus(void *arg)
{
	cpu_set_t mine;
	unsigned cpu, node;

	for (int i = 0; i < ROUNDS; i++) {
		switch_somehow(i);
		CHECK_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
		CHECK(CPU_EQUAL(&mine, &of_main));
		CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof(mine), &mine), 0);
		CHECK(CPU_EQUAL(&mine, &of_main));
		CHECK(CPU_ISSET(sched_getcpu(), &of_main));
		CHECK_EQ(getcpu(&cpu, &node), 0);
		CHECK(CPU_ISSET(cpu, &of_main));
	}
	return NULL;
}

static void cpus(void)
{
	pthread_t t[8];

	sem_init(&token, 0, 2);
	CHECK_EQ(sched_getaffinity(0, sizeof(of_main), &of_main), 0);
	start_threads(t, 8, same_cpus);
	same_cpus(NULL);
	join_threads(t, 8);
}

/* A ring of threads each of which must wake on its own stack with its own frame. */
static void *take_turns(void *arg)
{
	int me = (int)(intptr_t)arg, frame[64];

	for (int i = 0; i < 64; i++)
		frame[i] = me * 64 + i;
	for (int round = 0; round < 20; round++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != me)
			pthread_cond_wait(&turn_changed, &lock);
		turn++;
		pthread_cond_broadcast(&turn_changed);
		pthread_mutex_unlock(&lock);
		for (int i = 0; i < 64; i++)
			CHECK_EQ(frame[i], me * 64 + i);
	}
	return NULL;
}

static void frames(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, take_turns);
	join_threads(t, THREADS);
	CHECK_EQ(turn, 20 * THREADS);
}

#ifdef __GLIBC__
static int (*old_yield)(void);

static void *yield_by_old_name(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		CHECK_EQ(old_yield(), 0);
	return NULL;
}

/* Programs linked long ago still ask for pthread_yield(). */
static void old_name_of_yield(void)
{
	pthread_t t[4];

	old_yield = (int (*)(void))dlvsym(RTLD_DEFAULT, "pthread_yield", "GLIBC_2.2.5");
	CHECK(old_yield);
	start_threads(t, 4, yield_by_old_name);
	join_threads(t, 4);
}
#endif

const struct check checks[] = {
	{ "tls_and_errno", tls_and_errno, NULL },
	{ "errno_of_calls", errno_of_calls, NULL },
	{ "ids_are_constant", ids_are_constant, NULL },
	{ "rounding_modes", rounding_modes, NULL },
	{ "rounding_is_inherited", rounding_is_inherited, NULL },
	{ "names", names, NULL },
	{ "own_stack", own_stack, NULL },
	{ "cpus", cpus, NULL },
	{ "frames", frames, NULL },
#ifdef __GLIBC__
	{ "old_name_of_yield", old_name_of_yield, NULL },
#endif
	{ 0 },
};
