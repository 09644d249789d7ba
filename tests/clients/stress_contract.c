/* SPDX-License-Identifier: MIT */
/*
 * A scheduler by the contract of UMCG v0.4 under stress. The model: each worker is in one place, which is
 *
 *  LIST   the runtime's: on the idle list, blocked, or in a wait of limited time
 *  SHELF  idle, for whichever server takes it
 *  HELD   one server's, or one worker's that is about to switch to it
 *  RUN    it executes. It may block, or be preempted, without writing LIST: so who
 *         finds it on the idle list takes RUN for LIST
 */
#include "stress.h"

enum place { NOWHERE, LIST, SHELF, HELD, RUN };

static struct member {
	struct party party;
	enum place place;
	int active;
	enum life as;
} members[HALF_MAX];

static struct pool pool;
static struct member *shelf[HALF_MAX];

#define load(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define swap(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

static void move(struct member *m, enum place from, enum place to)
{
	CHECK_EQ(swap(&m->place, to), from);
}

/* One of the user's bits: it is RUNNING without a server, on its way to the list, and must not be preempted. */
#define UNLINKED (1u << 24)

static void link_to(struct member *w, uint32_t server)
{
	w->party.ut.next_tid = server;
	if (server)
		__atomic_and_fetch(&w->party.ut.state, ~UNLINKED, __ATOMIC_SEQ_CST);
	else
		__atomic_or_fetch(&w->party.ut.state, UNLINKED, __ATOMIC_SEQ_CST);
}

static struct member *member_of(uint32_t tid)
{
	for (int i = 0; i < HALF_MAX; i++)
		if (load(&members[i].party.tid) == tid)
			return &members[i];
	client_fail(__FILE__, __LINE__, "a tid of nobody's");
}

static void put_on_shelf(struct member *w, enum place from)
{
	move(w, from, SHELF);
	for (int i = 0;; i = (i + 1) % HALF_MAX) {
		struct member *none = NULL;

		if (__atomic_compare_exchange_n(&shelf[i], &none, w, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
	}
}

static struct member *take_from_shelf(void)
{
	for (unsigned i = 0, from = pick(HALF_MAX); i < HALF_MAX; i++) {
		struct member **at = &shelf[(from + i) % HALF_MAX], *w = load(at) ? swap(at, NULL) : NULL;

		if (!w)
			continue;
		move(w, SHELF, HELD);
		return w;
	}
	return NULL;
}

static void go(struct member *w)
{
	CHECK_EQ(swap(&w->active, 0), 1);
}

static void gone(struct member *w)
{
	CHECK_EQ(swap(&w->active, 1), 0);
	CHECK_EQ(load(&w->place), RUN);
	CHECK_EQ(gettid(), (pid_t)w->party.tid);
}

static uint64_t soon(void)
{
	return in_ms(one_in(4) ? -1 : 0) + pick(200000);
}

/* To a state of its own: it may have been found to block, or be wanted to give way, up to the moment that it is LOCKED. */
static void leave_running(struct member *w, uint32_t to)
{
	while (!try_step(&w->party, RUNNING, to) && !try_step(&w->party, RUNNING | PREEMPTED, to)) {
		go(w);
		CHECK_EQ(CALL(umcg_wait(0, 0)), 0);
		gone(w);
	}
}

static struct member *release_server(struct member *w)
{
	struct member *s = member_of(w->party.ut.next_tid);

	STEP(&s->party, IDLE, RUNNING);
	return s;
}

/* The states have been changed. A server whose wait had timed out may have seen its own before, and be gone. */
static int wait_call(struct member *w, uint64_t timeout)
{
	int ret;

	go(w);
	ret = CALL(umcg_wait(0, timeout));
	if (ret && errno == ESRCH) {
		w->party.ut.next_tid = 0;
		ret = CALL(umcg_wait(0, timeout));
	}
	gone(w);
	return ret ? errno : 0;
}

static void yield(struct member *w)
{
	leave_running(w, IDLE | LOCKED);
	put_on_shelf(w, RUN);
	release_server(w);
	CHECK_EQ(wait_call(w, 0), 0);
}

static void wait_shortly(struct member *w)
{
	leave_running(w, IDLE | LOCKED);
	move(w, RUN, LIST);
	release_server(w);
	CHECK_EQ(wait_call(w, soon()), ETIMEDOUT);
}

/* By a call of its own: the worker goes on. */
static void wake_server(struct member *w)
{
	release_server(w);
	CHECK(CALL(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0)) == 0 || errno == ESRCH);
}

/* RUNNING without a server: at once on the list. */
static void to_the_list(struct member *w)
{
	leave_running(w, IDLE | LOCKED);
	wake_server(w);
	move(w, RUN, LIST);
	link_to(w, 0);
	go(w);
	STEP(&w->party, IDLE | LOCKED, RUNNING);
	CHECK_EQ(CALL(umcg_wait(0, 0)), 0);
	gone(w);
}

/* Claim a worker that is held: it may be on its way to sleep still. */
static bool claim(struct member *w)
{
	return try_step(&w->party, IDLE, RUNNING | LOCKED) || try_step(&w->party, IDLE | PREEMPTED, RUNNING | LOCKED);
}

static void switch_to_another(struct member *w)
{
	struct member *to = take_from_shelf(), *s;

	if (!to)
		return;
	if (!claim(to)) {
		put_on_shelf(to, HELD);
		return;
	}
	leave_running(w, IDLE | LOCKED);
	s = member_of(w->party.ut.next_tid);
	put_on_shelf(w, RUN);
	move(to, HELD, RUN);
	link_to(to, s->party.tid);
	s->party.ut.next_tid = to->party.tid;
	w->party.ut.next_tid = to->party.tid;
	STEP(&to->party, RUNNING | LOCKED, RUNNING);
	go(w);
	CHECK_EQ(CALL(umcg_wait(0, 0)), 0);
	gone(w);
}

/* Of a worker on the shelf: it comes to the list. From a worker or a server. */
static void wake_another(struct member *self)
{
	struct member *to = take_from_shelf();
	uint32_t server = 0;

	if (!to)
		return;
	if (!claim(to)) {
		put_on_shelf(to, HELD);
		return;
	}
	if (self->as == LIFE_WORKER) {
		leave_running(self, IDLE | LOCKED);
		server = self->party.ut.next_tid;
	}
	link_to(to, 0);
	self->party.ut.next_tid = to->party.tid;
	move(to, HELD, LIST);
	STEP(&to->party, RUNNING | LOCKED, RUNNING);
	CHECK_EQ(CALL(umcg_wait(UMCG_WAIT_WAKE_ONLY | (one_in(2) ? UMCG_WAIT_WF_CURRENT_CPU : 0), 0)), 0);
	self->party.ut.next_tid = server;
	if (self->as == LIFE_WORKER)
		STEP(&self->party, IDLE | LOCKED, RUNNING);
}

/* Calls of a server or of a LOCKED worker that must fail. */
static void fail(struct member *self)
{
	uint32_t before;

	if (self->as == LIFE_WORKER)
		leave_running(self, IDLE | LOCKED);
	before = self->party.ut.next_tid;
	self->party.ut.next_tid = 0x3fffffff;
	CHECK_EQ(CALL(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0)), -1);
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(CALL(umcg_wait(UMCG_WAIT_WAKE_ONLY, 1)), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(CALL(umcg_wait(4 << pick(20), 0)), -1);
	CHECK_EQ(errno, EINVAL);
	self->party.ut.next_tid = 0;
	CHECK_EQ(CALL(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0)), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(CALL(umcg_ctl(UMCG_CTL_REGISTER, &self->party.ut)), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(CALL(umcg_ctl(UMCG_CTL_UNREGISTER, &self->party.ut)), -1);
	CHECK_EQ(errno, EINVAL);
	self->party.ut.next_tid = before;
	if (self->as == LIFE_WORKER)
		STEP(&self->party, IDLE | LOCKED, RUNNING);
}

static void preempt(void)
{
	struct member *w = &members[pick(HALF_MAX)];

	uint32_t seen = RUNNING;

	if (load(&w->as) == LIFE_WORKER)
		__atomic_compare_exchange_n(&w->party.ut.state, &seen, RUNNING | PREEMPTED, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
}

static void work(struct member *w)
{
	if (one_in(500))
		sleep_us(pick(3000));
	else if (one_in(500))
		burn(pick(100000));
	else if (one_in(64))
		wait_shortly(w);
	else if (one_in(64))
		preempt();
	else if (one_in(200))
		to_the_list(w);
	else
		switch (pick(8)) {
		case 0:
		case 1:
			fail(w);
			break;
		case 2:
		case 3:
			wake_another(w);
			break;
		case 4:
		case 5:
			switch_to_another(w);
			break;
		default:
			yield(w);
		}
}

/* The list, as a whole: all of it is this server's now, and goes on the shelf. */
static void empty_list(void)
{
	struct umcg_task *ut = umcg_idle_take(&pool.idle);

	while (ut) {
		struct member *w = (struct member *)ut;
		enum place from;

		ut = umcg_idle_next(ut, &pool.idle);
		CHECK_EQ(state_of(&w->party) & UMCG_TASK_STATE_MASK, IDLE);
		from = swap(&w->place, HELD);
		CHECK(from == LIST || from == RUN);
		put_on_shelf(w, HELD);
	}
}

static bool swap_idle_server(uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&pool.idle_server, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void wait_for_list(struct member *s)
{
	bool published;

	STEP(&s->party, RUNNING, IDLE);
	s->party.ut.next_tid = 0;
	published = swap_idle_server(0, s->party.tid);
	if (!list_is_empty(&pool))
		;
	else if (CALL(umcg_wait(0, soon() + 100000)))
		CHECK_EQ(errno, ETIMEDOUT);
	if (published && !swap_idle_server(s->party.tid, 0))
		CHECK_EQ(CALL(umcg_wait(0, 0)), 0);
	else
		try_step(&s->party, IDLE, RUNNING);
	CHECK_EQ(state_of(&s->party), RUNNING);
}

static void run(struct member *s, struct member *w)
{
	if (!claim(w)) {
		put_on_shelf(w, HELD);
		return;
	}
	STEP(&s->party, RUNNING, IDLE);
	link_to(w, s->party.tid);
	s->party.ut.next_tid = w->party.tid;
	move(w, HELD, RUN);
	STEP(&w->party, RUNNING | LOCKED, RUNNING);
	if (CALL(umcg_wait(0, one_in(64) ? soon() : 0)) == 0) {
		CHECK_EQ(state_of(&s->party), RUNNING);
		return;
	}
	/* Its worker, or one that it has switched to, goes on; and will give it back. */
	CHECK_EQ(errno, ETIMEDOUT);
	s->party.ut.next_tid = 0;
	CHECK_EQ(CALL(umcg_wait(0, 0)), 0);
	CHECK_EQ(state_of(&s->party), RUNNING);
}

static void serve(struct member *s)
{
	struct member *w;

	if (one_in(64))
		preempt();
	if (one_in(32))
		fail(s);
	if (one_in(16))
		wake_another(s);
	empty_list();
	w = take_from_shelf();
	if (w)
		run(s, w);
	else
		wait_for_list(s);
	CHECK_EQ(gettid(), (pid_t)s->party.tid);
}

static void enter(struct member *m, enum life as)
{
	store(&m->party.tid, (uint32_t)gettid());
	m->as = as;
	m->party.ut.next_tid = 0;
	if (as == LIFE_SERVER) {
		m->party.ut.idle_workers_ptr = m->party.ut.idle_server_tid_ptr = 0;
		store(&m->party.ut.state, RUNNING);
		CHECK_EQ(CALL(umcg_ctl(UMCG_CTL_REGISTER, &m->party.ut)), 0);
		return;
	}
	m->party.ut.idle_workers_ptr = (uintptr_t)&pool.idle;
	m->party.ut.idle_server_tid_ptr = (uintptr_t)&pool.idle_server;
	store(&m->party.ut.state, IDLE);
	store(&m->active, 0);
	move(m, NOWHERE, LIST);
	CHECK_EQ(CALL(umcg_ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &m->party.ut)), 0);
	gone(m);
}

static void leave(struct member *m)
{
	if (m->as == LIFE_WORKER) {
		leave_running(m, IDLE | LOCKED);
		wake_server(m);
		move(m, RUN, NOWHERE);
		go(m);
	}
	CHECK_EQ(CALL(umcg_ctl(UMCG_CTL_UNREGISTER, NULL)), 0);
	store(&m->as, LIFE_ANY);
}

static void live(int me, enum life as)
{
	struct member *self = &members[me];

	if (as == LIFE_ANY)
		as = (enum life)pick(2);
	enter(self, as);
	for (unsigned n = 10 + pick(1000); n-- && !over();)
		as == LIFE_WORKER ? work(self) : serve(self);
	leave(self);
}

static void serve_last(int me)
{
	enter(&members[me], LIFE_SERVER);
	while (others_alive(&contract_half))
		serve(&members[me]);
	leave(&members[me]);
}

static void begin(void)
{
	for (int i = 0; i < HALF_MAX; i++)
		members[i].as = LIFE_ANY;
}

static void end(void)
{
	CHECK(list_is_empty(&pool));
	CHECK_EQ(pool.idle_server, 0);
	for (int i = 0; i < HALF_MAX; i++)
		CHECK(members[i].place == NOWHERE && !members[i].active && !shelf[i]);
}

const struct half contract_half = { begin, live, serve_last, preempt, end };
