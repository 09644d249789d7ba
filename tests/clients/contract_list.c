/* SPDX-License-Identifier: MIT */
/* Idle lists: the order of pushes, the pending sentinel, many pushers at a time. */
#include "steps.h"

enum { MANY = 48, PUSHERS = 8, PUSHES = 20000, ROUNDS = 100 };

static struct pool pool;
static struct party s1, s2, many[MANY];
static int flag, done;

static void nothing(struct party *w)
{
}

/* Last in, first out; each link leads to the link before, and to the head again once it was taken. */
static void order_of_pushes(void)
{
	struct umcg_task *ut;

	server_begin(&s1, &pool);
	for (int i = 0; i < MANY; i++) {
		start_worker(&many[i], &pool, nothing);
		while (__atomic_load_n(&pool.idle, __ATOMIC_SEQ_CST) != (uintptr_t)&many[i].ut.idle_workers_ptr)
			sleep_ms(1);
	}
	CHECK_EQ(many[MANY - 1].ut.idle_workers_ptr, (uintptr_t)&many[MANY - 2].ut.idle_workers_ptr);
	CHECK_EQ(many[0].ut.idle_workers_ptr, 0);
	ut = umcg_idle_take(&pool.idle);
	CHECK(list_is_empty(&pool));
	CHECK(!umcg_idle_take(&pool.idle));
	for (int i = MANY; i-- > 0;) {
		struct umcg_task *this = ut;

		CHECK(this == &many[i].ut);
		ut = umcg_idle_next(this, &pool.idle);
		CHECK_EQ(this->idle_workers_ptr, (uintptr_t)&pool.idle);
	}
	CHECK(!ut);
	for (int i = 0; i < MANY; i++) {
		CHECK_EQ(server_run(&s1, &many[i], 0), 0);
		join_party(&many[i]);
	}
	server_end(&s1);
}

static void *store_late(void *arg)
{
	sleep_ms(20);
	raise_flag(&flag);
	__atomic_store_n(&many[1].ut.idle_workers_ptr, (uintptr_t)&many[0].ut.idle_workers_ptr, __ATOMIC_RELEASE);
	return NULL;
}

/* A consumer that meets a push in its middle waits for the rest. */
static void pending_link(void)
{
	struct umcg_task *ut;
	pthread_t t;

	pool.idle = (uintptr_t)&many[1].ut.idle_workers_ptr;
	many[1].ut.idle_workers_ptr = UMCG_IDLE_PENDING;
	many[0].ut.idle_workers_ptr = 0;
	start_thread(&t, store_late, NULL);
	ut = umcg_idle_take(&pool.idle);
	CHECK(ut == &many[1].ut);
	ut = umcg_idle_next(ut, &pool.idle);
	CHECK(flag_is_up(&flag));
	CHECK(ut == &many[0].ut);
	CHECK(!umcg_idle_next(ut, &pool.idle));
	join_thread(t);
}

/* The pusher's side as the runtime does it, with a pause in the middle now and then. */
static struct node {
	struct umcg_task ut;
	int pusher, number;
} *nodes;

static void *push_nodes(void *arg)
{
	struct node *n = nodes + (intptr_t)arg * PUSHES;

	for (int i = 0; i < PUSHES; i++, n++) {
		uint64_t before;

		n->pusher = (int)(intptr_t)arg;
		n->number = i;
		n->ut.idle_workers_ptr = UMCG_IDLE_PENDING;
		before = __atomic_exchange_n(&pool.idle, (uintptr_t)&n->ut.idle_workers_ptr, __ATOMIC_SEQ_CST);
		if (i % 512 == 0)
			sched_yield();
		__atomic_store_n(&n->ut.idle_workers_ptr, before, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* None lost, none twice, and each pusher's own in its order. */
static void many_pushers(void)
{
	int seen[PUSHERS] = { 0 };
	pthread_t t[PUSHERS];

	nodes = aligned_alloc(64, sizeof(*nodes) * PUSHERS * PUSHES);
	CHECK(nodes);
	memset(nodes, 0, sizeof(*nodes) * PUSHERS * PUSHES);
	start_threads(t, PUSHERS, push_nodes);
	for (int total = 0; total < PUSHERS * PUSHES;) {
		struct umcg_task *ut = umcg_idle_take(&pool.idle);
		int least[PUSHERS], taken[PUSHERS] = { 0 };

		for (int i = 0; i < PUSHERS; i++)
			least[i] = PUSHES;
		if (!ut)
			sched_yield();
		for (; ut; total++) {
			struct node *n = (struct node *)ut;

			CHECK(n->number < least[n->pusher]);
			least[n->pusher] = n->number;
			taken[n->pusher]++;
			ut = umcg_idle_next(ut, &pool.idle);
		}
		for (int i = 0; i < PUSHERS; i++) {
			CHECK(!taken[i] || least[i] == seen[i]);
			seen[i] += taken[i];
		}
	}
	join_threads(t, PUSHERS);
	CHECK(list_is_empty(&pool));
	free(nodes);
}

/* Workers push themselves, some of them as a call of theirs ends. */
static void come_by_the_list(struct party *w)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t server = w->ut.next_tid;

		CHECK_EQ(gettid(), (pid_t)w->tid);
		if (i % 10 == 0) {
			sleep_ms(1);
			while (!try_step(w, RUNNING, RUNNING))
				CHECK_EQ(umcg_wait(0, 0), 0);
			continue;
		}
		STEP(w, RUNNING, IDLE | LOCKED);
		STEP(party_of(server), IDLE, RUNNING);
		CHECK_EQ(umcg_wait(0, in_ms(0)), -1);	/* its time is over: by the list */
		CHECK_EQ(errno, ETIMEDOUT);
	}
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

static void serve(struct party *s)
{
	while (__atomic_load_n(&done, __ATOMIC_SEQ_CST) < MANY) {
		struct party *w = server_take(s, 3);

		if (!w)
			continue;
		CHECK_EQ(state_of(w), IDLE);
		CHECK_EQ(w->ut.idle_workers_ptr, (uintptr_t)&pool.idle);
		CHECK_EQ(server_run(s, w, in_ms(STEP_DEADLINE_MS)), 0);
	}
}

static void workers_push_themselves(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, serve);
	for (int i = 0; i < MANY; i++)
		start_worker(&many[i], &pool, come_by_the_list);
	serve(&s1);
	join_party(&s2);
	for (int i = 0; i < MANY; i++)
		join_party(&many[i]);
	CHECK(list_is_empty(&pool));
	server_end(&s1);
}

const struct check checks[] = {
	{ "order_of_pushes", order_of_pushes },
	{ "pending_link", pending_link },
	{ "many_pushers", many_pushers },
	{ "workers_push_themselves", workers_push_themselves },
	{ 0 },
};
