/* SPDX-License-Identifier: MIT */
/* Threads with alternate signal stacks: what nobody but their own handlers may put on their other stacks. */
#include "client.h"

#include <semaphore.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

enum { ALTERNATE = 64 << 10, BORROWED = 32 << 10, PATTERN = 0x5a };

static void get_alternate_stack(char *memory)
{
	stack_t s = { .ss_sp = memory, .ss_size = ALTERNATE };

	CHECK_EQ(sigaltstack(&s, NULL), 0);
}

static void give_it_up(void)
{
	stack_t s = { .ss_flags = SS_DISABLE };

	CHECK_EQ(sigaltstack(&s, NULL), 0);
}

static sem_t begin;
static atomic_int go_on;

/* Erlang's code does: the stack pointer leads to data, and what lies below is not free. */
static void wait_with_borrowed_stack_pointer(char *sp)
{
	__asm__ volatile("mov	%%rsp, %%rbx\n\t"
			 "mov	%0, %%rsp\n"
			 "1:	pause\n\t"
			 "cmpl	$0, (%1)\n\t"
			 "je	1b\n\t"
			 "mov	%%rbx, %%rsp"
			 :
			 : "r"(sp), "r"(&go_on)
			 : "rbx", "memory", "cc");
}

static void *borrow(void *arg)
{
	char *alternate = malloc(ALTERNATE), *data = malloc(BORROWED);

	get_alternate_stack(alternate);
	memset(data, PATTERN, BORROWED);
	CHECK_EQ(sem_wait(&begin), 0);
	wait_with_borrowed_stack_pointer(data + BORROWED / 2);
	for (int i = 0; i < BORROWED; i++)
		CHECK_EQ(data[i], PATTERN);
	give_it_up();
	free(data);
	free(alternate);
	return arg;
}

static void *release_later(void *arg)
{
	long long since = now_us(CLOCK_MONOTONIC);

	sleep_ms(5);
	CHECK_EQ(sem_post(&begin), 0);
	sched_yield();
	while (now_us(CLOCK_MONOTONIC) - since < 30000)
		;
	go_on = 1;
	return arg;
}

/* The one is never in a place where it can be interrupted, and waits for the other. */
static void stack_pointer_is_borrowed(void)
{
	for (int i = 0; i < 5; i++) {
		pthread_t t[2];

		go_on = 0;
		CHECK_EQ(sem_init(&begin, 0, 0), 0);
		start_thread(&t[0], borrow, NULL);
		start_thread(&t[1], release_later, NULL);
		for (int k = 0; k < 2; k++)
			CHECK_EQ(pthread_join(t[k], NULL), 0);
	}
}

static unsigned long results[4];
static pthread_barrier_t all;

/* Integers, and floating-point numbers in registers. */
static void *compute(void *arg)
{
	unsigned long i = (unsigned long)arg, sum = i;
	double x = 1, y = 2, z = 3;
	char *alternate = malloc(ALTERNATE);

	get_alternate_stack(alternate);
	pthread_barrier_wait(&all);
	for (long k = 0; k < 20000000; k++) {
		x = x * 0.75 + y;
		y = y * 0.25 + z;
		z = z * 0.5 + (double)(k & 7);
		sum = sum * 6364136223846793005ul + 1442695040888963407ul;
	}
	results[i] = sum + (unsigned long)(x * 1e6) + (unsigned long)(y * 1e6) + (unsigned long)(z * 1e6);
	give_it_up();
	free(alternate);
	return NULL;
}

static void interrupted_computations(void)
{
	pthread_t t[4];

	pthread_barrier_init(&all, NULL, 4);
	start_threads(t, 4, compute);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(t[i], NULL), 0);
	for (int i = 0; i < 4; i++)
		printf("%lu\n", results[i]);
}

static char *of_handlers;
static bool on_it;

static void handler(int sig)
{
	char *here = __builtin_frame_address(0);

	(void)sig;
	on_it = here >= of_handlers && here < of_handlers + ALTERNATE;
}

static void *handle(void *arg)
{
	of_handlers = malloc(ALTERNATE);
	get_alternate_stack(of_handlers);
	for (int sig = SIGRTMAX - 3; sig <= SIGRTMAX; sig++) {
		for (int wanted = 0; wanted < 2; wanted++) {
			struct sigaction act = { .sa_handler = handler, .sa_flags = wanted ? SA_ONSTACK : 0 };

			CHECK_EQ(sigaction(sig, &act, NULL), 0);
			for (int i = 0; i < 3; i++) {
				on_it = !wanted;
				CHECK_EQ(i ? pthread_kill(pthread_self(), sig) : raise(sig), 0);
				CHECK_EQ(on_it, wanted);
			}
		}
		signal(sig, SIG_DFL);
	}
	give_it_up();
	free(of_handlers);
	return arg;
}

static void handlers_run_where_they_ask(void)
{
	pthread_t t;

	start_thread(&t, handle, NULL);
	CHECK_EQ(pthread_join(t, NULL), 0);
	handle(NULL);
}

const struct check checks[] = {
	{ "stack_pointer_is_borrowed", stack_pointer_is_borrowed },
	{ "interrupted_computations", interrupted_computations },
	{ "handlers_run_where_they_ask", handlers_run_where_they_ask },
	{ 0 },
};
