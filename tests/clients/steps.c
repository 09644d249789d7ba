/* SPDX-License-Identifier: MIT */
/* Schedulers' steps; see steps.h. */
#include "steps.h"

#include <sched.h>

enum { PARTIES = 128 };

static struct party *parties[PARTIES];
static int nparties;

uint32_t state_of(struct party *p)
{
	return __atomic_load_n(&p->ut.state, __ATOMIC_SEQ_CST) & 0xffff;
}

bool try_step(struct party *p, uint32_t from, uint32_t to)
{
	uint32_t seen = __atomic_load_n(&p->ut.state, __ATOMIC_SEQ_CST);

	do
		if ((seen & 0xffff) != from)
			return false;
	while (!__atomic_compare_exchange_n(&p->ut.state, &seen, (seen & ~0xffffu) | to, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST));
	return true;
}

void step_at(const char *file, int line, struct party *p, uint32_t from, uint32_t to)
{
	char text[128];

	if (try_step(p, from, to))
		return;
	snprintf(text, sizeof(text), "task %d is in state 0x%x, not 0x%x, on its way to 0x%x", p->number, state_of(p), from, to);
	client_fail(file, line, text);
}

bool becomes(struct party *p, uint32_t state, unsigned ms)
{
	long long end = now_us(CLOCK_MONOTONIC) + ms * 1000LL;

	while (state_of(p) != state) {
		if (now_us(CLOCK_MONOTONIC) > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

void raise_flag(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
}

bool flag_is_up(int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

bool flag_rises(int *flag, unsigned ms)
{
	long long end = now_us(CLOCK_MONOTONIC) + ms * 1000LL;

	while (!flag_is_up(flag)) {
		if (now_us(CLOCK_MONOTONIC) > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

uint64_t in_ms(long ms)
{
	struct timespec t = after_ms(CLOCK_REALTIME, ms);

	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void enter_party(struct party *p, struct pool *pool)
{
	int at = __atomic_fetch_add(&nparties, 1, __ATOMIC_SEQ_CST);

	CHECK(at < PARTIES);
	p->pool = pool;
	p->tid = (uint32_t)gettid();
	p->number = at;
	__atomic_store_n(&parties[at], p, __ATOMIC_SEQ_CST);
}

struct party *party_of(uint32_t tid)
{
	for (int i = nparties < PARTIES ? nparties : PARTIES; i-- > 0;) {
		struct party *p = __atomic_load_n(&parties[i], __ATOMIC_SEQ_CST);

		if (p && p->tid == tid)
			return p;
	}
	client_fail(__FILE__, __LINE__, "no such party");
}

void server_begin(struct party *s, struct pool *pool)
{
	enter_party(s, pool);
	s->ut = (struct umcg_task){ .state = RUNNING };
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, &s->ut), 0);
	CHECK_EQ(state_of(s), RUNNING);
}

void server_end(struct party *s)
{
	CHECK_EQ(state_of(s), RUNNING);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
}

static void *server_main(void *arg)
{
	struct party *s = arg;

	server_begin(s, s->pool);
	s->act(s);
	server_end(s);
	return NULL;
}

void start_server(struct party *s, struct pool *pool, void (*act)(struct party *))
{
	s->pool = pool;
	s->act = act;
	start_thread(&s->thread, server_main, s);
}

static void *worker_main(void *arg)
{
	struct party *w = arg;

	enter_party(w, w->pool);
	w->ut = (struct umcg_task){ .state = IDLE, .idle_workers_ptr = (uintptr_t)&w->pool->idle,
				    .idle_server_tid_ptr = (uintptr_t)&w->pool->idle_server };
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &w->ut), 0);
	w->act(w);
	worker_end(w);
	return NULL;
}

void start_worker(struct party *w, struct pool *pool, void (*act)(struct party *))
{
	w->pool = pool;
	w->act = act;
	start_thread(&w->thread, worker_main, w);
}

void join_party(struct party *p)
{
	join_thread(p->thread);
}

void link_worker(struct party *s, struct party *w)
{
	uint32_t from;

	while (state_of(w) == (IDLE | LOCKED))	/* it has given its server back, and is about to make its call */
		sched_yield();
	from = state_of(w) & PREEMPTED ? IDLE | PREEMPTED : IDLE;
	STEP(s, RUNNING, IDLE);
	STEP(w, from, RUNNING | LOCKED);
	w->ut.next_tid = s->tid;
	s->ut.next_tid = w->tid;
	STEP(w, RUNNING | LOCKED, RUNNING);
}

int server_run(struct party *s, struct party *w, uint64_t timeout)
{
	link_worker(s, w);
	return umcg_wait(0, timeout) ? errno : 0;
}

bool list_is_empty(struct pool *pool)
{
	return __atomic_load_n(&pool->idle, __ATOMIC_SEQ_CST) == 0;
}

static void collect(struct party *s)
{
	struct party *first = NULL, *w = (struct party *)umcg_idle_take(&s->pool->idle), **end = &s->ready;

	for (; w; w = (struct party *)umcg_idle_next(&w->ut, &s->pool->idle)) {
		w->after = first;
		first = w;
	}
	while (*end)
		end = &(*end)->after;
	*end = first;
}

static bool swap_idle_server(struct pool *pool, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&pool->idle_server, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* S says that it is idle, looks once more, and waits. If another server has said so first, for a moment only. */
static void wait_for_worker(struct party *s, uint64_t deadline)
{
	bool published;

	STEP(s, RUNNING, IDLE);
	s->ut.next_tid = 0;
	published = swap_idle_server(s->pool, 0, s->tid);
	if (list_is_empty(s->pool))
		umcg_wait(0, published ? deadline : in_ms(1));
	if (published && !swap_idle_server(s->pool, s->tid, 0))
		umcg_wait(0, in_ms(STEP_DEADLINE_MS));	/* whoever has taken it wakes it */
	else
		try_step(s, IDLE, RUNNING);
	CHECK_EQ(state_of(s), RUNNING);
}

struct party *server_take(struct party *s, unsigned ms)
{
	uint64_t deadline = in_ms(ms);
	struct party *w;

	for (;;) {
		collect(s);
		w = s->ready;
		if (w) {
			s->ready = w->after;
			return w;
		}
		if (in_ms(0) > deadline)
			return NULL;
		wait_for_worker(s, deadline);
	}
}

void server_expect(struct party *s, struct party *w)
{
	CHECK(server_take(s, STEP_DEADLINE_MS) == w);
	CHECK_EQ(state_of(w) & UMCG_TASK_STATE_MASK, IDLE);
	CHECK(!s->ready && list_is_empty(s->pool));
}

void worker_yield(struct party *w)
{
	struct party *s = party_of(w->ut.next_tid);

	STEP(w, RUNNING, IDLE | LOCKED);
	STEP(s, IDLE, RUNNING);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(state_of(w), RUNNING);
}

void worker_switch(struct party *w, struct party *to)
{
	struct party *s = party_of(w->ut.next_tid);

	STEP(to, IDLE, RUNNING | LOCKED);
	STEP(w, RUNNING, IDLE | LOCKED);
	to->ut.next_tid = s->tid;
	s->ut.next_tid = to->tid;
	w->ut.next_tid = to->tid;
	STEP(to, RUNNING | LOCKED, RUNNING);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(state_of(w), RUNNING);
}

void worker_end(struct party *w)
{
	struct party *s = party_of(w->ut.next_tid);

	STEP(w, RUNNING, IDLE | LOCKED);
	STEP(s, IDLE, RUNNING);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
}

void server_wake(struct party *s, struct party *whom, uint32_t flags)
{
	s->ut.next_tid = whom->tid;
	CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY | flags, 0), 0);
}

void worker_wake(struct party *w, struct party *whom)
{
	uint32_t server = w->ut.next_tid;

	STEP(w, RUNNING, IDLE | LOCKED);
	w->ut.next_tid = whom->tid;
	CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), 0);
	w->ut.next_tid = server;
	STEP(w, IDLE | LOCKED, RUNNING);
}
