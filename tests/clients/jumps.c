/* SPDX-License-Identifier: MIT */
/* Jumps and contexts of the program's own inside a thread that is itself switched. */
#include "client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

enum { THREADS = 16, ROUNDS = 50 };

extern void __longjmp_chk(jmp_buf, int) __attribute__((noreturn));

static __thread int own;

__attribute__((noinline)) static void jump_from(int depth, jmp_buf to, int how)
{
	if (depth > 0)
		jump_from(depth - 1, to, how);
	sched_yield();
	if (how == 0)
		longjmp(to, 7);
	if (how == 1)
		_longjmp(to, 7);
	if (how == 2)
		__longjmp_chk(to, 7);
}

static void *jump_often(void *arg)
{
	own = (int)(intptr_t)arg;
	for (volatile int i = 0; i < ROUNDS; i++) {
		jmp_buf back;
		int e = setjmp(back);

		if (!e)
			jump_from(5, back, i % 3);
		CHECK_EQ(e, 7);
		CHECK_EQ(own, (intptr_t)arg);
	}
	return NULL;
}

static void plain(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, jump_often);
	join_threads(t, THREADS);
}

static bool blocked(int sig)
{
	sigset_t got;

	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &got), 0);
	return sigismember(&got, sig);
}

static void set_blocked(int sig, int how)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	CHECK_EQ(pthread_sigmask(how, &s, NULL), 0);
}

static void *jump_with_mask(void *arg)
{
	int mine = SIGRTMIN + (int)(intptr_t)arg % 8;

	for (volatile int i = 0; i < ROUNDS; i++) {
		sigjmp_buf kept, not_kept;

		set_blocked(mine, SIG_BLOCK);
		if (!sigsetjmp(kept, 1)) {
			set_blocked(mine, SIG_UNBLOCK);
			sched_yield();
			siglongjmp(kept, 1);
		}
		CHECK(blocked(mine) && !blocked(SIGUSR1));
		if (!sigsetjmp(not_kept, 0)) {
			set_blocked(mine, SIG_UNBLOCK);
			sched_yield();
			siglongjmp(not_kept, 1);
		}
		CHECK(!blocked(mine) && !blocked(SIGUSR1));
	}
	return NULL;
}

static void with_mask(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, jump_with_mask);
	join_threads(t, THREADS);
}

#ifdef __GLIBC__	/* musl has no contexts */
struct routine {
	ucontext_t caller, self;
	int steps, me;
	char stack[64 * 1024];
};

static __thread struct routine *current;

static void routine_body(void)
{
	struct routine *r = current;

	for (int i = 0; i < ROUNDS; i++) {
		r->steps++;
		CHECK_EQ(own, r->me);
		sched_yield();
		CHECK_EQ(swapcontext(&r->self, &r->caller), 0);
	}
}

/* A coroutine per thread, resumed again and again, whose end leads back through uc_link. */
static void *run_routine(void *arg)
{
	struct routine *r = calloc(1, sizeof(*r));

	own = r->me = (int)(intptr_t)arg;
	current = r;
	CHECK_EQ(getcontext(&r->self), 0);
	r->self.uc_stack.ss_sp = r->stack;
	r->self.uc_stack.ss_size = sizeof(r->stack);
	r->self.uc_link = &r->caller;
	makecontext(&r->self, routine_body, 0);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(swapcontext(&r->caller, &r->self), 0);
		CHECK_EQ(r->steps, i + 1);
		CHECK(current == r);
	}
	CHECK_EQ(swapcontext(&r->caller, &r->self), 0);
	free(r);
	return NULL;
}

static void coroutines(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, run_routine);
	join_threads(t, THREADS);
}

static void *loop_by_context(void *arg)
{
	volatile int rounds = 0;
	ucontext_t here;

	own = (int)(intptr_t)arg;
	CHECK_EQ(getcontext(&here), 0);
	CHECK_EQ(own, (intptr_t)arg);
	sched_yield();
	if (++rounds < ROUNDS)
		setcontext(&here);
	CHECK_EQ(rounds, ROUNDS);
	return NULL;
}

static void contexts(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, loop_by_context);
	join_threads(t, THREADS);
}
#endif

const struct check checks[] = {
	{ "plain", plain, NULL },
	{ "with_mask", with_mask, NULL },
#ifdef __GLIBC__
	{ "coroutines", coroutines, NULL },
	{ "contexts", contexts, NULL },
#endif
	{ 0 },
};
