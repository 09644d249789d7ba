/* SPDX-License-Identifier: MIT */
/* Each breach of the contract ends the process by SIGSEGV and one line that says what it is. */
#include "steps.h"

#include <sys/syscall.h>

static struct pool pool;
static struct party s1, s2, w1, w2;
static int flag;

/* The judge compares this with what the library says. */
static void expect(const char *what)
{
	printf("breach: %s\n", what);
	fflush(stdout);
}

static void must_be_dead(void)
{
	sleep_ms(2000);
	client_fail(__FILE__, __LINE__, "nothing has happened");
}

/* A system call that nobody announces. */
static void sleep_in_kernel(unsigned ms)
{
	struct timespec t = { 0, ms * 1000000L };

	syscall(SYS_nanosleep, &t, NULL);
}

static void begin(void (*act)(struct party *))
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, act);
	server_expect(&s1, &w1);
}

static void nothing(struct party *p)
{
}

/* A worker is run with a next_tid that is no server's. */
static void running_without_server(void)
{
	expect("it is RUNNING without a server");
	begin(nothing);
	STEP(&w1, IDLE, RUNNING | LOCKED);
	w1.ut.next_tid = w1.tid;
	STEP(&w1, RUNNING | LOCKED, RUNNING);
	server_wake(&s1, &w1, 0);
	must_be_dead();
}

static void block_unlinked(struct party *w)
{
	w->ut.next_tid = 0;
	sleep_in_kernel(500);
}

static void blocks_without_server(void)
{
	expect("it blocks and next_tid is not its server");
	begin(block_unlinked);
	server_run(&s1, &w1, 0);
	must_be_dead();
}

static void block_with_running_server(struct party *w)
{
	s1.ut.state = BLOCKED;		/* RUNNING it would just go on */
	sleep_in_kernel(500);
}

static void blocks_and_server_is_not_idle(void)
{
	expect("it blocks and its server is not IDLE");
	begin(block_with_running_server);
	server_run(&s1, &w1, 0);
	must_be_dead();
}


/* A server that is not IDLE is published as idle. */
static void idle_server_is_running(void)
{
	expect("its server is not IDLE");
	server_begin(&s1, &pool);
	pool.idle_server = s1.tid;
	start_worker(&w1, &pool, nothing);
	must_be_dead();
}

static void *wait_here(void *arg)
{
	__atomic_store_n((uint32_t *)arg, (uint32_t)gettid(), __ATOMIC_SEQ_CST);
	sleep_ms(5000);
	return NULL;
}

/* Somebody who is no server is. */
static void idle_server_is_none(void)
{
	pthread_t t;

	expect("it has no server");
	server_begin(&s1, &pool);
	start_thread(&t, wait_here, &pool.idle_server);
	while (!__atomic_load_n(&pool.idle_server, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	start_worker(&w1, &pool, nothing);
	must_be_dead();
}

/* It is made RUNNING and woken while it is on its idle list, alone: its link leads nowhere. */
static void woken_while_listed(void)
{
	expect("it has no idle list");
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, nothing);
	CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
	while (list_is_empty(&pool))
		sleep_ms(1);
	sleep_ms(5);
	STEP(&w1, IDLE, RUNNING);
	server_wake(&s1, &w1, 0);
	must_be_dead();
}

static void claim_two(struct party *s)
{
	struct party *both[] = { &w1, &w2 };

	for (int i = 0; i < 2; i++) {
		STEP(both[i], IDLE, RUNNING | LOCKED);
		both[i]->ut.next_tid = s1.tid;
		STEP(both[i], RUNNING | LOCKED, RUNNING);
		server_wake(s, both[i], 0);
	}
	must_be_dead();
}

/* Two workers are given to a server before it has run the first. */
static void two_workers_for_one_server(void)
{
	expect("its server has been given another worker");
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, nothing);
	server_expect(&s1, &w1);
	start_worker(&w2, &pool, nothing);
	server_expect(&s1, &w2);
	start_server(&s2, &pool, claim_two);
	sleep_ms(500);
	must_be_dead();
}

static void run_then_block(struct party *w)
{
	raise_flag(&flag);
	while (w->ut.next_tid == s1.tid)
		burn(10);
	burn_ms(5);
	sleep_in_kernel(500);
	must_be_dead();
}

/* A second server runs a worker without a look at its state. */
static void run_again(struct party *s)
{
	CHECK(flag_rises(&flag, STEP_DEADLINE_MS));
	STEP(s, RUNNING, IDLE);
	w1.ut.state = RUNNING;
	s->ut.next_tid = w1.tid;
	__atomic_store_n(&w1.ut.next_tid, s->tid, __ATOMIC_SEQ_CST);
	umcg_wait(0, 0);
	must_be_dead();
}

static void run_by_two_servers(void)
{
	expect("it blocks and next_tid is not its server");
	begin(run_then_block);
	start_server(&s2, &pool, run_again);
	server_run(&s1, &w1, 0);
	must_be_dead();
}

/* The kernel thread of a server goes with a worker that it was to run. */
static void unregisters_with_worker(void)
{
	/* Which comes first: w1 is saved, or its server gone. */
	expect("it unregisters with a worker to run|it is RUNNING without a server");
	begin(nothing);
	sleep_ms(20);		/* it is on the list before it has left the CPU */
	w1.ut.next_tid = s1.tid;
	STEP(&w1, IDLE, RUNNING);
	server_wake(&s1, &w1, 0);
	umcg_ctl(UMCG_CTL_UNREGISTER, NULL);
	must_be_dead();
}

/* A state that does not exist, found as the worker comes back from the kernel. */
static void block_in_vain(struct party *w)
{
	sleep_in_kernel(300);
	burn_ms(5000);
}

static void comes_back_in_unknown_state(void)
{
	expect("its state is none of RUNNING, IDLE, BLOCKED");
	begin(block_in_vain);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	STEP(&w1, BLOCKED, UMCG_TASK_NONE);
	must_be_dead();
}

static const char by_signal[] = "signal 11";

const struct check checks[] = {
	{ "running_without_server", running_without_server, by_signal },
	{ "blocks_without_server", blocks_without_server, by_signal },
	{ "blocks_and_server_is_not_idle", blocks_and_server_is_not_idle, by_signal },
	{ "idle_server_is_running", idle_server_is_running, by_signal },
	{ "idle_server_is_none", idle_server_is_none, by_signal },
	{ "woken_while_listed", woken_while_listed, by_signal },
	{ "two_workers_for_one_server", two_workers_for_one_server, by_signal },
	{ "run_by_two_servers", run_by_two_servers, by_signal },
	{ "unregisters_with_worker", unregisters_with_worker, by_signal },
	{ "comes_back_in_unknown_state", comes_back_in_unknown_state, by_signal },
	{ 0 },
};
