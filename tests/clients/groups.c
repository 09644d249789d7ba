/* SPDX-License-Identifier: MIT */
/* Groups of libumcg.h: workers and servers that poll for them. */
#include "client.h"

#include <stdint.h>
#include <umcg/libumcg.h>

enum { WORKERS = 12, ROUNDS = 200, SOON_MS = 10000 };

static umcg_t group;
static umcg_tid ids[WORKERS], server;
static int done, flag, running, order[WORKERS], norder;

static struct timespec in(long ms)
{
	return after_ms(CLOCK_REALTIME, ms);
}

#define IN(ms) ((struct timespec[]){ in(ms) })

static void fails(long ret, int error)
{
	CHECK_EQ(errno, error);
	CHECK(ret == -1 || ret == UMCG_NONE);
	errno = 0;
}

static void begin(void)
{
	group = umcg_create_group(0);
	CHECK(group);
	server = umcg_register_server(group, 7);
	CHECK(server != UMCG_NONE);
	CHECK_EQ(server, umcg_get_utid());
	CHECK_EQ(umcg_get_task_tag(server), 7);
}

static void end(void)
{
	CHECK_EQ(umcg_unregister_task(), 0);
	CHECK_EQ(umcg_destroy_group(group), 0);
}

/* Run whoever is runnable until n have said that they are done. */
static void serve_until(int n)
{
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < n) {
		umcg_tid w = umcg_poll_worker(IN(2));

		if (w == UMCG_NONE) {
			CHECK_EQ(errno, ETIMEDOUT);
			continue;
		}
		CHECK(umcg_run_worker(w) != UMCG_NONE);
	}
}

static void become_worker(int i)
{
	ids[i] = umcg_register_worker(group, 100 + i);
	CHECK(ids[i] != UMCG_NONE);
	CHECK_EQ(ids[i], umcg_get_utid());
	CHECK_EQ(umcg_get_task_tag(ids[i]), 100 + i);
	CHECK_EQ(umcg_get_task_state(ids[i]) & ~(uint32_t)UMCG_TF_PREEMPTED, UMCG_TASK_RUNNING);
}

static void leave(void)
{
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(umcg_unregister_task(), 0);
}

static umcg_tid expect_worker(void)
{
	umcg_tid w = umcg_poll_worker(IN(SOON_MS));

	CHECK(w != UMCG_NONE);
	return w;
}

static void wrong_callers(void)
{
	errno = 0;
	fails((long)umcg_create_group(1) - 1, EINVAL);
	fails(umcg_destroy_group(NULL), EINVAL);
	fails(umcg_register_worker(NULL, 0), EINVAL);
	fails(umcg_register_server(NULL, 0), EINVAL);
	fails(umcg_unregister_task(), EINVAL);
	fails(umcg_poll_worker(NULL), EINVAL);
	fails(umcg_run_worker(umcg_get_utid()), EINVAL);
	fails(umcg_yield(), EINVAL);
	fails(umcg_wait(NULL), EINVAL);
	fails(umcg_wake(umcg_get_utid()), ESRCH);
	fails(umcg_swap(umcg_get_utid(), NULL), EINVAL);
	fails(umcg_preempt_worker(umcg_get_utid()), ESRCH);
	fails(umcg_preempt_worker(UMCG_NONE), ESRCH);
	CHECK_EQ(umcg_get_task_state(umcg_get_utid()), UMCG_TASK_NONE);
	CHECK_EQ(umcg_get_task_state(UMCG_NONE), UMCG_TASK_NONE);
	CHECK(umcg_register_core_task(1) != UMCG_NONE);
	fails(umcg_poll_worker(NULL), EINVAL);
	fails(umcg_run_worker(umcg_get_utid()), EINVAL);
	fails(umcg_yield(), EINVAL);
	fails(umcg_register_core_task(1), EINVAL);
	CHECK_EQ(umcg_unregister_task(), 0);
}

static void wrong_calls_of_server(void)
{
	begin();
	errno = 0;
	fails(umcg_register_server(group, 0), EINVAL);
	fails(umcg_register_worker(group, 0), EINVAL);
	fails(umcg_register_core_task(0), EINVAL);
	fails(umcg_yield(), EINVAL);
	fails(umcg_run_worker(UMCG_NONE), EINVAL);
	fails(umcg_run_worker(server), EBUSY);
	fails(umcg_preempt_worker(server), ESRCH);
	fails(umcg_poll_worker(&(struct timespec){ 1, 1000000000 }), EINVAL);
	fails(umcg_poll_worker(&(struct timespec){ 1, -1 }), EINVAL);
	fails(umcg_destroy_group(group), EBUSY);
	CHECK_EQ(umcg_get_task_state(server), UMCG_TASK_RUNNING);
	end();
}

static void *call_wrongly(void *arg)
{
	static const struct timespec bad = { 1, 1000000000 };

	become_worker(0);
	errno = 0;
	fails(umcg_register_server(group, 0), EINVAL);
	fails(umcg_register_worker(group, 0), EINVAL);
	fails(umcg_poll_worker(NULL), EINVAL);
	fails(umcg_run_worker(server), EINVAL);
	fails(umcg_preempt_worker(server), ESRCH);
	fails(umcg_destroy_group(group), EBUSY);
	fails(umcg_wait(&bad), EINVAL);
	leave();
	return NULL;
}

static void wrong_calls_of_worker(void)
{
	pthread_t t;

	begin();
	start_thread(&t, call_wrongly, NULL);
	serve_until(1);
	join_thread(t);
	end();
}

static void poll_times_out(void)
{
	begin();
	for (int i = 0; i < 20; i++) {
		struct timespec until = in(5);
		long long start = now_us(CLOCK_MONOTONIC);

		CHECK_EQ(umcg_poll_worker(&until), UMCG_NONE);
		CHECK_EQ(errno, ETIMEDOUT);
		CHECK(now_us(CLOCK_MONOTONIC) - start >= 4900);
		CHECK_EQ(umcg_poll_worker(IN(-1000)), UMCG_NONE);
		CHECK_EQ(errno, ETIMEDOUT);
		CHECK_EQ(umcg_poll_worker(&(struct timespec){ 0, 0 }), UMCG_NONE);
		CHECK_EQ(errno, ETIMEDOUT);
		CHECK_EQ(umcg_get_task_state(server), UMCG_TASK_RUNNING);
	}
	end();
}

/* Several times a member, of several groups. */
static void again_and_again(void)
{
	for (int i = 0; i < 50; i++) {
		begin();
		end();
	}
}

static void *take_turns(void *arg)
{
	int i = (int)(intptr_t)arg;

	become_worker(i);
	for (int r = 0; r < ROUNDS; r++) {
		CHECK_EQ(__atomic_exchange_n(&running, 1, __ATOMIC_SEQ_CST), 0);
		if (norder < WORKERS)
			order[norder++] = i;
		else
			CHECK_EQ(i, order[norder++ % WORKERS]);
		running = 0;
		CHECK_EQ(umcg_yield(), 0);
	}
	leave();
	return NULL;
}

/* One server: one at a time, in turn. */
static void yield_is_fair(void)
{
	pthread_t t[WORKERS];

	begin();
	start_threads(t, WORKERS, take_turns);
	while (1) {	/* all runnable before the first is run */
		static umcg_tid first[WORKERS];

		for (int i = 0; i < WORKERS; i++)
			first[i] = expect_worker();
		for (int i = 0; i < WORKERS; i++)
			CHECK_EQ(umcg_run_worker(first[i]), first[i]);
		break;
	}
	serve_until(WORKERS);
	join_threads(t, WORKERS);
	CHECK_EQ(norder, WORKERS * ROUNDS);
	end();
}

static void *swap_back(void *arg)
{
	int i = (int)(intptr_t)arg;

	become_worker(i);
	if (i == 1)
		CHECK_EQ(umcg_wait(NULL), 0);
	for (int r = 0; r < ROUNDS; r++) {
		CHECK_EQ(norder++, 2 * r + i);
		if (i == 0 || r < ROUNDS - 1)
			CHECK_EQ(umcg_swap(ids[!i], IN(SOON_MS)), 0);
		else
			CHECK_EQ(umcg_wake(ids[0]), 0);
	}
	leave();
	return NULL;
}

/* A swap gives the server straight to the other; umcg_run_worker() says who came back. */
static void workers_swap(void)
{
	pthread_t t[2];
	umcg_tid back;

	begin();
	start_thread(&t[1], swap_back, (void *)1);
	back = umcg_run_worker(expect_worker());
	CHECK_EQ(back, ids[1]);
	CHECK_EQ(umcg_get_task_state(ids[1]), UMCG_TASK_IDLE);
	start_thread(&t[0], swap_back, (void *)0);
	back = umcg_run_worker(expect_worker());
	CHECK_EQ(back, ids[1]);
	serve_until(2);
	join_threads(t, 2);
	CHECK_EQ(norder, 2 * ROUNDS);
	end();
}

static void *wait_and_count(void *arg)
{
	become_worker(0);
	fails(umcg_wait(IN(10)), ETIMEDOUT);
	fails(umcg_wait(IN(-10)), ETIMEDOUT);
	CHECK_EQ(umcg_wait(NULL), 0);
	__atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
	leave();
	return NULL;
}

static void wait_times_out(void)
{
	pthread_t t;

	begin();
	start_thread(&t, wait_and_count, NULL);
	CHECK(umcg_run_worker(expect_worker()) != UMCG_NONE);
	CHECK_EQ(umcg_get_task_state(ids[0]), UMCG_TASK_IDLE);
	CHECK_EQ(umcg_poll_worker(IN(2)), UMCG_NONE);
	CHECK(umcg_run_worker(expect_worker()) != UMCG_NONE);
	CHECK_EQ(umcg_poll_worker(IN(5)), UMCG_NONE);
	CHECK_EQ(flag, 0);
	CHECK_EQ(umcg_wake(ids[0]), 0);
	CHECK_EQ(flag, 0);
	CHECK_EQ(umcg_wake(ids[0]), -1);
	CHECK_EQ(errno, EAGAIN);
	serve_until(1);
	CHECK_EQ(flag, 1);
	join_thread(t);
	CHECK_EQ(umcg_wake(ids[0]), -1);
	CHECK_EQ(errno, ESRCH);
	end();
}

/* A wake of a worker that does not wait is kept, one at most. */
static void *use_queued(void *arg)
{
	become_worker(0);
	CHECK_EQ(umcg_wake(ids[0]), 0);
	fails(umcg_wake(ids[0]), EAGAIN);
	fails(umcg_swap(ids[0], NULL), EAGAIN);
	CHECK_EQ(umcg_wait(NULL), 0);
	CHECK_EQ(umcg_wake(ids[0]), 0);
	CHECK_EQ(umcg_wait(IN(-1000)), 0);
	CHECK_EQ(umcg_swap(ids[0], NULL), 0);
	CHECK_EQ(umcg_wake(ids[0]), 0);
	CHECK_EQ(umcg_unregister_task(), 0);
	become_worker(0);
	fails(umcg_wait(IN(1)), ETIMEDOUT);	/* what was queued went with the registration */
	leave();
	return NULL;
}

static void queued_wake(void)
{
	pthread_t t;

	begin();
	start_thread(&t, use_queued, NULL);
	serve_until(1);
	join_thread(t);
	end();
}

static void *yield_once(void *arg)
{
	become_worker(0);
	CHECK_EQ(umcg_yield(), 0);
	leave();
	return NULL;
}

/* A worker is run once for each time that it was polled. */
static void double_run(void)
{
	pthread_t t;
	umcg_tid w;

	begin();
	start_thread(&t, yield_once, NULL);
	w = expect_worker();
	CHECK_EQ(umcg_poll_worker(IN(5)), UMCG_NONE);
	CHECK_EQ(umcg_run_worker(w), w);
	fails((errno = 0, umcg_run_worker(w)), EBUSY);
	CHECK_EQ(expect_worker(), w);
	CHECK_EQ(umcg_run_worker(w), w);
	fails((errno = 0, umcg_run_worker(w)), EBUSY);
	join_thread(t);
	end();
}

static void *spin(void *arg)
{
	become_worker(0);
	while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST))
		burn(10);
	leave();
	return NULL;
}

static void *preempt_it(void *arg)
{
	while (umcg_get_task_state(ids[0]) != UMCG_TASK_RUNNING)
		sleep_ms(1);
	CHECK_EQ(umcg_preempt_worker(ids[0]), 0);
	return NULL;
}

static void spinner_is_preempted(void)
{
	pthread_t t, p;
	umcg_tid w;

	begin();
	start_thread(&t, spin, NULL);
	w = expect_worker();
	ids[0] = w;
	for (int i = 0; i < 50; i++) {
		fails((errno = 0, umcg_preempt_worker(w)), EAGAIN);
		start_thread(&p, preempt_it, NULL);
		CHECK_EQ(umcg_run_worker(w), w);
		CHECK_EQ(umcg_get_task_state(w), UMCG_TASK_IDLE | UMCG_TF_PREEMPTED);
		CHECK_EQ(expect_worker(), w);
		join_thread(p);
	}
	flag = 1;
	CHECK_EQ(umcg_run_worker(w), w);
	join_thread(t);
	fails((errno = 0, umcg_preempt_worker(w)), ESRCH);
	end();
}

static void *nap(void *arg)
{
	become_worker((int)(intptr_t)arg);
	for (int i = 0; i < 5; i++) {
		sleep_ms(20);
		umcg_yield();
	}
	leave();
	return NULL;
}

static void *preempt_always(void *arg)
{
	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST))
		umcg_preempt_worker(*(umcg_tid *)arg);
	return NULL;
}

static void *yield_often(void *arg)
{
	become_worker(0);
	for (int r = 0; r < 100 * ROUNDS; r++)
		CHECK_EQ(umcg_yield(), 0);
	umcg_wait(IN(5));		/* lets the preempter see that it is done, before the id is nobody's */
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
	sleep_ms(20);
	CHECK_EQ(umcg_unregister_task(), 0);
	return NULL;
}

/* Even before it has begun to run: the server gets the right worker back. */
static void preempted_at_once(void)
{
	static umcg_tid w;
	pthread_t t, p;

	begin();
	start_thread(&t, yield_often, NULL);
	w = expect_worker();
	start_thread(&p, preempt_always, &w);
	CHECK_EQ(umcg_run_worker(w), w);
	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
		umcg_tid next = umcg_poll_worker(IN(2));

		if (next != UMCG_NONE)
			CHECK_EQ(umcg_run_worker(next), w);
	}
	join_thread(p);
	while (umcg_get_task_state(w) != UMCG_TASK_NONE) {
		umcg_tid next = umcg_poll_worker(IN(2));

		if (next != UMCG_NONE)
			umcg_run_worker(next);
	}
	join_thread(t);
	end();
}

/* The server comes back from a worker that blocks, and polls it again when its call has ended. */
static void blocked_worker(void)
{
	pthread_t t[WORKERS];



	begin();
	start_threads(t, WORKERS, nap);
	serve_until(WORKERS);
	join_threads(t, WORKERS);
	end();
}

static void *block_on_pipe(void *arg)
{
	char c;

	become_worker(0);
	CHECK_EQ(read(*(int *)arg, &c, 1), 1);
	leave();
	return NULL;
}

static void state_of_blocked_worker(void)
{
	int ends[2];
	pthread_t t;
	umcg_tid w;

	CHECK_EQ(pipe(ends), 0);
	begin();
	start_thread(&t, block_on_pipe, &ends[0]);
	w = expect_worker();
	CHECK_EQ(umcg_get_task_state(w), UMCG_TASK_IDLE);
	CHECK_EQ(umcg_run_worker(w), w);
	CHECK_EQ(umcg_get_task_state(w), UMCG_TASK_BLOCKED);
	CHECK_EQ(umcg_poll_worker(IN(5)), UMCG_NONE);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	serve_until(1);
	join_thread(t);
	CHECK_EQ(umcg_get_task_state(w), UMCG_TASK_NONE);
	end();
}

static void *nap_and_wait(void *arg)
{
	become_worker(0);
	sleep_ms(200);
	CHECK_EQ(umcg_wait(NULL), 0);
	leave();
	return NULL;
}

/* It has been blocked, and is woken while it is on its way into a wait but not polled yet. */
static void woken_as_it_comes_in(void)
{
	pthread_t t;
	umcg_tid w;

	begin();
	start_thread(&t, nap_and_wait, NULL);
	w = expect_worker();
	CHECK_EQ(umcg_run_worker(w), w);
	sleep_ms(300);
	CHECK_EQ(umcg_wake(w), 0);
	serve_until(1);
	join_thread(t);
	end();
}

/* Several servers. */

static void *serve_all(void *arg)
{
	CHECK(umcg_register_server(group, 0) != UMCG_NONE);
	serve_until((int)(intptr_t)arg);
	CHECK_EQ(umcg_unregister_task(), 0);
	return NULL;
}

static void *mixed_work(void *arg)
{
	int i = (int)(intptr_t)arg;
	unsigned seed = (unsigned)i;

	become_worker(i);
	for (int r = 0; r < ROUNDS; r++) {
		switch (rand_r(&seed) % 5) {
		case 0:
			CHECK_EQ(umcg_yield(), 0);
			break;
		case 1:
			CHECK(umcg_wait(IN(1)) == 0 || errno == ETIMEDOUT);
			break;
		case 2:
			CHECK(umcg_wake(ids[(i + 1) % WORKERS] ? ids[(i + 1) % WORKERS] : ids[i]) == 0 ||
			      errno == EAGAIN || errno == ESRCH);
			break;
		case 3:
			CHECK(umcg_swap(ids[(i + 5) % WORKERS] ? ids[(i + 5) % WORKERS] : ids[i], IN(1)) == 0 ||
			      errno == EAGAIN || errno == ESRCH || errno == ETIMEDOUT);
			break;
		case 4:
			if (r % 16 == 0)
				sleep_ms(2);
		}
	}
	leave();
	return NULL;
}

static void *mixed_work_and_stay(void *arg)
{
	mixed_work(arg);
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < WORKERS)	/* ids are valid as long as threads live */
		sleep_ms(1);
	return NULL;
}

static void several_servers(void)
{
	pthread_t s[3], t[WORKERS];

	begin();
	for (int i = 0; i < 3; i++)
		start_thread(&s[i], serve_all, (void *)WORKERS);
	start_threads(t, WORKERS, mixed_work_and_stay);
	serve_until(WORKERS);
	join_threads(t, WORKERS);
	join_threads(s, 3);
	end();
}

static int together;

/* Each runs until the other does, too: so on two servers. */
static void *meet(void *arg)
{
	long long deadline;

	become_worker((int)(intptr_t)arg);
	for (int r = 1; r <= 20; r++) {
		__atomic_add_fetch(&together, 1, __ATOMIC_SEQ_CST);
		deadline = now_us(CLOCK_MONOTONIC) + SOON_MS * 1000LL;
		while (__atomic_load_n(&together, __ATOMIC_SEQ_CST) < 2 * r)
			CHECK(now_us(CLOCK_MONOTONIC) < deadline);
		CHECK_EQ(umcg_yield(), 0);
	}
	leave();
	return NULL;
}

/* No server sleeps while two workers are runnable. */
static void work_conservation(void)
{
	pthread_t s, t[2];

	begin();
	start_thread(&s, serve_all, (void *)2);
	sleep_ms(20);		/* it sleeps in its poll */
	start_threads(t, 2, meet);
	serve_until(2);
	join_threads(t, 2);
	join_thread(s);
	end();
}

static void *sleep_and_leave(void *arg)
{
	become_worker(0);
	__atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
	leave();
	return NULL;
}

/* Any thread may wake: one that is no task, and a core task. */
static void wake_from_outside(void)
{
	pthread_t s, t;

	begin();
	start_thread(&s, serve_all, (void *)1);
	CHECK_EQ(umcg_unregister_task(), 0);
	start_thread(&t, sleep_and_leave, NULL);
	while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	sleep_ms(10);
	CHECK_EQ(umcg_wake(ids[0]), 0);
	join_thread(t);
	join_thread(s);
	CHECK_EQ(umcg_destroy_group(group), 0);
}

static void *core_task(void *arg)
{
	ids[0] = umcg_register_core_task(0);
	__atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
	CHECK_EQ(umcg_wake(server), 0);
	CHECK_EQ(umcg_unregister_task(), 0);
	return NULL;
}

/* A server may wait and wake too. */
static void server_as_task(void)
{
	pthread_t t;

	begin();
	start_thread(&t, core_task, NULL);
	while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	CHECK_EQ(umcg_swap(ids[0], IN(SOON_MS)), 0);
	join_thread(t);
	end();
}

/* Swaps that do not wait: past their time, or woken already. The other has been woken all the same, and runs. */
static void *swap_in_vain(void *arg)
{
	become_worker(0);
	for (int r = 0; r < ROUNDS; r++) {
		if (r % 2)
			CHECK_EQ(umcg_wake(ids[0]), 0);
		if (umcg_swap(ids[1], IN(-1)))
			CHECK_EQ(errno, r % 2 ? 0 : ETIMEDOUT);
		errno = 0;
		CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
	}
	leave();
	return NULL;
}

static void *wait_and_answer(void *arg)
{
	become_worker(1);
	for (int r = 0; r < ROUNDS; r++) {
		CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
		CHECK_EQ(umcg_wake(ids[0]), 0);
	}
	leave();
	return NULL;
}

static void swaps_that_do_not_wait(void)
{
	pthread_t t[2];

	begin();
	start_thread(&t[1], wait_and_answer, NULL);
	CHECK(umcg_run_worker(expect_worker()) != UMCG_NONE);
	start_thread(&t[0], swap_in_vain, NULL);
	serve_until(2);
	join_threads(t, 2);
	end();
}

/* Between workers and others a swap is a wake and a wait. */
static void *swap_with_others(void *arg)
{
	become_worker(0);
	while (!ids[1])
		umcg_yield();
	for (int r = 0; r < ROUNDS; r++)
		while (umcg_swap(ids[1], IN(SOON_MS)))
			CHECK_EQ(errno, EAGAIN);	/* it has not used its own wake up yet */
	umcg_wake(ids[1]);
	leave();
	return NULL;
}

static void *core_task_swaps(void *arg)
{
	ids[1] = umcg_register_core_task(0);
	CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
	for (int r = 0; r < ROUNDS; r++) {
		if (r % 3 == 0)
			umcg_wake(ids[1]);
		CHECK_EQ(umcg_swap(ids[0], IN(SOON_MS)), 0);
		if (r % 3 == 0)
			CHECK_EQ(umcg_wait(IN(SOON_MS)), 0);
	}
	CHECK_EQ(umcg_unregister_task(), 0);
	return NULL;
}

static void worker_swaps_with_core_task(void)
{
	pthread_t t[2];

	begin();
	start_thread(&t[1], core_task_swaps, NULL);
	start_thread(&t[0], swap_with_others, NULL);
	serve_until(1);
	join_threads(t, 2);
	end();
}

static void *end_without_a_word(void *arg)
{
	become_worker(0);
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void worker_thread_ends(void)
{
	pthread_t t;

	begin();
	start_thread(&t, end_without_a_word, NULL);
	serve_until(1);
	join_thread(t);
	CHECK_EQ(umcg_poll_worker(IN(5)), UMCG_NONE);
	CHECK_EQ(umcg_unregister_task(), 0);
	CHECK_EQ(umcg_destroy_group(group), 0);
}

/* Both functions of that name. */
static void both_waits(void)
{
	static struct umcg_task ut = { .state = UMCG_TASK_RUNNING };

	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, &ut), 0);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	errno = 0;
	fails(umcg_wait(0, 0), EINVAL);
	CHECK(umcg_register_core_task(0) != UMCG_NONE);
	fails(umcg_wait(IN(1)), ETIMEDOUT);
	CHECK_EQ(umcg_wake(umcg_get_utid()), 0);
	CHECK_EQ(umcg_wait(NULL), 0);
	CHECK_EQ(umcg_unregister_task(), 0);
	CHECK_EQ((umcg_wait)(0, 0), -1);
}

const struct check checks[] = {
	{ "wrong_callers", wrong_callers },
	{ "wrong_calls_of_server", wrong_calls_of_server },
	{ "wrong_calls_of_worker", wrong_calls_of_worker },
	{ "poll_times_out", poll_times_out },
	{ "again_and_again", again_and_again },
	{ "yield_is_fair", yield_is_fair },
	{ "workers_swap", workers_swap },
	{ "wait_times_out", wait_times_out },
	{ "queued_wake", queued_wake },
	{ "double_run", double_run },
	{ "spinner_is_preempted", spinner_is_preempted },
	{ "preempted_at_once", preempted_at_once },
	{ "blocked_worker", blocked_worker },
	{ "state_of_blocked_worker", state_of_blocked_worker },
	{ "woken_as_it_comes_in", woken_as_it_comes_in },
	{ "several_servers", several_servers },
	{ "work_conservation", work_conservation },
	{ "wake_from_outside", wake_from_outside },
	{ "server_as_task", server_as_task },
	{ "swaps_that_do_not_wait", swaps_that_do_not_wait },
	{ "worker_swaps_with_core_task", worker_swaps_with_core_task },
	{ "worker_thread_ends", worker_thread_ends },
	{ "both_waits", both_waits },
	{ 0 },
};
