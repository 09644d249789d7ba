/* SPDX-License-Identifier: MIT */
/* umcg_wait(): waits, wakes and switches between servers and workers, and what happens if two of them race. */
#include "steps.h"

enum { ROUNDS = 300, WORKERS = 16 };

static struct pool pool;
static struct party s1, s2, w1, w2, many[WORKERS];
static int flag, counter;
static struct party *volatile given;

/* Servers. */

static void wait_once(struct party *s)
{
	STEP(s, RUNNING, IDLE);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(state_of(s), RUNNING);
	raise_flag(&flag);
}

static void wake_a_waiting_server(uint32_t flags)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, wait_once);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	sleep_ms(10);
	CHECK(!flag_is_up(&flag));
	STEP(&s2, IDLE, RUNNING);
	server_wake(&s1, &s2, flags);
	CHECK_EQ(state_of(&s1), RUNNING);
	CHECK(flag_rises(&flag, STEP_DEADLINE_MS));
	join_party(&s2);
	server_end(&s1);
}

static void server_waits_and_is_woken(void)
{
	wake_a_waiting_server(0);
}

static void wake_on_current_cpu(void)
{
	wake_a_waiting_server(UMCG_WAIT_WF_CURRENT_CPU);
}

/* The state decides, not the call: nothing wakes it before its state is RUNNING. */
static void wake_without_state(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, wait_once);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	for (int i = 0; i < 10; i++) {
		server_wake(&s1, &s2, 0);
		sleep_ms(1);
		CHECK(!flag_is_up(&flag));
	}
	STEP(&s2, IDLE, RUNNING);
	server_wake(&s1, &s2, 0);
	CHECK(flag_rises(&flag, STEP_DEADLINE_MS));
	join_party(&s2);
	server_end(&s1);
}

static void spin_until_flag(struct party *s)
{
	while (!flag_is_up(&flag))
		burn(100);
}

static void wake_of_running_server(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, spin_until_flag);
	CHECK(becomes(&s2, RUNNING, STEP_DEADLINE_MS));
	sleep_ms(10);
	server_wake(&s1, &s2, 0);
	server_wake(&s1, &s1, 0);
	CHECK_EQ(state_of(&s1), RUNNING);
	CHECK_EQ(state_of(&s2), RUNNING);
	raise_flag(&flag);
	join_party(&s2);
	server_end(&s1);
}

/* Woken between its change of state and its call: the call returns at once. */
static void idle_then_late(struct party *s)
{
	STEP(s, RUNNING, IDLE);
	while (!flag_is_up(&flag))
		burn(100);
	CHECK_EQ(umcg_wait(0, 0), 0);
}

static void wake_before_wait(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, idle_then_late);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	STEP(&s2, IDLE, RUNNING);
	server_wake(&s1, &s2, 0);
	raise_flag(&flag);
	join_party(&s2);
	STEP(&s1, RUNNING, IDLE);
	STEP(&s1, IDLE, RUNNING);
	s1.ut.next_tid = 0;
	CHECK_EQ(umcg_wait(0, 0), 0);
	server_end(&s1);
}

static void switch_to(struct party *from, struct party *to)
{
	STEP(from, RUNNING, IDLE);
	STEP(to, IDLE, RUNNING);
	from->ut.next_tid = to->tid;
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(state_of(from), RUNNING);
	CHECK_EQ(state_of(to), IDLE);
}

static void answer(struct party *s)
{
	STEP(s, RUNNING, IDLE);
	CHECK_EQ(umcg_wait(0, 0), 0);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(counter++, 2 * i + 1);
		if (i < ROUNDS - 1)
			switch_to(s, &s1);
	}
	STEP(&s1, IDLE, RUNNING);
	server_wake(s, &s1, 0);
}

static void servers_switch(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, answer);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(counter++, 2 * i);
		STEP(&s1, RUNNING, IDLE);
		STEP(&s2, IDLE, RUNNING);
		s1.ut.next_tid = s2.tid;
		CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&s1), RUNNING);
	}
	CHECK_EQ(counter, 2 * ROUNDS);
	join_party(&s2);
	server_end(&s1);
}

/* A server that blocks otherwise stays RUNNING. */
static void blocked_server_is_running(struct party *s)
{
	sleep_ms(50);
	raise_flag(&flag);
}

static void server_blocks(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, blocked_server_is_running);
	CHECK(becomes(&s2, RUNNING, STEP_DEADLINE_MS));
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(state_of(&s2), RUNNING);
		sleep_ms(2);
	}
	join_party(&s2);
	server_end(&s1);
}

/* Servers and workers. */

static void look_and_yield(struct party *w)
{
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(state_of(w), RUNNING);
		CHECK_EQ(state_of(&s1), IDLE);
		CHECK_EQ(w->ut.next_tid, s1.tid);
		CHECK_EQ(s1.ut.next_tid, w->tid);
		counter++;
		worker_yield(w);
	}
}

/* Each run returns after the yield, with both states changed, LOCKED gone, and nobody on the idle list. */
static void server_runs_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, look_and_yield);
	server_expect(&s1, &w1);
	for (int i = 1; i <= 3; i++) {
		CHECK_EQ(server_run(&s1, &w1, 0), 0);
		CHECK_EQ(counter, i);
		CHECK_EQ(state_of(&s1), RUNNING);
		CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
		CHECK(list_is_empty(&pool));
	}
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

static void switch_to_second(struct party *w)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(counter++, 2 * i);
		worker_switch(w, &w2);
		CHECK_EQ(w->ut.next_tid, s1.tid);
		CHECK_EQ(s1.ut.next_tid, w->tid);
	}
}

static void switch_to_first(struct party *w)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(counter++, 2 * i + 1);
		CHECK_EQ(state_of(&s1), IDLE);
		CHECK(becomes(&w1, IDLE, 0));
		worker_switch(w, &w1);
	}
}

/* The server moves with them; it comes back when one of them gives it back. */
static void worker_to_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w2, &pool, switch_to_first);
	server_expect(&s1, &w2);
	start_worker(&w1, &pool, switch_to_second);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK_EQ(counter, 2 * ROUNDS);
	CHECK_EQ(s1.ut.next_tid, w1.tid);
	CHECK_EQ(state_of(&w2), IDLE);
	CHECK_EQ(server_run(&s1, &w2, 0), 0);
	CHECK(list_is_empty(&pool));
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

static void round_robin(struct party *w)
{
	for (int i = 0; i < ROUNDS; i++) {
		counter++;
		worker_yield(w);
	}
}

static void more_workers_than_servers(void)
{
	server_begin(&s1, &pool);
	for (int i = 0; i < WORKERS; i++) {
		start_worker(&many[i], &pool, round_robin);
		server_expect(&s1, &many[i]);
	}
	for (int r = 0; r <= ROUNDS; r++)
		for (int i = 0; i < WORKERS; i++)
			CHECK_EQ(server_run(&s1, &many[i], 0), 0);
	CHECK_EQ(counter, ROUNDS * WORKERS);
	for (int i = 0; i < WORKERS; i++)
		join_party(&many[i]);
	server_end(&s1);
}

/* w1 yields to s1 and s2 in turn. */
static void serve_when_given(struct party *s)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (given != s)
			sched_yield();
		while (state_of(&w1) != IDLE)
			sched_yield();
		CHECK_EQ(server_run(s, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		counter++;
		given = s == &s1 ? &s2 : &s1;
	}
}

static void yield_to_both(struct party *w)
{
	for (int i = 0; i < 2 * ROUNDS - 1; i++) {
		CHECK_EQ(w->ut.next_tid, i % 2 ? s2.tid : s1.tid);
		CHECK_EQ(gettid(), (pid_t)w->tid);
		worker_yield(w);
	}
}

static void servers_exchange_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, yield_to_both);
	server_expect(&s1, &w1);
	start_server(&s2, &pool, serve_when_given);
	given = &s1;
	serve_when_given(&s1);
	join_party(&s2);
	CHECK_EQ(counter, 2 * ROUNDS);
	CHECK(list_is_empty(&pool));
	join_party(&w1);
	server_end(&s1);
}

static struct pool pool2;

static void serve_two(struct party *s)
{
	struct party *mine = s == &s1 ? &w1 : &w2, *theirs = s == &s1 ? &w2 : &w1;

	for (int i = 0; i < ROUNDS; i++) {
		struct party *w = i % 2 ? theirs : mine;

		while (state_of(w) != IDLE || __atomic_load_n(&w->number, __ATOMIC_SEQ_CST) != i)
			sched_yield();
		CHECK_EQ(server_run(s, w, in_ms(STEP_DEADLINE_MS)), 0);
	}
}

static void count_and_yield(struct party *w)
{
	w->number = 0;
	worker_yield(w);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t server = w == &w1 ? (i % 2 ? s2.tid : s1.tid) : (i % 2 ? s1.tid : s2.tid);

		CHECK_EQ(w->ut.next_tid, server);
		__atomic_store_n(&w->number, i + 1, __ATOMIC_SEQ_CST);
		worker_yield(w);
	}
}

/* Two servers, each with a worker; from round to round they swap them. */
static void servers_swap_workers(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, count_and_yield);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	start_worker(&w2, &pool, count_and_yield);
	server_expect(&s1, &w2);
	CHECK_EQ(server_run(&s1, &w2, 0), 0);
	start_server(&s2, &pool2, serve_two);
	serve_two(&s1);
	join_party(&s2);
	CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS) && becomes(&w2, IDLE, STEP_DEADLINE_MS));
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK_EQ(server_run(&s1, &w2, 0), 0);
	CHECK(list_is_empty(&pool));
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

/* Wakes of workers. */

static void mark_for_wake(struct party *w)
{
	w->ut.next_tid = 0;
	STEP(w, IDLE, RUNNING);
}

/* A worker woken without a server is IDLE again at once, and on the idle list. */
static void server_wakes_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_yield);
	server_expect(&s1, &w1);
	for (int i = 0; i < 3; i++) {		/* it has not run since it came off the list */
		mark_for_wake(&w1);
		server_wake(&s1, &w1, i ? UMCG_WAIT_WF_CURRENT_CPU : 0);
		server_expect(&s1, &w1);
	}
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK(list_is_empty(&pool));
	mark_for_wake(&w1);
	server_wake(&s1, &w1, 0);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

static void wait_for_list(struct party *s)
{
	server_expect(s, &w1);
	raise_flag(&flag);
}

static void wake_rouses_idle_server(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_yield);
	server_expect(&s1, &w1);
	start_server(&s2, &pool, wait_for_list);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	mark_for_wake(&w1);
	server_wake(&s1, &w1, 0);
	CHECK(flag_rises(&flag, STEP_DEADLINE_MS));
	CHECK_EQ(pool.idle_server, 0);
	join_party(&s2);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

static void wake_second(struct party *w)
{
	w2.ut.next_tid = 0;
	STEP(&w2, IDLE, RUNNING);
	worker_wake(w, &w2);
	CHECK_EQ(state_of(w), RUNNING);
	CHECK_EQ(state_of(&s1), IDLE);
	counter++;
}

static void nothing(struct party *p)
{
}

static void worker_wakes_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w2, &pool, nothing);
	server_expect(&s1, &w2);
	start_worker(&w1, &pool, wake_second);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK_EQ(counter, 1);
	server_expect(&s1, &w2);
	CHECK_EQ(server_run(&s1, &w2, 0), 0);
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

static void wake_second_server(struct party *w)
{
	STEP(&s2, IDLE, RUNNING);
	worker_wake(w, &s2);
}

static void worker_wakes_server(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool2, wait_once);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	start_worker(&w1, &pool, wake_second_server);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&s2);
	join_party(&w1);
	server_end(&s1);
}

/* A woken worker that is LOCKED waits without being put on the list, until it is unlocked and woken again. */
static void locked_suppresses_wake(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_yield);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	STEP(&w1, IDLE, RUNNING | LOCKED);
	w1.ut.next_tid = 0;
	server_wake(&s1, &w1, 0);
	sleep_ms(20);
	CHECK(list_is_empty(&pool));
	CHECK_EQ(state_of(&w1), RUNNING | LOCKED);
	STEP(&s1, RUNNING, IDLE);
	w1.ut.next_tid = s1.tid;
	STEP(&w1, RUNNING | LOCKED, RUNNING);
	s1.ut.next_tid = w1.tid;
	CHECK_EQ(umcg_wait(0, 0), 0);
	join_party(&w1);
	CHECK(list_is_empty(&pool));
	server_end(&s1);
}

/* Races: a worker is IDLE, but has not gone to sleep yet. */

static void idle_but_awake(struct party *w)
{
	for (int i = 0; i < 20; i++) {
		struct party *s = party_of(w->ut.next_tid);

		CHECK(s == &s1);
		STEP(w, RUNNING, IDLE);
		raise_flag(&flag);
		burn_ms(3);
		STEP(s, IDLE, RUNNING);
		CHECK_EQ(umcg_wait(0, 0), 0);
		CHECK_EQ(state_of(w), RUNNING);
		CHECK_EQ(w->ut.next_tid, s2.tid);
		worker_yield(w);
	}
}

static void run_too_early(struct party *s)
{
	for (int i = 0; i < 20; i++) {
		while (!flag_is_up(&flag))
			burn(10);
		flag = 0;
		CHECK_EQ(server_run(s, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
		sleep_ms(1);
		CHECK(list_is_empty(&pool));	/* it has yielded, so it is this server's and on no list */
		raise_flag(&counter);
	}
}

/* A second server runs a worker that is still on its way out of the first. */
static void run_before_sleep(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, idle_but_awake);
	server_expect(&s1, &w1);
	start_server(&s2, &pool, run_too_early);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK(flag_rises(&counter, STEP_DEADLINE_MS));
		counter = 0;
	}
	join_party(&s2);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

static void switch_too_early(struct party *w)
{
	while (!flag_is_up(&flag))
		burn(10);
	worker_switch(w, &w1);
}

static void serve_second(struct party *s)
{
	server_expect(s, &w2);
	CHECK_EQ(server_run(s, &w2, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(s->ut.next_tid, w1.tid);
	CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
	CHECK_EQ(state_of(&w2), IDLE);
	sleep_ms(1);
	CHECK(list_is_empty(&pool) && list_is_empty(&pool2));
	CHECK_EQ(server_run(s, &w2, 0), 0);
}

static void idle_and_late(struct party *w)
{
	STEP(w, RUNNING, IDLE);
	raise_flag(&flag);
	burn_ms(5);
	STEP(&s1, IDLE, RUNNING);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(w->ut.next_tid, s2.tid);
	worker_yield(w);
}

/* The race of the discussion: W2 switches to a W1 that has not left the CPU. */
static void switch_before_sleep(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, idle_and_late);
	server_expect(&s1, &w1);
	start_server(&s2, &pool2, serve_second);
	start_worker(&w2, &pool2, switch_too_early);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	sleep_ms(5);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&s2);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

static void idle_and_watch(struct party *w)
{
	STEP(w, RUNNING, IDLE);
	raise_flag(&flag);
	while (state_of(w) != RUNNING)
		burn(10);
	STEP(&s1, IDLE, RUNNING);
	CHECK_EQ(umcg_wait(0, 0), 0);	/* woken without a server: by the idle list */
	while (!flag_is_up(&counter))
		burn(10);
	worker_yield(w);
}

static void wake_late(struct party *s)
{
	while (!flag_is_up(&flag))
		burn(10);
	mark_for_wake(&w1);
	CHECK(becomes(&w1, RUNNING, STEP_DEADLINE_MS));
	sleep_ms(20);
	server_wake(s, &w1, 0);		/* by now it has been run again */
	raise_flag(&counter);
}

/* The call of a wake comes when its worker has got on the list, off it, and to run: it means nothing then. */
static void wake_after_run(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, idle_and_watch);
	server_expect(&s1, &w1);
	start_server(&s2, &pool2, wake_late);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&s2);
	sleep_ms(5);
	CHECK_EQ(state_of(&w1), IDLE);
	CHECK(list_is_empty(&pool));
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

/* Wakes of an IDLE worker whose state nobody has changed: as if there had been none. */
static void wake_of_idle_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_yield);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	server_wake(&s1, &w1, 0);
	sleep_ms(5);
	CHECK_EQ(state_of(&w1), IDLE);
	CHECK(list_is_empty(&pool));
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

enum { USER = 0xa5u << 24 };

static uint32_t user_bits(struct party *p)
{
	return __atomic_load_n(&p->ut.state, __ATOMIC_SEQ_CST) & 0xff000000u;
}

static void all_kinds(struct party *w)
{
	CHECK_EQ(user_bits(w), USER);
	worker_yield(w);
	CHECK_EQ(user_bits(w), USER);
	sleep_ms(200);		/* blocks */
	while (!try_step(w, RUNNING, RUNNING))
		umcg_wait(0, 0);
	CHECK_EQ(user_bits(w), USER);
	while (!flag_is_up(&flag))	/* is preempted */
		burn(10);
	CHECK_EQ(user_bits(w), USER);
}

static void user_bits_are_kept(void)
{
	server_begin(&s1, &pool);
	s1.ut.state |= USER;
	start_worker(&w1, &pool, all_kinds);
	server_expect(&s1, &w1);
	CHECK_EQ(user_bits(&w1), 0);
	w1.ut.state |= USER;
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	mark_for_wake(&w1);
	server_wake(&s1, &w1, 0);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(user_bits(&w1), USER);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(30)), ETIMEDOUT);
	CHECK_EQ(user_bits(&s1), USER);
	STEP(&w1, RUNNING, RUNNING | PREEMPTED);
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(user_bits(&s1), USER);
	CHECK_EQ(user_bits(&w1), USER);
	server_expect(&s1, &w1);
	raise_flag(&flag);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	CHECK_EQ(user_bits(&s1), USER);
	join_party(&w1);
	s1.ut.state = RUNNING;
	server_end(&s1);
}

const struct check checks[] = {
	{ "server_waits_and_is_woken", server_waits_and_is_woken },
	{ "wake_on_current_cpu", wake_on_current_cpu },
	{ "wake_without_state", wake_without_state },
	{ "wake_of_running_server", wake_of_running_server },
	{ "wake_before_wait", wake_before_wait },
	{ "servers_switch", servers_switch },
	{ "server_blocks", server_blocks },
	{ "server_runs_worker", server_runs_worker },
	{ "worker_to_worker", worker_to_worker },
	{ "more_workers_than_servers", more_workers_than_servers },
	{ "servers_exchange_worker", servers_exchange_worker },
	{ "servers_swap_workers", servers_swap_workers },
	{ "server_wakes_worker", server_wakes_worker },
	{ "wake_rouses_idle_server", wake_rouses_idle_server },
	{ "worker_wakes_worker", worker_wakes_worker },
	{ "worker_wakes_server", worker_wakes_server },
	{ "locked_suppresses_wake", locked_suppresses_wake },
	{ "run_before_sleep", run_before_sleep },
	{ "switch_before_sleep", switch_before_sleep },
	{ "wake_after_run", wake_after_run },
	{ "wake_of_idle_worker", wake_of_idle_worker },
	{ "user_bits_are_kept", user_bits_are_kept },
	{ 0 },
};
