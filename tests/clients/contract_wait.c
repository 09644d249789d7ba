/* SPDX-License-Identifier: MIT */
/* umcg_wait(): its errors, its timeouts, and signals meanwhile. */
#include "steps.h"

#include <signal.h>

enum { TIMES = 20 };

static struct pool pool;
static struct party s1, s2, w1, w2;
static int flag, handled;

static void fails(uint32_t flags, uint64_t timeout, int error)
{
	errno = 0;
	CHECK_EQ(umcg_wait(flags, timeout), -1);
	CHECK_EQ(errno, error);
}

static void *wait_unregistered(void *arg)
{
	fails(0, 0, EINVAL);
	fails(UMCG_WAIT_WAKE_ONLY, 0, EINVAL);
	return NULL;
}

static void not_registered(void)
{
	pthread_t t;

	wait_unregistered(NULL);
	start_thread(&t, wait_unregistered, NULL);
	join_thread(t);
	server_begin(&s1, &pool);
	server_end(&s1);
	wait_unregistered(NULL);
}

static void bad_flags(void)
{
	server_begin(&s1, &pool);
	s1.ut.next_tid = s1.tid;
	fails(4, 0, EINVAL);
	fails(UMCG_WAIT_WAKE_ONLY | 4, 0, EINVAL);
	fails(~0u, 0, EINVAL);
	fails(1u << 31, 0, EINVAL);
	CHECK_EQ(state_of(&s1), RUNNING);
	server_end(&s1);
}

static void wake_only_errors(void)
{
	server_begin(&s1, &pool);
	fails(UMCG_WAIT_WAKE_ONLY, 0, EINVAL);
	fails(UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU, 0, EINVAL);
	s1.ut.next_tid = s1.tid;
	fails(UMCG_WAIT_WAKE_ONLY, in_ms(1000), EINVAL);
	fails(UMCG_WAIT_WAKE_ONLY, 1, EINVAL);
	CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), 0);
	server_end(&s1);
}

static int bystander_tid;

static void *stand_by(void *arg)
{
	__atomic_store_n(&bystander_tid, gettid(), __ATOMIC_SEQ_CST);
	flag_rises(&flag, STEP_DEADLINE_MS);
	return NULL;
}

static void ends_at_once(struct party *s)
{
}

/* No such thread, a thread that is no task, a server that has been one: in a wake and in a switch. */
static void no_such_task(void)
{
	uint32_t tids[4] = { 0x3fffffff, 1, 0, 0 };
	pthread_t t;

	start_thread(&t, stand_by, NULL);
	while (!__atomic_load_n(&bystander_tid, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	start_server(&s2, &pool, ends_at_once);
	join_party(&s2);
	tids[2] = (uint32_t)bystander_tid;
	tids[3] = s2.tid;
	server_begin(&s1, &pool);
	for (int i = 0; i < 4; i++) {
		s1.ut.next_tid = tids[i];
		fails(UMCG_WAIT_WAKE_ONLY, 0, ESRCH);
		fails(0, 0, ESRCH);
		fails(0, in_ms(1000), ESRCH);
		CHECK_EQ(state_of(&s1), RUNNING);
	}
	s1.ut.next_tid = 0;
	server_end(&s1);
	raise_flag(&flag);
	join_thread(t);
}

/* A state that does not exist. */
static void unknown_state(void)
{
	const uint32_t bad[] = { UMCG_TASK_NONE, 4, 0xff, RUNNING | 1 << 10, IDLE | 1 << 15, RUNNING | 1 << 16, IDLE | 1 << 23 };

	server_begin(&s1, &pool);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		s1.ut.state = bad[i];
		fails(0, 0, EINVAL);
		CHECK_EQ(s1.ut.state, bad[i]);
	}
	s1.ut.state = RUNNING;
	server_end(&s1);
}

static void worker_in_unknown_state(struct party *w)
{
	for (uint32_t bad = 4; bad < 0x100; bad += 50) {
		w->ut.state = bad;
		fails(0, 0, EINVAL);
	}
	w->ut.state = RUNNING | 1 << 17;
	fails(0, 0, EINVAL);
	w->ut.state = RUNNING;
}

static void unknown_state_of_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_in_unknown_state);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

static void worker_of_nobody(struct party *w)
{
	uint32_t server = w->ut.next_tid;

	w->ut.next_tid = 0x3fffffff;
	fails(UMCG_WAIT_WAKE_ONLY, 0, ESRCH);
	fails(0, 0, ESRCH);
	w->ut.next_tid = 0;
	fails(UMCG_WAIT_WAKE_ONLY, 0, EINVAL);
	w->ut.next_tid = server;
	fails(UMCG_WAIT_WAKE_ONLY, 5, EINVAL);
	fails(8, 0, EINVAL);
	CHECK_EQ(state_of(w), RUNNING);
}

static void errors_of_worker(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_of_nobody);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

/* A worker that was blocked comes in, whatever has become of the server that it had. */
static void nap_long(struct party *w)
{
	sleep_ms(500);
	while (!try_step(w, RUNNING, RUNNING))
		CHECK_EQ(umcg_wait(0, 0), 0);
}

static void nap_short(struct party *w)
{
	sleep_ms(150);
	while (!try_step(w, RUNNING, RUNNING))
		CHECK_EQ(umcg_wait(0, 0), 0);
}

/* Its own kernel thread is free again when the first has returned; then it ends, and the second sleeps elsewhere. */
static void block_two(struct party *s)
{
	start_worker(&w2, &pool, nap_short);
	server_expect(s, &w2);
	CHECK_EQ(server_run(s, &w2, in_ms(STEP_DEADLINE_MS)), 0);
	start_worker(&w1, &pool, nap_long);
	server_expect(s, &w1);
	CHECK_EQ(server_run(s, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(state_of(&w1), BLOCKED);
	server_expect(s, &w2);
	CHECK_EQ(server_run(s, &w2, in_ms(STEP_DEADLINE_MS)), 0);
}

static void server_of_blocked_worker_is_gone(void)
{
	start_server(&s2, &pool, block_two);
	join_party(&s2);
	CHECK_EQ(state_of(&w1), BLOCKED);
	server_begin(&s1, &pool);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

/* Timeouts. */

/* Not before its time; how late at best. */
static void time_out(uint64_t deadline, long long *least_late)
{
	long long late;

	s1.ut.next_tid = 0;
	fails(0, deadline, ETIMEDOUT);
	late = (long long)(in_ms(0) - deadline) / 1000;
	CHECK(late >= 0);
	if (late < *least_late)
		*least_late = late;
	CHECK_EQ(state_of(&s1), IDLE);
}

static void server_times_out(void)
{
	long long late = 1000000;

	server_begin(&s1, &pool);
	STEP(&s1, RUNNING, IDLE);
	for (int i = 0; i < TIMES; i++)
		time_out(in_ms(5), &late);
	CHECK(late < 5000);
	for (int i = 0; i < TIMES; i++)
		time_out(in_ms(0), &late);
	time_out(in_ms(-1000), &late);
	time_out(1, &late);
	STEP(&s1, IDLE, RUNNING);
	s1.ut.next_tid = 0;
	CHECK_EQ(umcg_wait(0, in_ms(-1000)), 0);	/* it does not wait at all */
	server_end(&s1);
}

static void spin(struct party *w)
{
	while (!flag_is_up(&flag))
		burn(10);
}

/* The worker goes on as RUNNING; the server may wait for it again, and gets it back at last. */
static void server_times_out_as_worker_runs(void)
{
	long long late = 1000000;

	server_begin(&s1, &pool);
	start_worker(&w1, &pool, spin);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		uint64_t deadline = in_ms(10);

		if (i == 0)
			CHECK_EQ(server_run(&s1, &w1, deadline), ETIMEDOUT);
		else
			fails(0, deadline, ETIMEDOUT);
		if ((long long)(in_ms(0) - deadline) / 1000 < late)
			late = (long long)(in_ms(0) - deadline) / 1000;
		CHECK(late >= 0);
		CHECK_EQ(state_of(&s1), IDLE);
		CHECK_EQ(state_of(&w1), RUNNING);
		CHECK_EQ(s1.ut.next_tid, w1.tid);
		CHECK_EQ(gettid(), (pid_t)s1.tid);
	}
	CHECK(late < 5000);
	client_figure("late_us", late);
	raise_flag(&flag);
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

static void wait_shortly(struct party *w)
{
	for (int i = 0; i < TIMES; i++) {
		uint64_t deadline = in_ms(5);

		STEP(w, RUNNING, IDLE | LOCKED);
		STEP(&s1, IDLE, RUNNING);
		fails(0, deadline, ETIMEDOUT);
		CHECK(in_ms(0) >= deadline);
		CHECK_EQ(state_of(w), RUNNING);
	}
}

/* It comes by the idle list, wakes an idle server, and when it is run its call returns. */
static void worker_times_out(void)
{
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, wait_shortly);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		if (i % 2)
			CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
		server_expect(&s1, &w1);
	}
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

static int timed_out, came_in_time;

/* A wake and the time limit come at once: either it times out, or it was woken; a wake that was sent is never lost. */
static void be_woken_or_not(struct party *s)
{
	for (int i = 0; i < 10 * TIMES; i++) {
		STEP(s, RUNNING, IDLE);
		if (umcg_wait(0, in_ms(1)) == 0) {
			CHECK_EQ(state_of(s), RUNNING);
			came_in_time++;
			continue;
		}
		CHECK_EQ(errno, ETIMEDOUT);
		timed_out++;
		if (!try_step(s, IDLE, RUNNING))
			CHECK_EQ(state_of(s), RUNNING);
	}
	raise_flag(&flag);
}

static void wake_races_with_timeout(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, be_woken_or_not);
	while (!flag_is_up(&flag)) {
		uint64_t until = in_ms(1) - 60000;

		while (!becomes(&s2, IDLE, 1) && !flag_is_up(&flag))
			;
		while (in_ms(0) < until)
			burn(10);
		if (try_step(&s2, IDLE, RUNNING)) {
			s1.ut.next_tid = s2.tid;
			CHECK(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0) == 0 || errno == ESRCH);
		}
	}
	join_party(&s2);
	CHECK_EQ(timed_out + came_in_time, 10 * TIMES);
	server_end(&s1);
}

/* Signals. */

static void on_signal(int sig)
{
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *send_signals(void *arg)
{
	pthread_t to = *(pthread_t *)arg;

	for (int i = 0; i < 5; i++) {
		sleep_ms(4);
		CHECK_EQ(pthread_kill(to, SIGUSR1), 0);
	}
	return NULL;
}

static void signals_in_wait(int flags)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };
	pthread_t t, self = pthread_self();
	uint64_t deadline;

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	server_begin(&s1, &pool);
	STEP(&s1, RUNNING, IDLE);
	start_thread(&t, send_signals, &self);
	deadline = in_ms(100);
	fails(0, deadline, ETIMEDOUT);
	CHECK(in_ms(0) >= deadline);
	CHECK_EQ(state_of(&s1), IDLE);
	STEP(&s1, IDLE, RUNNING);
	join_thread(t);
	CHECK(handled > 0);
	server_end(&s1);
}

static void signal_with_restart(void)
{
	signals_in_wait(SA_RESTART);
}

static void signal_without_restart(void)
{
	signals_in_wait(0);
}

/* While its worker runs, too. */
static void signals_as_worker_runs(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	pthread_t t, self = pthread_self();
	uint64_t deadline;

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, spin);
	server_expect(&s1, &w1);
	start_thread(&t, send_signals, &self);
	deadline = in_ms(100);
	CHECK_EQ(server_run(&s1, &w1, deadline), ETIMEDOUT);
	CHECK(in_ms(0) >= deadline);
	CHECK_EQ(state_of(&w1), RUNNING);
	join_thread(t);
	raise_flag(&flag);
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
	CHECK(handled > 0);	/* at the latest now that it is on its own kernel thread again */
}

/* A worker that waits is on no list because of a signal. */
static void signals_at_waiting_worker(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, worker_yield);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(pthread_kill(w1.thread, SIGUSR1), 0);
		sleep_ms(4);
		CHECK_EQ(state_of(&w1), IDLE);
		CHECK(list_is_empty(&pool));
	}
	do {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		if (state_of(&w1) != (IDLE | LOCKED))	/* to its handler first: its home is another kernel thread */
			server_expect(&s1, &w1);
	} while (state_of(&w1) != (IDLE | LOCKED));
	join_party(&w1);
	CHECK(handled > 0);
	server_end(&s1);
}

/* Wakes may be sent from handlers. */
static void in_handler(int sig)
{
	handled++;
	s1.ut.next_tid = s2.tid;
	CHECK(try_step(&s2, IDLE, RUNNING));
	CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), 0);
}

static void wait_for_wake(struct party *s)
{
	STEP(s, RUNNING, IDLE);
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
}

static void wake_in_handler(void)
{
	struct sigaction act = { .sa_handler = in_handler };

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	server_begin(&s1, &pool);
	start_server(&s2, &pool, wait_for_wake);
	CHECK(becomes(&s2, IDLE, STEP_DEADLINE_MS));
	CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	CHECK_EQ(handled, 1);
	join_party(&s2);
	server_end(&s1);
}

const struct check checks[] = {
	{ "not_registered", not_registered },
	{ "bad_flags", bad_flags },
	{ "wake_only_errors", wake_only_errors },
	{ "no_such_task", no_such_task },
	{ "unknown_state", unknown_state },
	{ "unknown_state_of_worker", unknown_state_of_worker },
	{ "errors_of_worker", errors_of_worker },
	{ "server_of_blocked_worker_is_gone", server_of_blocked_worker_is_gone },
	{ "server_times_out", server_times_out },
	{ "server_times_out_as_worker_runs", server_times_out_as_worker_runs },
	{ "worker_times_out", worker_times_out },
	{ "wake_races_with_timeout", wake_races_with_timeout },
	{ "signal_with_restart", signal_with_restart },
	{ "signal_without_restart", signal_without_restart },
	{ "signals_as_worker_runs", signals_as_worker_runs },
	{ "signals_at_waiting_worker", signals_at_waiting_worker },
	{ "wake_in_handler", wake_in_handler },
	{ 0 },
};
