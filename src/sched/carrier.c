/* SPDX-License-Identifier: MIT */
/*
 * Carriers: the kernel threads that execute servers.
 *
 * They are raw threads that the libc does not know: it neither counts nor
 * signals them, and making one allocates nothing from the libc. Their own
 * context runs runtime code only; its thread pointer leads to a block that
 * holds this library's thread-local data and nothing else.
 */
#include "core/state.h"
#include "sched/account.h"
#include "sched/broadcast.h"
#include "sched/contract.h"
#include "sched/poller.h"
#include "sched/signal.h"
#include "base/text.h"

#include <errno.h>
#include <sys/prctl.h>

enum {
	CARRIER_STACK = 64 << 10,
	CARRIER_ALTSTACK = 64 << 10,	/* synchronous faults of workers that overflowed their stack */
	SWITCHES_PER_LOOK = 64,
	SWITCHES_PER_BALANCE = 512,
	CARRIER_TCB = 4096,		/* above the thread pointer: self pointer, canary */
	SPARE_MS = 1000,		/* one spare waits for ever, others for so long */
};

/* After a switch: finish what the context left behind has begun. */
void carrier_post(struct carrier *c)
{
	enum post post = c->post;
	struct task *t = c->post_task;

	c->post = POST_NONE;
	if (post != POST_NONE && !t->role)
		store_relaxed(&t->carrier, NULL);	/* who interrupts t must not interrupt another on c */
	switch (post) {
	case POST_NONE:
		break;
	case POST_PARK:
		if (!c->server)
			timer_watch();
		if (t->role)
			worker_blocked(t);
		else
			state_set(t->ut, UMCG_TASK_IDLE);
		/* From the CAS on anybody may run it. Pairs with task_notify(). */
		if (cas_acq_rel(&t->run, RUN_RUNNING, RUN_PARKED))
			break;
		swap_acquire(&t->run, RUN_RUNNING);	/* woken before it slept */
		/* fall through */
	case POST_YIELD:
		if (t->role) {
			worker_settle(t, SETTLE_YIELDS);
			break;
		}
		state_set(t->ut, UMCG_TASK_IDLE);
		if (c->server)
			server_push(c->server, t);
		else
			server_push_remote(t);
		break;
	case POST_HOME:
		if (t->role == ROLE_WORKER)
			worker_coupled(t);
		else if (!t->role)
			state_set(t->ut, UMCG_TASK_BLOCKED);
		/* fall through */
	case POST_DEPART:
		task_send_home(t);
		break;
	case POST_SETTLE:
		worker_settle(t, SETTLE_SLEEPS);
		break;
	}
}

/*
 * What idle servers do, a busy one does now and then. Workers that yield to each other may be waiting for one
 * whose carrier wants this CPU.
 */
static void look_round(struct server *s, enum post post)
{
	if (likely(s->switches % SWITCHES_PER_LOOK))
		return;
	poller_look_if_wanted();
	if (s->switches % SWITCHES_PER_BALANCE == 0)
		server_balance(s);
	if (post == POST_YIELD)
		sys_sched_yield();
}

/*
 * Leave t's context: for chosen if it can be had, else for the next worker of
 * this server, else for the carrier's own context. At home: for the park stack.
 * False if t yields and there is nobody to yield to.
 */
bool carrier_switch(struct task *t, enum post post, struct task *chosen)
{
	struct carrier *c = t->carrier;
	struct server *s;
	struct task *next = NULL;

	if (unlikely(t->role)) {
		worker_leave(t, post, NULL);
		return true;
	}
	if (!c) {
		home_switch(t, post);
		goto back;
	}
	s = c->server;
	if (s && chosen && chosen->queued_on == s && server_claim(s, chosen)) {
		next = chosen;
		next->lent = next->preempted;
		s->swaps++;
	} else if (s) {
		look_round(s, post);
		next = server_pick(s);
	}
	if (!next && post == POST_YIELD && s)
		return false;
	c->post = post;
	c->post_task = t;
	if (next) {
		s->switches++;
		next->last = s;
		next->carrier = c;
		next->preempted = false;
		state_set(next->ut, UMCG_TASK_RUNNING);
		store_relaxed(&s->current, next);
		timer_watch();
		account_switch(c, t);
		arch_switch(&t->ctx, &next->ctx);
	} else {
		account_switch(c, t);
		c->uncharged = t;
		arch_switch(&t->ctx, &c->task->ctx);
	}
back:
	if (t->carrier)
		carrier_post(t->carrier);
	return true;
}

/* What it has used until now was for the worker that it ran last, what it uses to wake up is nobody's. */
static void rest(struct carrier *c)
{
	if (c->uncharged)
		account_charge(c, c->uncharged);
	c->uncharged = NULL;
	server_sleep(c->server);
	account_begin(c);
}

/* Run workers until none is left or the server has been taken away. */
static void run_workers(struct carrier *c)
{
	struct task *next = server_pick(c->server);

	if (!next)
		next = servers_steal(c->server);
	if (load_relaxed(&umcg_rt.searching)) {
		struct server *more = servers_searched();

		if (next && more)
			servers_wake_one(more);
	}
	if (!next) {
		if (!poller_look_if_wanted())
			rest(c);
		timers_run(host_now());
		return;
	}
	c->server->switches++;
	next->last = c->server;
	next->carrier = c;
	next->preempted = false;
	state_set(next->ut, UMCG_TASK_RUNNING);
	state_set(&c->server->ut, UMCG_TASK_IDLE);
	store_relaxed(&c->server->current, next);
	if (server_has_waiting(c->server))
		server_watch(c->server);
	monitor_poke();
	arch_switch(&c->task->ctx, &next->ctx);
	if (c->server) {
		state_set(&c->server->ut, UMCG_TASK_RUNNING);
		store_relaxed(&c->server->current, NULL);
	}
	carrier_post(c);
}

void carrier_put_spare(struct carrier *c)
{
	lock_acquire(&umcg_rt.carrier_lock);
	store_relaxed(&c->word, 0);
	c->next_spare = umcg_rt.spare;
	store_relaxed(&umcg_rt.spare, c);
	store_relaxed(&umcg_rt.nspares, umcg_rt.nspares + 1);
	lock_release(&umcg_rt.carrier_lock);
}

static struct carrier *take_spare_locked(struct carrier **link)
{
	struct carrier *c = *link;

	if (c) {
		store_relaxed(link, c->next_spare);
		store_relaxed(&umcg_rt.nspares, umcg_rt.nspares - 1);
	}
	return c;
}

static struct carrier **find_spare_locked(struct carrier *c)
{
	struct carrier **link = &umcg_rt.spare;

	while (*link && *link != c)
		link = &(*link)->next_spare;
	return link;
}

/*
 * A watcher may have woken c, any spare, for a server whose carrier sleeps: c takes the server itself. If
 * somebody else has taken c from the list meanwhile, it will be given a server, or put back.
 */
static bool relieve(struct carrier *c)
{
	struct carrier *mine;

	for (unsigned i = 0; i < load_acquire(&umcg_rt.nservers); i++) {
		struct server *s = &umcg_rt.servers[i];

		if (!load_relaxed(&s->asleep))
			continue;
		lock_acquire(&umcg_rt.carrier_lock);
		mine = take_spare_locked(find_spare_locked(c));
		lock_release(&umcg_rt.carrier_lock);
		if (!mine)
			return false;
		if (server_relieve(s, c))
			return true;
		carrier_put_spare(c);
	}
	return false;
}

/* c has waited for long enough: true if it has left the list to end. Else until when it waits on. */
static bool retires(struct carrier *c, uint64_t now, uint64_t *until)
{
	struct carrier **link, *mine = NULL;

	lock_acquire(&umcg_rt.carrier_lock);
	link = find_spare_locked(c);
	*until = *link && umcg_rt.nspares == 1 ? NO_DEADLINE : now + SPARE_MS * NSEC_PER_MSEC;
	if (*until != NO_DEADLINE)
		mine = take_spare_locked(link);
	lock_release(&umcg_rt.carrier_lock);
	return mine != NULL;
}

/* Until it has a server, or the runtime stops. False if c is one spare too many. */
static bool wait_as_spare(struct carrier *c)
{
	uint64_t until = NO_DEADLINE, now = 0;

	carrier_put_spare(c);
	if (load_relaxed(&umcg_rt.nspares) > 1)
		until = host_now() + SPARE_MS * NSEC_PER_MSEC;
	while (!load_acquire(&c->word) && !relieve(c)) {	/* pairs with carrier_give_server() */
		if (until != NO_DEADLINE && (now = host_now()) >= until && retires(c, now, &until))
			return false;
		sys_futex_wait(&c->word, 0, until);
	}
	return true;
}

static void carrier_loop(struct carrier *c)
{
	while (!load_acquire(&umcg_rt.stop)) {		/* pairs with end_carriers() */
		if (carrier_is_members(c))
			carrier_run_boss(c);
		else if (c->server)
			run_workers(c);
		else if (!wait_as_spare(c))
			return;
	}
}

static void set_name(struct server *s)
{
	struct text t = { 0 };

	text_str(&t, "umcg/");
	if (s)
		text_dec(&t, s->id);
	else
		text_str(&t, "spare");
	t.buf[t.len] = 0;
	syscall3(SYS_prctl, PR_SET_NAME, (long)t.buf, 0);
}

static int carrier_main(void *arg)
{
	struct carrier *c = arg;

	umcg_self = c->task;
	set_name(c->server);
	signal_carrier_init();
	if (!c->server)
		store_release(&umcg_rt.spare_comes, false);	/* pairs with carrier_create_spare() */
	carrier_loop(c);
	add_relaxed(&umcg_rt.leavers, 1);
	monitor_poke();
	return 0;
}

struct carrier *carrier_take_spare(void)
{
	struct carrier *c;

	lock_acquire(&umcg_rt.carrier_lock);
	c = take_spare_locked(&umcg_rt.spare);
	lock_release(&umcg_rt.carrier_lock);
	return c;
}

/* A CPU mask as large as the kernel's may be. */
void carrier_follow(struct carrier *c, int tid)
{
	unsigned long mask[128];
	long size = syscall3(SYS_sched_getaffinity, tid, sizeof(mask), (long)mask);

	if (size > 0)
		syscall3(SYS_sched_setaffinity, c->tid, size, (long)mask);
}

void carrier_give_server(struct carrier *c, struct server *s)
{
	c->server = s;
	s->carrier = c;
	store_release(&c->word, 1);		/* pairs with wait_as_spare() */
	sys_futex_wake(&c->word, 1);
}

/* A thread pointer for a kernel thread without libc thread: our TLS variables below it, a minimal TCB above. */
static void *bare_thread_pointer(char *block, size_t tls)
{
	void **tp = (void **)(block + tls), **mine = cpu_thread_pointer();

	tp[0] = tp;
	tp[2] = tp;
	for (int i = 5; i <= 6; i++)	/* stack and pointer guard */
		tp[i] = mine[i];
	return tp;
}

static size_t tls_size(void)
{
	return ((uintptr_t)cpu_thread_pointer() - (uintptr_t)&umcg_self + 255) & ~(size_t)63;
}

/*
 * A task, stack and thread pointer for a raw kernel thread. Returns the bottom
 * of its stack of stack_size bytes, or NULL without memory.
 */
char *carrier_bare_thread(size_t stack_size, struct task **task)
{
	size_t tls = tls_size();
	char *block = sys_map(stack_size + tls + CARRIER_TCB);

	if (!block)
		return NULL;
	*task = task_alloc(TASK_CARRIER);
	if (!*task) {
		sys_unmap(block, stack_size + tls + CARRIER_TCB);
		return NULL;
	}
	(*task)->np = 1;		/* its own context is the runtime */
	(*task)->ctx.tp = bare_thread_pointer(block + stack_size, tls);
	return block;
}

/* Once that kernel thread has ended. */
void carrier_free_bare_thread(char *block, size_t stack_size, struct task *t)
{
	sys_unmap(block, stack_size + tls_size() + CARRIER_TCB);
	task_unref(t);
}

/*
 * The file stays open, at a number that the program hardly gets: opened for each look it would have the lowest that is free,
 * which the program may have closed just now and expect to get again.
 */
static void open_stat(struct carrier *c)
{
	int fd = descriptor_settle(sys_thread_open(c->tid));

	store_release(&c->stat, fd < 0 ? 0 : fd + 1);
}

char carrier_place(struct carrier *c, int *cpu)
{
	int fd = load_acquire(&c->stat) - 1;
	char state = fd < 0 ? 0 : sys_thread_place(fd, cpu);

	return state ? state : sys_thread_look(c->tid, cpu);
}

bool carrier_lose_stat(int fd)
{
	struct carrier *c;

	lock_acquire(&umcg_rt.start_lock);	/* carriers end under it */
	for (c = load_acquire(&umcg_rt.carriers); c && load_relaxed(&c->stat) != fd + 1; c = c->next)
		;
	if (c)
		store_relaxed(&c->stat, 0);
	lock_release(&umcg_rt.start_lock);
	return c;
}

void carriers_close_stats(void)
{
	for (struct carrier *c = umcg_rt.carriers; c; c = c->next)
		if (c->stat)
			syscall3(SYS_close, c->stat - 1, 0, 0);
}

void carrier_free(struct carrier *c)
{
	if (c->stat)
		descriptor_give_up(c->stat - 1);
	carrier_free_bare_thread(c->altstack, CARRIER_ALTSTACK + CARRIER_STACK, c->task);
}

/* A kernel thread that executes s, or a spare one if s is NULL. 0 or -errno. */
int carrier_create(struct server *s)
{
	struct task *t;
	char *block = carrier_bare_thread(CARRIER_ALTSTACK + CARRIER_STACK, &t);
	struct carrier *c;
	int tid;

	if (!block)
		return -ENOMEM;
	c = &t->carrier_part;
	c->task = t;
	c->base = &t->ctx;
	c->server = s;
	c->altstack = block;
	c->altstack_size = CARRIER_ALTSTACK;
	broadcast_join(&c->broadcast_done);
	if (s)
		s->carrier = c;
	c->alive = 1;
	tid = arch_clone_thread(block + CARRIER_ALTSTACK + CARRIER_STACK, t->ctx.tp, carrier_main, c, &c->alive);
	if (tid < 0) {
		if (s)
			s->carrier = NULL;
		carrier_free(c);
		return tid;
	}
	c->tid = t->tid = tid;
	open_stat(c);
	do
		c->next = load_relaxed(&umcg_rt.carriers);
	while (!cas_acq_rel(&umcg_rt.carriers, c->next, c));
	add_relaxed(&umcg_rt.ncarriers, 1);
	return 0;
}

int carrier_create_spare(void)
{
	int err;

	if (load_acquire(&umcg_rt.spare_comes))		/* pairs with carrier_main() */
		return 0;
	store_relaxed(&umcg_rt.spare_comes, true);
	err = carrier_create(NULL);
	if (err)
		store_relaxed(&umcg_rt.spare_comes, false);
	return err;
}
