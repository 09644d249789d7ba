/* SPDX-License-Identifier: MIT */
/*
 * The runtime of this process: every mutable global of the scheduler.
 */
#ifndef UMCG_SCHED_RUNTIME_H
#define UMCG_SCHED_RUNTIME_H

#include "base/config.h"
#include "base/list.h"
#include "base/lock.h"
#include "core/task.h"

/* Events counted without a server at hand; the others are in struct server. */
struct global_stats {
	uint64_t couples, takeovers, preemptions, timer_fires;
};

enum { FUTEX_WAKES = 16 };

/*
 * What a server's watcher does (watcher.c).
 *
 *  value   set by                             meaning
 *  NOT     the watcher                        rests: there is none, or it has found nothing too often
 *  READY   the watcher; monitor, takeover     rests: whoever queues work rouses it
 *            from NOT
 *  ON      who queues work, from READY        looks as soon as the CPU has nothing else to do
 */
enum watch { WATCH_NOT, WATCH_READY, WATCH_ON };

struct watcher {
	struct task *task;		/* NULL: there is none; the monitor's, as block and ticks */
	char *block;			/* its stack */
	unsigned ticks;			/* of the monitor, since it gave credit last */
	bool able;			/* it has the policy that it needs */
	int tid;
	int cpu;			/* that it is bound to; a hint, -1: none */
	uint32_t credit;		/* looks without result that it may have */
	uint32_t broadcast_done;	/* the last broadcast that it has answered */
};

struct server {
	struct lock lock;
	uint32_t queued;		/* workers in the queue; written under lock */
	uint32_t watch;			/* futex of its watcher */
	struct list queue;		/* guarded by lock */
	uint64_t turns;			/* picks from the queue; written under lock */

	/* Only the carrier that executes the server touches these, or whoever holds
	 * that carrier's worker off (server_hold()). */
	struct task *slot;		/* LIFO slot: the worker woken last */
	uint32_t streak;		/* picks from the slot since the last from the queue */

	/* Written by the carrier that executes it, read by the monitor. */
	struct umcg_task ut;		/* its states */
	struct carrier *carrier __attribute__((aligned(64)));
	struct task *current;		/* the worker that runs, or NULL */
	uint64_t switches;
	uint64_t swaps;			/* switches to a chosen worker */
	uint64_t parks;
	uint64_t steals;

	/* Futex words on which un-interposed code may sleep; the monitor wakes them. */
	void *futex_wakes[FUTEX_WAKES];

	/* Idle: on runtime.idle, asleep on the futex idle_word. */
	struct list idle_link;		/* guarded by runtime.idle_lock */
	uint32_t idle_word;		/* 1: on the list; cleared by who takes it off */

	uint64_t run_ns;		/* how long a worker runs between switches; the monitor's estimate */

	struct watcher watcher;
	struct carrier *asleep;		/* its carrier, if the watcher has found it asleep, … */
	uint64_t asleep_since;		/* … since it had used this CPU time, in ns */

	/* The monitor's notes. */
	uint64_t rate_switches;
	uint64_t rate_since;		/* ns */
	uint64_t cpu_seen;		/* ns of CPU time that its carrier had … */
	uint64_t cpu_since;		/* … at this time; since then work has been waiting */
	uint64_t seen_switches;
	uint64_t seen_turns;
	uint64_t turn_since;		/* ns */
	bool preempted;			/* at turn_since */
	unsigned preempt_skips;
	unsigned id;

	/* A server of the application's: its scheduler is a task, whose context lies beneath the worker's. */
	struct task *boss;		/* NULL: ours */
	void *ran;			/* task.user of the worker that ran on it last; that may have ended since */
	struct task *mail;		/* a worker that its boss is to run; exchanged */
	uint64_t deadline;		/* ns, CLOCK_REALTIME, of the boss's umcg_wait(), or 0; for the monitor */
	struct server *next;		/* of all the application's; guarded by runtime.members_lock */
} __attribute__((aligned(64)));

static inline bool server_has_waiting(struct server *s)
{
	return load_relaxed(&s->queued) || load_relaxed(&s->slot);
}

struct umcg_runtime {
	struct config config;
	bool active;			/* servers run; set once, cleared in a fork's child */
	struct lock start_lock;
	bool prepared;			/* what the kernel threads need is there; set once */
	bool engine;			/* the kernel threads run: monitor, a spare carrier and, if active, the servers'; written under start_lock */
	bool retiring;			/* waits leave workers at home: the main thread is the only one, or confined; written under start_lock */
	bool confined;			/* 1:1 from now on, see retire_for_good(); set once */
	bool stop;			/* carriers are to end */
	uint32_t unborn;		/* workers whose kernel threads have been created, but are in no table yet */
	uint32_t threads;		/* workers besides the main thread; incremented under start_lock */
	struct task *main;		/* the main thread's, until it ends */
	bool failed;			/* cannot work here: 1:1 for good */
	unsigned nservers;
	struct server *servers;
	int pid;
	uintptr_t libc_text_lo, libc_text_hi; /* preferably not preempted in here */

	struct lock idle_lock;
	struct list idle;		/* idle servers, last one first; guarded by idle_lock */
	uint32_t idle_count;		/* written under idle_lock */
	uint32_t newborns;		/* workers at home since birth: see newborn_may_stay() */
	uint32_t coupled;		/* other workers at home */
	uint32_t searching;		/* 1: a woken server has not looked round yet */
	struct server *keeper;		/* the sleeper that watches the timers; written under idle_lock */
	uint64_t keeper_deadline;	/* until when it sleeps; written under idle_lock */

	/* The application's servers. */
	struct lock members_lock;
	struct server *members;		/* guarded by members_lock */
	struct server *members_free;	/* guarded by members_lock */
	struct carrier *strays;		/* guarded by members_lock */

	struct lock carrier_lock;
	struct carrier *spare;		/* the last one first; written under carrier_lock */
	uint32_t nspares;		/* on that list; written under carrier_lock */
	bool spare_comes;		/* one has been made, and is not there yet */
	struct carrier *carriers;	/* all of them; the monitor takes out, with start_lock */
	unsigned ncarriers;
	uint32_t leavers;		/* of them that have ended, or are about to */

	struct {
		struct carrier *arrivals, *watched;
	} unmanaged;

	struct {
		struct lock lock;
		struct timer *root;	/* guarded by lock */
		uint64_t next;		/* earliest deadline; written under lock */
		uint32_t nrealtime;	/* armed timers that follow CLOCK_REALTIME; guarded by lock */
		int64_t offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC they were placed with */
	} timers;

	struct {
		struct lock lock;
		char *free;		/* guarded by lock */
		unsigned n;		/* of them */
	} parkstacks;

	/* See poller.h. */
	struct {
		struct lock lock;	/* for the two descriptors to come and move */
		int epoll, event;	/* descriptors + 1; 0: none yet */
		uint32_t limits;	/* how often the program has set a time limit on a socket */
		uint32_t waiting;	/* for how many descriptors workers are parked */
		uint32_t *seat;		/* the word of who sleeps in epoll_wait(), or NULL */
	} poller;

	uint64_t coarse_now;		/* ns, CLOCK_MONOTONIC at the monitor's last tick */
	uint64_t starved_until;		/* ns: carriers get too little of the CPUs, see server_starves() */
	uint32_t monitor_dormant;	/* futex: 1 while the monitor waits for anything to happen */
	int monitor_tid;
	struct task *monitor;
	char *monitor_block;		/* its stack */

	uint32_t charge_switches;	/* not 0: workers are charged for CPU time at each switch, see account.h */

	struct global_stats stats;
};

extern struct umcg_runtime umcg_rt __attribute__((visibility("hidden")));

/* Start servers and monitor; the calling thread, if it is the main thread, becomes a worker. 0 or -errno. */
int runtime_start(void);

/* See to it that the kernel threads run. 0 or -errno. */
int runtime_start_engine(void);

/* A thread is about to be created, after runtime_start(): 0, then it is to end by the other call, or -errno. */
int runtime_thread_begins(void);
void runtime_thread_ended(void);

/* Defined by each library: start what it needs before umcg_ctl() can serve. 0 or -errno. */
int runtime_enter(void);

/* Defined by each library: install signal_entry() for the runtime's two signals, in the way that suits the process. */
void runtime_claim_signals(void);

/* In the child of a fork: forget every other thread. The caller goes on 1:1 until it creates a thread. */
void runtime_after_fork_child(void);

/* Make the calling thread known: a worker of its own home. -ENOMEM without memory. */
int worker_adopt_main(void);

/* The calling thread's task, made if there is none; NULL without memory. */
struct task *task_self_or_new(void);

/* A foreign thread's task, made at first use; NULL while the runtime is not active. */
struct task *task_self_slow(void);

static inline struct task *task_self(void)
{
	struct task *t = umcg_self;

	return likely(t != NULL) ? t : task_self_slow();
}

void stats_print(void);

#endif
