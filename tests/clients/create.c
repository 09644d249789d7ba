/* SPDX-License-Identifier: MIT */
/* pthread_create and its attributes: what a thread is given must be what it finds. */
#include "client.h"

#include <limits.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

struct stack_view {
	char *low;
	size_t size, guard, wanted;
	uintptr_t local;
};

static void look_at_stack(struct stack_view *v)
{
	char local = 0;
	void *low;
	pthread_attr_t a;

	CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
	CHECK_EQ(pthread_attr_getstack(&a, &low, &v->size), 0);
	CHECK_EQ(pthread_attr_getguardsize(&a, &v->guard), 0);
	pthread_attr_destroy(&a);
	v->low = low;
	v->local = (uintptr_t)&local;
	CHECK(v->local - (uintptr_t)low < v->size);
}

static void *view_stack(void *arg)
{
	look_at_stack(arg);
	return arg;
}

/* Touches most of the stack that was asked for, a page at a time and from the top. */
static void *fill_stack(void *arg)
{
	struct stack_view *v = arg;
	size_t room = v->wanted - 12 * 1024;
	volatile char *frame = __builtin_alloca(room);

	for (size_t i = room; i > 512; i -= 512)
		frame[i - 1] = (char)i;
	look_at_stack(v);
	return arg;
}

static void *echo(void *arg)
{
	return arg;
}

static void default_attributes(void)
{
	pthread_t t;
	struct stack_view v = { 0 };

	start_thread(&t, view_stack, &v);
	CHECK(join_thread(t) == &v);
	CHECK(v.size >= (size_t)PTHREAD_STACK_MIN);
	start_thread(&t, echo, (void *)-1L);
	CHECK(join_thread(t) == (void *)-1L);
	start_thread(&t, echo, NULL);
	CHECK_EQ(pthread_join(t, NULL), 0);
}

static void stack_sizes(void)
{
	const size_t least = PTHREAD_STACK_MIN, sizes[] = { least, 32768, 65536, 1 << 20, 16 << 20 };
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	CHECK_EQ(pthread_attr_setstacksize(&a, least - 1), EINVAL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct stack_view v = { .wanted = sizes[i] };

		CHECK_EQ(pthread_attr_setstacksize(&a, sizes[i]), 0);
		CHECK_EQ(pthread_create(&t, &a, sizes[i] > least ? fill_stack : view_stack, &v), 0);
		join_thread(t);
		CHECK(v.size + 4096 >= sizes[i]);
	}
	pthread_attr_destroy(&a);
}

static void user_stack(void)
{
	enum { SIZE = 256 * 1024, EDGE = 65536 };
	char *area = mmap(NULL, SIZE + 2 * EDGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t a;
	pthread_t t;

	CHECK(area != MAP_FAILED);
	memset(area, 0x5a, SIZE + 2 * EDGE);
	pthread_attr_init(&a);
	CHECK_EQ(pthread_attr_setstack(&a, area + EDGE, SIZE), 0);
	for (int i = 0; i < 20; i++) {
		struct stack_view v = { .wanted = SIZE };

		CHECK_EQ(pthread_create(&t, &a, i & 1 ? fill_stack : view_stack, &v), 0);
		join_thread(t);
		CHECK(v.low == area + EDGE);
		/* musl's thread-local data is no part of it. */
		CHECK(v.size <= SIZE && v.size >= SIZE - BY_LIBC(0, 8192));
	}
	for (int i = 0; i < EDGE; i++)
		CHECK(area[i] == 0x5a && area[EDGE + SIZE + i] == 0x5a);
	pthread_attr_destroy(&a);
	munmap(area, SIZE + 2 * EDGE);
}

static void guard_sizes(void)
{
	static const size_t sizes[] = { 0, 4096, 65536 };
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct stack_view v = { 0 };

		CHECK_EQ(pthread_attr_setguardsize(&a, sizes[i]), 0);
		CHECK_EQ(pthread_create(&t, &a, view_stack, &v), 0);
		join_thread(t);
		CHECK(v.guard >= sizes[i]);
	}
	pthread_attr_destroy(&a);
}

__attribute__((noinline)) static int descend(long depth)
{
	volatile char frame[512];

	frame[0] = (char)depth;
	return depth ? descend(depth - 1) + frame[0] : 0;
}

static void *run_over(void *arg)
{
	return (void *)(intptr_t)descend(1L << 40);
}

static void guard_page_hit(void)
{
	pthread_t t;

	start_thread(&t, run_over, NULL);
	join_thread(t);
	printf("the stack had no end\n");
}

static sem_t detached_done;

static void *report_detached(void *arg)
{
	int state = -1;
	pthread_attr_t a;

	CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
	CHECK_EQ(pthread_attr_getdetachstate(&a, &state), 0);
	CHECK_EQ(state, PTHREAD_CREATE_DETACHED);
	pthread_attr_destroy(&a);
	sem_post(&detached_done);
	return NULL;
}

static void detached(void)
{
	pthread_attr_t a;
	pthread_t t;

	sem_init(&detached_done, 0, 0);
	pthread_attr_init(&a);
	CHECK_EQ(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED), 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(pthread_create(&t, &a, report_detached, NULL), 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(sem_wait(&detached_done), 0);
	pthread_attr_destroy(&a);
}

struct policy_view {
	int policy, kernel_policy, priority;
};

static void *view_policy(void *arg)
{
	struct policy_view *v = arg;
	struct sched_param p;

	CHECK_EQ(pthread_getschedparam(pthread_self(), &v->policy, &p), 0);
	v->priority = p.sched_priority;
	v->kernel_policy = sched_getscheduler(0);
	return NULL;
}

static void explicit_policy(void)
{
	static const struct {
		const char *name;
		int policy, priority;
	} tries[] = { { "other", SCHED_OTHER, 0 }, { "fifo", SCHED_FIFO, 1 }, { "rr", SCHED_RR, 2 } };

	for (int i = 0; i < 3; i++) {
		struct sched_param p = { .sched_priority = tries[i].priority };
		struct policy_view v = { -1, -1, -1 };
		pthread_attr_t a;
		pthread_t t;
		int e;

		pthread_attr_init(&a);
		CHECK_EQ(pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED), 0);
		CHECK_EQ(pthread_attr_setschedpolicy(&a, tries[i].policy), 0);
		CHECK_EQ(pthread_attr_setschedparam(&a, &p), 0);
		e = pthread_create(&t, &a, view_policy, &v);
		printf("%s: %s\n", tries[i].name, strerror(e));
		pthread_attr_destroy(&a);
		if (e)
			continue;
		join_thread(t);
		CHECK_EQ(v.policy, tries[i].policy);
		CHECK_EQ(v.kernel_policy, tries[i].policy);
		CHECK_EQ(v.priority, tries[i].priority);
	}
}

#ifdef __GLIBC__
static void *check_only_cpu(void *arg)
{
	cpu_set_t *wanted = arg, got;

	for (int i = 0; i < 50; i++) {
		CHECK_EQ(sched_getaffinity(0, sizeof(got), &got), 0);
		CHECK(CPU_EQUAL(wanted, &got));
		CHECK(CPU_ISSET(sched_getcpu(), wanted));
		CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof(got), &got), 0);
		CHECK(CPU_EQUAL(wanted, &got));
		sched_yield();
	}
	return NULL;
}

static void affinity_attribute(void)
{
	cpu_set_t all, one, after;
	pthread_attr_t a;
	pthread_t t;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int cpu = 0, n = 0; cpu < CPU_SETSIZE && n < 4; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		n++;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		pthread_attr_init(&a);
		CHECK_EQ(pthread_attr_setaffinity_np(&a, sizeof(one), &one), 0);
		CHECK_EQ(pthread_create(&t, &a, check_only_cpu, &one), 0);
		join_thread(t);
		pthread_attr_destroy(&a);
	}
	CHECK_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
	CHECK(CPU_EQUAL(&all, &after));
}
#endif

static atomic_int nodes;

static void *grow_tree(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	pthread_t t[3];

	atomic_fetch_add(&nodes, 1);
	for (int i = 0; depth && i < 3; i++)
		start_thread(&t[i], grow_tree, (void *)(depth - 1));
	for (int i = 0; depth && i < 3; i++)
		CHECK(join_thread(t[i]) == (void *)(depth - 1));
	return arg;
}

static void nested(void)
{
	pthread_t t;

	start_thread(&t, grow_tree, (void *)4L);
	join_thread(t);
	CHECK_EQ(nodes, 1 + 3 + 9 + 27 + 81);
}

static void thousand(void)
{
	pthread_t t[250];

	for (intptr_t i = 0; i < 1000; i++) {
		start_thread(&t[0], echo, (void *)i);
		CHECK(join_thread(t[0]) == (void *)i);
	}
	for (int round = 0; round < 4; round++) {
		start_threads(t, 250, echo);
		for (intptr_t i = 249; i >= 0; i--)
			CHECK(join_thread(t[i]) == (void *)i);
	}
}

static void *inheritor(void *arg)
{
	cpu_set_t *wanted = arg, got;
	char name[16];
	sigset_t mask;

	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	CHECK(sigismember(&mask, SIGUSR2) && sigismember(&mask, SIGRTMIN + 3));
	CHECK(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM));
	CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
	CHECK(!strcmp(name, "giver"));
	CHECK_EQ(sched_getaffinity(0, sizeof(got), &got), 0);
	CHECK(CPU_EQUAL(wanted, &got));
	return NULL;
}

static void *giver(void *arg)
{
	cpu_set_t all, one;
	pthread_t t;
	sigset_t s;
	int cpu = 0;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	sigaddset(&s, SIGRTMIN + 3);
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &s, NULL), 0);
	CHECK_EQ(pthread_setname_np(pthread_self(), "giver"), 0);
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof(one), &one), 0);
	start_thread(&t, inheritor, &one);
	join_thread(t);
	return NULL;
}

static void *plain_view(void *arg)
{
	sigset_t mask, none;

	CHECK_EQ(sched_getaffinity(0, sizeof(cpu_set_t), arg), 0);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	sigemptyset(&none);
	CHECK(!memcmp(&mask, &none, 8));
	return NULL;
}

static void inheritance(void)
{
	cpu_set_t all, later;
	pthread_t t;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < 5; i++) {
		start_thread(&t, giver, NULL);
		join_thread(t);
		start_thread(&t, plain_view, &later);
		join_thread(t);
		CHECK(CPU_EQUAL(&all, &later));
	}
}

const struct check checks[] = {
	{ "default_attributes", default_attributes, NULL },
	{ "stack_sizes", stack_sizes, NULL },
	{ "user_stack", user_stack, NULL },
	{ "guard_sizes", guard_sizes, NULL },
	{ "guard_page_hit", guard_page_hit, "signal 11" },
	{ "detached", detached, NULL },
	{ "explicit_policy", explicit_policy, NULL },
#ifdef __GLIBC__
	{ "affinity_attribute", affinity_attribute, NULL },
#endif
	{ "nested", nested, NULL },
	{ "thousand", thousand, NULL },
	{ "inheritance", inheritance, NULL },
	{ 0 },
};
