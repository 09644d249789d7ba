/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: the one gate to sleep (park), the one gate to wake (unpark),
 * and the ways to give the CPU away.
 *
 * All take the calling task inside the runtime (np > 0).
 */
#ifndef UMCG_SCHED_SCHED_H
#define UMCG_SCHED_SCHED_H

#include "core/state.h"
#include "core/task.h"
#include "sched/runtime.h"

/*
 * Sleep until unparked or until deadline (ns, CLOCK_MONOTONIC), or until
 * realtime (ns, CLOCK_REALTIME) if that is not 0. May return early: the caller
 * looks at what it waits for, and at attn, itself. next, unless NULL, runs at
 * once if it is queued on this server.
 */
void task_park(struct task *t, uint64_t deadline, uint64_t realtime, struct task *next);

/* Let t return from its park; at most one early wake is kept. Callable from any thread and from signal handlers. */
void task_unpark(struct task *t);

/* The first half of task_unpark(): true if the caller now owns a parked task and must make it runnable. */
bool task_notify(struct task *t);

/* Sleep on the kernel thread itself: foreign tasks, bound and pinned workers, servers of the application's. */
void park_in_kernel(struct task *t, uint64_t deadline, uint64_t realtime);

/* Unpark each task of a batch: one queue operation for all that were parked. */
struct unpark_batch {
	struct list list;
	unsigned count;
};
void unpark_batch_init(struct unpark_batch *b);
void unpark_batch_add(struct unpark_batch *b, struct task *t);
void unpark_batch_run(struct unpark_batch *b);

/* Whether t may wait on a server's behalf, that is, parked; else on its kernel thread. */
bool task_may_park(struct task *t);

/* Whether others are runnable where t runs that will not keep the CPU for long. */
bool task_has_company(struct task *t);

/* Give the CPU to another runnable worker, else to other processes. */
void task_yield(struct task *t);

/* Go home (to the kernel thread that libc made for it); returns there. No-op at home or for foreign tasks. */
void task_couple(struct task *t);

/* From now on 1:1. */
void task_bind(struct task *t);

/* Whether its waits must leave it on its kernel thread. */
bool task_pinned(struct task *t);

/* A registered worker that prepares a transition: it waits where it is, and nobody is told. */
static inline bool member_is_locked(struct task *t)
{
	return t->role && state_load(t->ut) & UMCG_TF_LOCKED;
}

/* Make t see its attn bits soon, wherever it is. */
void task_interrupt(struct task *t);

/*
 * Wake, within a tick of the monitor, one waiter that libc code which was not
 * interposed may have put to sleep on word. Rarely is there one, so it is not
 * worth a system call per unlock.
 */
void futex_wake_soon(struct task *t, uint32_t *word);

/* server.c */
struct task *server_pick(struct server *s);
bool server_runs_long(struct server *s);
void server_end_streak(struct server *s);
void server_push_slot(struct server *s, struct task *t);
void server_push(struct server *s, struct task *t);
void server_push_list(struct server *s, struct list *l);
bool server_claim(struct server *s, struct task *t);
struct task *servers_steal(struct server *self);
void server_balance(struct server *s);
struct server *servers_have_work(void);
struct server *servers_searched(void);
void server_free_slot(struct server *s);
void server_push_remote(struct task *t);
bool servers_wake_sitter(void);

/*
 * More kernel threads want the CPUs than there are, so that a server, which is
 * one of them, gets less than its workers would together: until the monitor
 * thinks better of it, each fends for itself at home, as on NPTL.
 */
static inline bool servers_starve(void)
{
	return unlikely(load_relaxed(&umcg_rt.starved_until) > load_relaxed(&umcg_rt.coarse_now));
}
void task_send_home(struct task *t);
void server_send_home(struct server *s);
bool servers_wake_keeper(void);
void server_wake(struct server *s);
void servers_wake_one(struct server *s);
void server_sleep(struct server *s);
void servers_init(unsigned n);

/* carrier.c */
int carrier_create(struct server *s);
int carrier_create_spare(void);		/* unless one is on its way */
char *carrier_bare_thread(size_t stack_size, struct task **task);
void carrier_free_bare_thread(char *block, size_t stack_size, struct task *t);
void carrier_free(struct carrier *c);
struct carrier *carrier_take_spare(void);
void carrier_put_spare(struct carrier *c);
void carrier_give_server(struct carrier *c, struct server *s);
void carrier_post(struct carrier *c);
bool carrier_switch(struct task *from, enum post post, struct task *chosen);
/* Its scheduler state as /proc has it, 0 if unknown, and the CPU where it runs or ran last. */
char carrier_place(struct carrier *c, int *cpu);
/* The program takes the number fd: true if a carrier's file had it, and is asked by name from now on. */
bool carrier_lose_stat(int fd);
/* In the child of a fork: the parent's files. */
void carriers_close_stats(void);
/* Let the carrier run where the kernel thread tid may. */
void carrier_follow(struct carrier *c, int tid);

/* timer.c */
void timer_arm(struct task *t, uint64_t deadline, uint64_t realtime);
bool timer_disarm(struct task *t);	/* whether it had expired */
void timers_run(uint64_t now);
static inline uint64_t timers_next(void)
{
	return load_relaxed(&umcg_rt.timers.next);
}
uint64_t timers_sleep_limit(uint64_t until);
void timer_kick(void);

/* A task may have armed a timer, and the kernel thread here does not go on to watch it itself: somebody must. */
static inline void timer_watch(void)
{
	if (unlikely(timers_next() < load_relaxed(&umcg_rt.keeper_deadline)))
		timer_kick();
}

/* monitor.c */
int monitor_start(void);
bool carrier_sleeps(struct carrier *c);
/*
 * A carrier that waits for a CPU may do so at the end of a call, which a signal
 * would interrupt all the same (EINTR): it has to have run for so long since it
 * was seen not to run.
 */
enum { CARRIER_AT_WORK_NS = 100000 };
void carrier_preempt(struct carrier *c);
uint64_t carrier_cpu_time(struct carrier *c);
bool worker_ask(struct task *w);
bool server_hold(struct server *s, struct carrier *c, struct task *w);
void server_let_go(struct task *w);
/* Have the monitor look round now, even if it looks every tick anyway. */
void monitor_wake(void);
void monitor_poke_slow(void);
static inline void monitor_poke(void)
{
	if (unlikely(load_relaxed(&umcg_rt.monitor_dormant)))
		monitor_poke_slow();
}

static inline bool state_is_asleep(char state)
{
	return state == 'S' || state == 'D' || state == 't' || state == 'T';
}

/* A watcher has found the carrier of s asleep: spare, which calls, is to execute s if that is so. */
bool server_relieve(struct server *s, struct carrier *spare);

/* watcher.c. For the monitor: */
void watcher_create(struct server *s);		/* s wants one from now on */
void watcher_tick(struct server *s);
void watchers_end(void);
/* There was something to see. */
void watcher_renew(struct server *s);
/* Work waits on s. */
void watcher_rouse(struct server *s);
static inline void server_watch(struct server *s)
{
	if (unlikely(load_relaxed(&s->watch) == WATCH_READY))
		watcher_rouse(s);
}

/* unmanaged.c: c has lost its server, its worker w, which is held off, goes on. Any thread. */
void unmanaged_add(struct carrier *c, struct task *w);
/* For the monitor, at each tick. */
void unmanaged_look(uint64_t now, bool work_waits);

/* retire.c, for the monitor: when the engine is to end as things are; end all of it but the monitor, which is to follow. */
void retire_alone(void);		/* the main thread may be the only one from now on */
uint64_t retire_due(uint64_t now);
bool retire(uint64_t now);

/* For the main thread, at home and outside the runtime: if it is the only one, it is so for the kernel too on return. */
void retire_now(void);

/* For a thread at home and outside the runtime: 1:1 from now on. */
void retire_for_good(void);
void retire_await_monitor(void);

/* For the monitor: free what spare carriers that have ended leave behind. */
void retire_leavers(void);

/* Whether the kernel thread of that tid has ended. */
bool retire_is_gone(int tid);

/* home.c */
void home_init(struct task *t);		/* it has a park stack */
void home_switch(struct task *t, enum post action);
void home_loop(void *task);
void home_depart(struct task *t);

/*
 * A new thread may stay at home in place of an idle server's running it: one
 * that never waits then costs what it costs on NPTL. It may also stay if many
 * workers are coupled: the servers would get one share each of the CPUs, and
 * new threads wait behind all of those. Ends at its first park or coupled call.
 */
bool newborn_may_stay(struct task *t);
void newborn_done(struct task *t, bool coupled);

/* parkstack.c: the top of a park stack, NULL without memory; give takes NULL too. */
char *parkstack_take(void);
void parkstack_give(char *top);

#endif
