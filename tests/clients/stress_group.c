/* SPDX-License-Identifier: MIT */
/*
 * Groups under stress. The model: each worker that is polled was with nobody, a wake that was sent is consumed by
 * exactly one wait, and nobody who is known to be registered is said not to be.
 *
 * Who calls with another's id holds that one's gate, which is closed before it unregisters.
 */
#include "stress.h"

#include <umcg/libumcg.h>

static umcg_t group;

static struct slot {
	umcg_tid id;
	int open;		/* registered */
	int users;		/* inside its gate */
	int held;		/* a server has it from a poll */
	int active;		/* it executes */
	int worker;
	long sent, consumed;	/* wakes */
} slots[HALF_MAX];

static int nslots;

#define load(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define swap(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

static bool enter_gate(struct slot *to)
{
	__atomic_add_fetch(&to->users, 1, __ATOMIC_SEQ_CST);
	if (load(&to->open))
		return true;
	__atomic_sub_fetch(&to->users, 1, __ATOMIC_SEQ_CST);
	return false;
}

static void leave_gate(struct slot *to)
{
	__atomic_sub_fetch(&to->users, 1, __ATOMIC_SEQ_CST);
}

static struct slot *somebody(void)
{
	return &slots[pick((unsigned)load(&nslots))];
}

/* Around each call in which a worker may leave the CPU. */
static void go(struct slot *self)
{
	CHECK_EQ(swap(&self->active, 0), 1);
}

static void gone(struct slot *self)
{
	CHECK_EQ(swap(&self->active, 1), 0);
}

static struct timespec soon(void)
{
	struct timespec t = after_ms(CLOCK_REALTIME, 0);

	if (one_in(4))
		t.tv_sec--;
	t.tv_nsec += pick(200000);
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void consumed(struct slot *self, int ret)
{
	if (ret == 0)
		self->consumed++;
	else
		CHECK_EQ(errno, ETIMEDOUT);
}

static void wait(struct slot *self)
{
	struct timespec t = soon();
	int ret;

	go(self);
	ret = CALL(umcg_wait(&t));
	gone(self);
	consumed(self, ret);
}

static void wake(struct slot *self)
{
	struct slot *to = somebody();

	if (!enter_gate(to))
		return;
	if (CALL(umcg_wake(to->id)) == 0)
		__atomic_add_fetch(&to->sent, 1, __ATOMIC_SEQ_CST);
	else
		CHECK_EQ(errno, EAGAIN);
	leave_gate(to);
}

static void swap_with(struct slot *self)
{
	struct timespec t = soon();
	struct slot *to = somebody();
	int ret;

	if (!enter_gate(to))
		return;
	go(self);
	ret = CALL(umcg_swap(to->id, &t));
	gone(self);
	if (ret == 0 || errno != EAGAIN) {
		__atomic_add_fetch(&to->sent, 1, __ATOMIC_SEQ_CST);
		consumed(self, ret);
	}
	leave_gate(to);
}

/* From the second on, one is queued for sure; then a wait takes it. */
static void wake_self(struct slot *self)
{
	struct timespec past = { 1, 0 };

	if (CALL(umcg_wake(self->id)) == 0)
		__atomic_add_fetch(&self->sent, 1, __ATOMIC_SEQ_CST);
	else
		CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(CALL(umcg_wake(self->id)), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(CALL(umcg_wait(&past)), 0);
	self->consumed++;
}

static void preempt(void)
{
	struct slot *to = somebody();

	if (!enter_gate(to))
		return;
	if (CALL(umcg_preempt_worker(to->id)))
		CHECK(errno == EAGAIN || (errno == ESRCH && !to->worker));
	leave_gate(to);
}

static void look(void)
{
	struct slot *to = somebody();
	uint32_t state;

	if (!enter_gate(to))
		return;
	state = CALL(umcg_get_task_state(to->id));
	CHECK((state & UMCG_TASK_STATE_MASK) >= RUNNING && (state & UMCG_TASK_STATE_MASK) <= BLOCKED);
	CHECK(to->worker || !(state & PREEMPTED));
	CHECK_EQ(CALL(umcg_get_task_tag(to->id)), to - slots);
	leave_gate(to);
}

static void fail_as(struct slot *self, enum life as)
{
	errno = 0;
	switch (pick(4)) {
	case 0:
		CHECK_EQ(CALL(umcg_register_worker(group, 0)), UMCG_NONE);
		break;
	case 1:
		CHECK_EQ(CALL(umcg_register_core_task(0)), UMCG_NONE);
		break;
	case 2:
		CHECK_EQ(CALL(as == LIFE_SERVER ? umcg_yield() : umcg_poll_worker(NULL) - 1), -1);
		break;
	case 3:
		CHECK_EQ(CALL(umcg_run_worker(UMCG_NONE)), UMCG_NONE);
	}
	CHECK_EQ(errno, EINVAL);
}

static void any_task(struct slot *self, enum life as)
{
	switch (pick(16)) {
	case 0:
		wait(self);
		break;
	case 1:
	case 2:
		swap_with(self);
		break;
	case 3:
		wake_self(self);
		break;
	case 4:
		fail_as(self, as);
		break;
	case 5:
		preempt();
		break;
	case 6:
	case 7:
		look();
		break;
	default:
		wake(self);
	}
}

static void work(struct slot *self)
{
	if (one_in(500)) {
		sleep_us(pick(3000));
	} else if (one_in(500)) {
		burn(pick(100000));
	} else if (one_in(3)) {
		go(self);
		CHECK_EQ(CALL(umcg_yield()), 0);
		gone(self);
	} else {
		any_task(self, LIFE_WORKER);
	}
}

/* Poll one worker and run it. */
static void serve(void)
{
	struct timespec t = soon();
	umcg_tid w = CALL(umcg_poll_worker(&t)), back;
	struct slot *slot;

	if (w == UMCG_NONE) {
		CHECK_EQ(errno, ETIMEDOUT);
		return;
	}
	slot = &slots[umcg_get_task_tag(w)];
	CHECK_EQ(slot->id, w);
	CHECK_EQ(swap(&slot->held, 1), 0);
	if (one_in(8))
		burn(pick(2000));
	CHECK_EQ(swap(&slot->held, 0), 1);
	back = CALL(umcg_run_worker(w));
	CHECK(back != UMCG_NONE);
}

static void act(struct slot *self, enum life as)
{
	if (as == LIFE_WORKER)
		work(self);
	else if (as == LIFE_SERVER && !one_in(8))
		serve();
	else
		any_task(self, as);
}

static void enter(struct slot *self, enum life as)
{
	int me = (int)(self - slots);

	self->id = umcg_get_utid();
	CHECK_EQ(CALL(umcg_unregister_task()), -1);
	CHECK_EQ(CALL(umcg_wake(self->id)), -1);
	CHECK_EQ(errno, ESRCH);
	self->sent = self->consumed = 0;
	self->worker = as == LIFE_WORKER;
	store(&self->active, 0);
	CHECK_EQ(CALL(as == LIFE_WORKER ? umcg_register_worker(group, me) :
		      as == LIFE_SERVER ? umcg_register_server(group, me) : umcg_register_core_task(me)), self->id);
	gone(self);
	store(&self->open, 1);
}

/* Nobody may be in the gate any more; among them may be workers that this server is to run. */
static void close_gate(struct slot *self, enum life as)
{
	store(&self->open, 0);
	while (load(&self->users)) {
		if (as == LIFE_SERVER)
			serve();
		else if (as == LIFE_WORKER)
			CALL(umcg_yield());
		else
			sleep_us(100);
	}
}

static void leave(struct slot *self, enum life as)
{
	struct timespec past = { 1, 0 };

	close_gate(self, as);
	CHECK(self->sent - self->consumed == 0 || self->sent - self->consumed == 1);
	if (one_in(2))		/* else it goes with the registration */
		consumed(self, CALL(umcg_wait(&past)));
	CHECK(self->sent - self->consumed <= 1);
	go(self);
	CHECK_EQ(CALL(umcg_unregister_task()), 0);
}

static void live(int me, enum life as)
{
	struct slot *self = &slots[me];

	if (as == LIFE_ANY)
		as = (enum life)pick(3);
	enter(self, as);
	for (unsigned n = 10 + pick(1000); n-- && !over();)
		act(self, as);
	leave(self, as);
}

static void serve_last(int me)
{
	enter(&slots[me], LIFE_SERVER);
	while (others_alive(&group_half))
		act(&slots[me], LIFE_SERVER);
	leave(&slots[me], LIFE_SERVER);
}

static void begin(void)
{
	group = umcg_create_group(0);
	CHECK(group);
	store(&nslots, HALF_MAX);
}

static void end(void)
{
	CHECK_EQ(umcg_destroy_group(group), 0);
	for (int i = 0; i < HALF_MAX; i++)
		CHECK(!slots[i].held && !slots[i].users && !slots[i].active);
}

const struct half group_half = { begin, live, serve_last, preempt, end };
