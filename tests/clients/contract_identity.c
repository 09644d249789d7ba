/* SPDX-License-Identifier: MIT */
/* Who a worker is does not depend on the server that runs it: tid, pthread_self(), TLS, errno, names of its thread. */
#include "steps.h"

#include <fenv.h>
#include <setjmp.h>
#include <sys/syscall.h>

enum { WORKERS = 8, ROUNDS = 200, DEPTH = 40 };

static struct pool pool;
static struct party s1, s2, w[WORKERS];
static int done;
static __thread struct { struct party *me; int round; char text[64]; } mine;
static pthread_key_t key;

static void look(struct party *self, pthread_t thread, int round)
{
	char text[64];

	snprintf(text, sizeof(text), "%d of %d", round, self->number);
	CHECK_EQ(gettid(), (pid_t)self->tid);
	CHECK(pthread_equal(pthread_self(), thread));
	CHECK(mine.me == self && mine.round == round);
	CHECK(!strcmp(mine.text, text));
	CHECK(pthread_getspecific(key) == self);
	CHECK_EQ(errno, 1000 + round);
}

static void be_someone(struct party *self)
{
	pthread_t thread = pthread_self();
	volatile double sum = 0;
	double plain = 0;

	CHECK_EQ(gettid(), (pid_t)self->tid);
	mine.me = self;
	pthread_setspecific(key, self);
	if (self->number % 2)
		fesetround(FE_UPWARD);
	for (int i = 0; i < ROUNDS; i++) {
		mine.round = i;
		snprintf(mine.text, sizeof(mine.text), "%d of %d", i, self->number);
		sum += 1.0 / (i + 1);
		plain += 1.0 / (i + 1);
		errno = 1000 + i;
		if (i % 50 == 49) {
			sleep_ms(3);
			errno = 1000 + i;
			while (!try_step(self, RUNNING, RUNNING))
				umcg_wait(0, 0);
		} else {
			STEP(self, RUNNING, IDLE | LOCKED);
			STEP(party_of(self->ut.next_tid), IDLE, RUNNING);
			umcg_wait(0, in_ms(0));		/* its time is over: by the list, to any server */
			errno = 1000 + i;
		}
		look(self, thread, i);
		CHECK(sum == plain);
		CHECK_EQ(fegetround(), self->number % 2 ? FE_UPWARD : FE_TONEAREST);
	}
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

static void serve(struct party *s)
{
	pthread_t thread = pthread_self();
	long kernel_thread = syscall(SYS_gettid);

	mine.me = s;
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < WORKERS) {
		struct party *next = server_take(s, 3);

		if (next)
			CHECK_EQ(server_run(s, next, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(gettid(), (pid_t)s->tid);
		CHECK(pthread_equal(pthread_self(), thread));
		CHECK(mine.me == s);
		CHECK_EQ(fegetround(), FE_TONEAREST);
	}
	CHECK_EQ((long)s->tid, kernel_thread);
}

static void on_every_server(void)
{
	pthread_key_create(&key, NULL);
	server_begin(&s1, &pool);
	start_server(&s2, &pool, serve);
	for (int i = 0; i < WORKERS; i++)
		start_worker(&w[i], &pool, be_someone);
	serve(&s1);
	join_party(&s2);
	for (int i = 0; i < WORKERS; i++)
		join_party(&w[i]);
	server_end(&s1);
}

/* A server whose kernel thread its worker sleeps on: it goes on elsewhere as the same thread. */
static void nap(struct party *self)
{
	sleep_ms(50);
	while (!try_step(self, RUNNING, RUNNING))
		umcg_wait(0, 0);
}

static void server_stays_itself(void)
{
	server_begin(&s1, &pool);
	mine.me = &s1;
	errno = 77;
	for (int i = 0; i < 10; i++) {
		start_worker(&w[0], &pool, nap);
		CHECK(server_take(&s1, STEP_DEADLINE_MS) == &w[0]);
		errno = 1000 + i;
		CHECK_EQ(server_run(&s1, &w[0], in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(errno, 1000 + i);
		CHECK_EQ(gettid(), (pid_t)s1.tid);
		CHECK(mine.me == &s1);
		if (state_of(&w[0]) != (IDLE | LOCKED)) {
			CHECK(server_take(&s1, STEP_DEADLINE_MS) == &w[0]);
			CHECK_EQ(server_run(&s1, &w[0], in_ms(STEP_DEADLINE_MS)), 0);
		}
		join_party(&w[0]);
	}
	server_end(&s1);
	CHECK_EQ(syscall(SYS_gettid), (long)s1.tid);
	CHECK_EQ(gettid(), getpid());
}

/* Deep stacks, and jumps on them. */
static int recurse(struct party *self, int depth, jmp_buf top)
{
	volatile char frame[512];
	int below = 0;

	memset((char *)frame, depth, sizeof(frame));
	worker_yield(self);
	if (depth > 0)
		below = recurse(self, depth - 1, top);
	else if (top)
		longjmp(top, 1);
	for (unsigned i = 0; i < sizeof(frame); i++)
		CHECK_EQ(frame[i], depth);
	return below + 1;
}

static void go_deep(struct party *self)
{
	jmp_buf top;

	CHECK_EQ(recurse(self, DEPTH, NULL), DEPTH + 1);
	if (setjmp(top) == 0)
		recurse(self, DEPTH, top);
	while (!try_step(self, RUNNING, RUNNING))	/* a call that goes home, under the preload */
		umcg_wait(0, 0);
}

static void stacks(void)
{
	server_begin(&s1, &pool);
	for (int i = 0; i < WORKERS; i++) {
		start_worker(&w[i], &pool, go_deep);
		server_expect(&s1, &w[i]);
	}
	for (int d = 0; d < 2 * (DEPTH + 1); d++)
		for (int i = 0; i < WORKERS; i++)
			CHECK_EQ(server_run(&s1, &w[i], 0), 0);
	for (int i = 0; i < WORKERS; i++) {
		while (server_run(&s1, &w[i], in_ms(STEP_DEADLINE_MS)) == 0 && state_of(&w[i]) != (IDLE | LOCKED))
			server_expect(&s1, &w[i]);
		join_party(&w[i]);
	}
	server_end(&s1);
}

const struct check checks[] = {
	{ "on_every_server", on_every_server },
	{ "server_stays_itself", server_stays_itself },
	{ "stacks", stacks },
	{ 0 },
};
