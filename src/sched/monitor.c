/* SPDX-License-Identifier: MIT */
/*
 * The monitor: a kernel thread that looks at servers while work waits for them.
 *
 *  carrier asleep in the kernel     give the server to a spare carrier
 *  worker in the LIFO slot left     let an idle server have it
 *    waiting
 *  carrier ran for a slice          preempt its worker
 *
 * It looks at the application's servers too (watch.c), and runs timers while no server sleeps towards them. It ticks only while
 * something happens: then sleeps until somebody pushes work.
 */
#include "sched/account.h"
#include "sched/broadcast.h"
#include "sched/contract.h"
#include "sched/poller.h"
#include "sched/sched.h"
#include "sched/signal.h"
#include "core/state.h"

#include <errno.h>
#include <sys/prctl.h>

enum {
	TICK_US = 1000,
	FRESH_US = 100,			/* a look takes a tenth of that */
	RETRY_US = 50,			/* a server could not be taken: no spare carrier yet */
	STARVE_MS = 20,			/* of waiting work with too little CPU: */
	STARVED_FOR_MS = 200,		/* for so long workers are woken at home */
	RATE_US = 500,			/* over which run times are estimated */
	LATENCY_MS = 20,		/* within this, each runnable worker of a server gets a slice, … */
	MIN_SLICE_US = 300,		/* … but none shorter than this */
	QUIET_TICKS = 20,		/* then dormant */
	MONITOR_STACK = 64 << 10,
};

void monitor_poke_slow(void)
{
	if (swap_acq_rel(&umcg_rt.monitor_dormant, 0))
		monitor_wake();
}

void monitor_wake(void)
{
	poller_wake(&umcg_rt.monitor_dormant);
}

static uint64_t cpu_time_of(int tid)
{
	/* The kernel's name for the CPU-time clock of one thread. */
	return sys_clock_ns((clockid_t)((~(unsigned)tid << 3) | 6));
}

uint64_t carrier_cpu_time(struct carrier *c)
{
	return cpu_time_of(c->tid);
}

/* Asleep in the kernel: its CPU clock stands still and /proc says so. */
static bool looks_asleep(struct carrier *c)
{
	uint64_t before = cpu_time_of(c->tid);
	int cpu;

	return cpu_time_of(c->tid) == before && state_is_asleep(carrier_place(c, &cpu));
}

/* Who is told that it runs may interrupt it: then the answer must not be old, from before we lost the CPU. */
bool carrier_sleeps(struct carrier *c)
{
	uint64_t begin;
	bool sleeps;

	do {
		begin = host_now();
		sleeps = looks_asleep(c);
	} while (!sleeps && host_now() - begin > FRESH_US * NSEC_PER_USEC);
	return sleeps;
}

/*
 * Whether c has run for nearly all of the time since the last look at it: then
 * it cannot have slept for long, and /proc, which costs more than the rest of a
 * look, need not be asked before the next.
 */
static bool carrier_has_run(struct carrier *c, uint64_t now)
{
	uint64_t cpu = cpu_time_of(c->tid);
	uint64_t ran = cpu - c->cpu_seen, elapsed = now - c->cpu_seen_at;

	if (!ran)
		c->cpu_still = cpu;
	c->cpu_seen = cpu;
	c->cpu_seen_at = now;
	return ran >= elapsed - elapsed / 8;
}

/*
 * Hold off w from entering the runtime, if nobody else does already: it enters
 * with a plain store of np; the membarrier makes either that store visible here,
 * or ATTN_ASKED visible to w, which then waits.
 */
bool worker_ask(struct task *w)
{
	if (or_acq_rel(&w->attn, ATTN_ASKED) & ATTN_ASKED)
		return false;
	sys_membarrier();
	return true;
}

/*
 * Hold off w, which c executes on s, provided that it is not inside the runtime.
 * Until server_let_go() the caller stands in for the carrier.
 */
bool server_hold(struct server *s, struct carrier *c, struct task *w)
{
	if (!worker_ask(w))
		return false;
	if (load_acquire(&w->np) == 0 && load_relaxed(&s->current) == w && w->carrier == c &&
	    s->carrier == c && !w->at_home)
		return true;
	server_let_go(w);
	return false;
}

void server_let_go(struct task *w)
{
	and_acq_rel(&w->attn, ~(uint32_t)ATTN_ASKED);	/* pairs with np_enter_slow() */
}

/*
 * Take s from its carrier c, whose worker w sleeps in the kernel outside the
 * runtime: the caller gives it another. From then on w is unmanaged: it keeps
 * that carrier until its next scheduling point.
 *
 * The monitor and a spare carrier may try at the same time:
 *  - one finds ATTN_ASKED set already, and gives up;
 *  - or comes after, and finds that the server has nothing current, or another
 *    carrier. It may find all as it was if w has come in and been resumed by the
 *    same carrier meanwhile, and is not in the runtime: then w, awake or not, is
 *    unmanaged for a moment. That costs it a turn.
 */
static bool take_server(struct server *s, struct carrier *c, struct task *w)
{
	if (!server_hold(s, c, w))
		return false;
	c->server = NULL;
	store_relaxed(&s->current, NULL);
	state_set(w->ut, UMCG_TASK_BLOCKED);
	or_acq_rel(&w->attn, ATTN_UNMANAGED);
	unmanaged_add(c, w);
	server_let_go(w);
	add_relaxed(&umcg_rt.stats.takeovers, 1);
	return true;
}

bool server_relieve(struct server *s, struct carrier *spare)
{
	struct carrier *c = swap_acquire(&s->asleep, NULL);	/* pairs with call_relief() */
	struct task *w = load_relaxed(&s->current);

	/* c may have ended since, but tasks, which carriers are part of, are never unmapped. */
	if (!c || !w || load_relaxed(&s->carrier) != c || cpu_time_of(c->tid) != load_relaxed(&s->asleep_since) ||
	    !take_server(s, c, w))
		return false;
	spare->server = s;
	store_relaxed(&s->carrier, spare);
	watcher_renew(s);
	return true;
}

static void free_slot(struct server *s, struct carrier *c, struct task *w)
{
	if (!server_hold(s, c, w))
		return;
	server_free_slot(s);
	server_let_go(w);
}

/* False if it is worth another look soon. */
static bool carrier_take_server(struct server *s, struct carrier *c, struct task *w)
{
	struct carrier *spare = carrier_take_spare();

	if (!spare) {
		/* A new one reports for duty first: next look. Without it those that wait go on at home. */
		if (carrier_create_spare() == 0)
			return false;
		free_slot(s, c, w);
		server_send_home(s);
		return true;
	}
	if (!take_server(s, c, w)) {
		carrier_put_spare(spare);
		return false;
	}
	carrier_give_server(spare, s);
	watcher_create(s);
	watcher_renew(s);
	return true;
}

/*
 * A sleeper was asleep before its waker exchanged the word and read the entry.
 * If the waker saw its word there, our exchange of the entry comes after, and so
 * does our wake. A word that is gone by now costs a spurious wake at most.
 */
void futex_wake_soon(struct task *t, uint32_t *word)
{
	struct carrier *c = t->kind == TASK_WORKER ? t->carrier : NULL;
	void **entry;

	if (c && c->server) {
		entry = &c->server->futex_wakes[(uintptr_t)word / 8 % FUTEX_WAKES];
		if (load_relaxed(entry) == word || cas_acq_rel(entry, NULL, (void *)word)) {
			monitor_poke();
			return;
		}
	}
	sys_futex_wake(word, 1);
}

static void wake_futexes(struct server *s)
{
	for (int i = 0; i < FUTEX_WAKES; i++) {
		void *word = load_relaxed(&s->futex_wakes[i]);

		if (word)
			sys_futex_wake(swap_acq_rel(&s->futex_wakes[i], NULL), 1);
	}
}

void carrier_preempt(struct carrier *c)
{
	store_release(&c->preempt, 1);
	signal_carrier(c, SIGNAL_PREEMPT);
}

static uint64_t slice_of(struct server *s)
{
	uint64_t longest = umcg_rt.config.slice_ms * NSEC_PER_MSEC;
	uint64_t fair = LATENCY_MS * NSEC_PER_MSEC / (load_relaxed(&s->queued) + 2);

	if (fair < MIN_SLICE_US * NSEC_PER_USEC)
		fair = MIN_SLICE_US * NSEC_PER_USEC;
	return fair < longest ? fair : longest;
}

static void estimate_run(struct server *s, uint64_t switches, uint64_t now)
{
	uint64_t elapsed = now - s->rate_since;

	if (elapsed < RATE_US * NSEC_PER_USEC)
		return;
	store_relaxed(&s->run_ns, elapsed / (switches - s->rate_switches + 1));
	s->rate_switches = switches;
	s->rate_since = now;
}

/*
 * Whether s, for which work has waited for a while, got less than a quarter of
 * a CPU though its carrier wanted one.
 */
static bool server_starves(struct server *s, struct carrier *c, uint64_t now)
{
	uint64_t window = now - s->cpu_since, cpu;
	bool starves;
	int where;

	if (s->cpu_since && window < STARVE_MS * NSEC_PER_MSEC)
		return false;
	cpu = cpu_time_of(c->tid);
	starves = s->cpu_since && (cpu - s->cpu_seen) * 4 < window && carrier_place(c, &where) == 'R';
	s->cpu_seen = cpu;
	s->cpu_since = now;
	return starves;
}

/* When the turn of what s runs is over: workers that wake one another share one. */
static uint64_t turn_ends(struct server *s, uint64_t now)
{
	uint64_t turns = load_relaxed(&s->turns);

	if (turns != s->seen_turns || !server_has_waiting(s)) {
		/* The turn after a preemption began then, not when it is noticed. */
		if (!s->preempted || turns - s->seen_turns > 1)
			s->turn_since = now;
		s->preempted = false;
		s->seen_turns = turns;
	}
	return s->turn_since + slice_of(s);
}

/* Whether c's worker w could not be moved, a hint that server_hold() checks: the kernel gives it and others turns, once the server has gone elsewhere. */
static bool stays(struct carrier *c, struct task *w)
{
	return load_relaxed(&c->stays) && swap_acquire(&c->stays, NULL) == w;
}

/* When s deserves the next look. */
static uint64_t look_at(struct server *s, uint64_t now)
{
	uint64_t tick = now + TICK_US * NSEC_PER_USEC, due = turn_ends(s, now);
	struct carrier *c = load_relaxed(&s->carrier);
	struct task *w = load_relaxed(&s->current);
	uint64_t switches = load_relaxed(&s->switches);
	bool stuck;

	estimate_run(s, switches, now);
	watcher_tick(s);
	if (w && c && !(load_relaxed(&umcg_rt.charge_switches) & CHARGE_EXACTLY))
		account_charge(c, w);
	if (!server_has_waiting(s) || !w || !c) {
		s->cpu_since = 0;
		return tick;
	}
	if (server_starves(s, c, now)) {
		store_relaxed(&umcg_rt.starved_until, now + STARVED_FOR_MS * NSEC_PER_MSEC);
		server_send_home(s);
	}
	stuck = switches == s->seen_switches;
	s->seen_switches = switches;
	if (stuck && load_relaxed(&umcg_rt.idle_count) && load_relaxed(&s->slot))
		free_slot(s, c, w);
	if (stuck)
		servers_wake_one(s);
	/* A preemption would interrupt its sleep, or cannot be. */
	if (((!carrier_has_run(c, now) || now >= due) && carrier_sleeps(c)) || stays(c, w))
		return carrier_take_server(s, c, w) ? tick : now + RETRY_US * NSEC_PER_USEC;
	if (now >= due && c->cpu_seen - c->cpu_still < CARRIER_AT_WORK_NS) {
		due = now + CARRIER_AT_WORK_NS;
	} else if (now >= due) {
		s->preempted = true;
		s->turn_since = now;
		carrier_preempt(c);
		due = now + slice_of(s);
	}
	return due < tick ? due : tick;
}

struct look {
	uint64_t switches;
	uint64_t next;			/* when to look again */
	bool waiting;			/* work does, or the application's servers run workers */
};

static struct look look_round(uint64_t now)
{
	struct look l = { .next = now + TICK_US * NSEC_PER_USEC };
	uint64_t members;

	for (unsigned i = 0; i < load_acquire(&umcg_rt.nservers); i++) {
		struct server *s = &umcg_rt.servers[i];
		uint64_t next = look_at(s, now);

		if (next < l.next)
			l.next = next;
		wake_futexes(s);
		l.switches += load_relaxed(&s->switches);
		l.waiting |= server_has_waiting(s);
	}
	unmanaged_look(now, l.waiting);
	members = members_look(now);
	if (members < l.next)
		l.next = members;
	l.waiting |= members != NO_DEADLINE;
	return l;
}

static void sleep_until_poked(void)
{
	uint64_t next = timers_next(), retire = retire_due(host_now());

	if (next >= load_relaxed(&umcg_rt.keeper_deadline))
		next = NO_DEADLINE;
	next = timers_sleep_limit(retire < next ? retire : next);
	if (!poller_sit(&umcg_rt.monitor_dormant, 1, next))
		sys_futex_wait(&umcg_rt.monitor_dormant, 1, next);
}

/* Nobody sleeps towards the descriptors that workers wait for: servers look now and then, or compute. */
static void look_at_descriptors(bool quiet)
{
	if (poller_unattended() && !(quiet && servers_wake_sitter()))
		poller_look();
}

/* Sleep until poked, or until a deadline that no server watches. */
static void be_dormant(void)
{
	or_acq_rel(&umcg_rt.charge_switches, CHARGE_DORMANT);
	store_relaxed(&umcg_rt.monitor_dormant, 1);
	sys_membarrier();		/* pairs with the plain loads in monitor_poke() and timer_kick() */
	if (!look_round(host_now()).waiting && !load_relaxed(&umcg_rt.leavers))
		sleep_until_poked();
	store_relaxed(&umcg_rt.monitor_dormant, 0);
	and_acq_rel(&umcg_rt.charge_switches, ~(uint32_t)CHARGE_DORMANT);
}

static int monitor_main(void *arg)
{
	uint64_t seen = 0;
	unsigned quiet = 0;

	umcg_self = arg;
	syscall3(SYS_prctl, PR_SET_NAME, (long)"umcg/monitor", 0);
	signal_carrier_block();
	for (;;) {
		uint64_t now = host_now(), until;
		struct look l;

		store_relaxed(&umcg_rt.coarse_now, now);
		l = look_round(now);

		timers_run(now);
		look_at_descriptors(l.switches == seen);
		broadcast_answer_monitor();
		retire_leavers();
		if (!load_relaxed(&umcg_rt.spare))
			carrier_create_spare();
		if (now >= retire_due(now) && retire(now))
			return 0;
		quiet = l.switches != seen || l.waiting ? 0 : quiet + 1;
		seen = l.switches;
		until = timers_next();		/* once: it may go away */
		until = until < l.next ? until : l.next;
		if (quiet >= QUIET_TICKS)
			be_dormant();
		else
			sys_futex_wait(&umcg_rt.monitor_dormant, 0, until);
	}
}

/* The one that has retired leaves its stack to us. */
static void free_former(void)
{
	if (!umcg_rt.monitor)
		return;
	retire_await_monitor();
	carrier_free_bare_thread(umcg_rt.monitor_block, MONITOR_STACK, umcg_rt.monitor);
	umcg_rt.monitor = NULL;
}

int monitor_start(void)
{
	struct task *t;
	char *block;
	int tid;

	free_former();
	block = carrier_bare_thread(MONITOR_STACK, &t);
	if (!block)
		return -ENOMEM;
	tid = arch_clone_thread(block + MONITOR_STACK, t->ctx.tp, monitor_main, t, NULL);
	if (tid < 0) {
		carrier_free_bare_thread(block, MONITOR_STACK, t);
		return tid;
	}
	umcg_rt.monitor = t;
	umcg_rt.monitor_block = block;
	umcg_rt.monitor_tid = t->tid = tid;
	return 0;
}
