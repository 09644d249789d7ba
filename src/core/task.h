/* SPDX-License-Identifier: MIT */
/*
 * A task: whatever can wait and be woken. Application threads (workers), the
 * contexts of carriers, and threads the runtime did not create (foreign).
 *
 * A worker's identity is its libc thread. Which kernel thread executes it
 * changes: its home (the one libc made for it) or a carrier.
 *
 * Tasks are never unmapped: a waker that comes late for a wait that ended
 * otherwise finds a task, perhaps another thread's, and its unpark is a
 * spurious one. Every wait loop copes with those.
 */
#ifndef UMCG_CORE_TASK_H
#define UMCG_CORE_TASK_H

#include "arch/context.h"
#include "arch/cpu.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "base/list.h"
#include "host/sys.h"
#include "umcg/umcg.h"

struct kept;
struct server;
struct task;

enum task_kind { TASK_FOREIGN, TASK_WORKER, TASK_CARRIER };

/* What umcg_ctl() has made of a task: then the application schedules it, see contract.h. */
enum role { ROLE_NONE, ROLE_SERVER, ROLE_WORKER };

/*
 * The run word: the whole protocol of park and unpark.
 *
 *  value     set by                            meaning
 *  RUNNING   park on return, unpark            executes, or is queued to
 *  NOTIFIED  unpark of a RUNNING task          the next park returns at once
 *  PARKED    post action of the switch away    context saved; an unpark queues it
 *  ASLEEP    the task, before its futex wait   its kernel thread sleeps on this word
 *
 * PARKED is published only after the stack has been left, so that no waker
 * ever runs a half-saved context.
 */
enum run { RUN_RUNNING, RUN_NOTIFIED, RUN_PARKED, RUN_ASLEEP };

/*
 * What a task must attend to when it leaves the runtime (bits of attn).
 *
 *  ASKED      somebody is about to take the server, or what its slot holds, from
 *             this task's carrier; np_enter() waits while it is set
 *  UNMANAGED  the server has been taken: queue up at the next scheduling point
 *  PREEMPT    the slice is over: yield
 *  SIGNAL     signals wait at home: go there, they are delivered there
 *  MASK       at home with more signals blocked than the thread's own mask: restore it
 *  BIND       stay at home for good from now on
 *  CANCEL     pthread_cancel() was called for it: a cancellable wait lets the libc decide
 */
enum attn {
	ATTN_ASKED = 1 << 0,
	ATTN_UNMANAGED = 1 << 1,
	ATTN_PREEMPT = 1 << 2,
	ATTN_SIGNAL = 1 << 3,
	ATTN_MASK = 1 << 4,
	ATTN_BIND = 1 << 5,
	ATTN_CANCEL = 1 << 6,
};

/*
 * What the next context does for the one that was left.
 *
 *  PARK    it waits for an unpark
 *  YIELD   it can go on: queue it
 *  HOME    it goes on at home, for a call that may block
 *  DEPART  it goes on at home and is nobody's worker any more
 *  SETTLE  it is in umcg_wait(): see worker_settle()
 */
enum post { POST_NONE, POST_PARK, POST_YIELD, POST_HOME, POST_DEPART, POST_SETTLE };

struct timer {
	struct timer *child, *next, *prev;	/* pairing heap; prev: parent or elder sibling */
	bool expired;				/* off the heap since it was armed; false once disarmed */
	uint64_t deadline;			/* ns, CLOCK_MONOTONIC */
	uint64_t realtime;			/* ns, CLOCK_REALTIME, or 0: deadline follows it */
};

/*
 * A registered worker without its server, in a call that blocks: on the carrier
 * that lost the server, or at home. When the call has ended it is to come in.
 * Guarded by runtime.members_lock.
 */
struct stray {
	struct carrier *next;
	struct task *worker;
	bool listed;
	bool arrived;			/* at home, since it was sent there; set by the home */
	uint64_t cpu_seen;		/* ns of CPU time when last seen asleep: much more means that the call has ended */
	uint64_t look_at;		/* ns */
	uint64_t pause;			/* ns to the look after that */
};

/* A carrier of ours that has lost its server, see unmanaged.c. */
struct unmanaged {
	struct carrier *next;
	struct task *worker;		/* that is, or was, unmanaged there */
	uint32_t listed;
	uint64_t cpu_asleep;		/* ns of CPU time when it was last seen asleep, or interrupted; the monitor's, as the rest */
	uint64_t look_at;		/* ns */
	uint64_t pause;			/* ns to the look after that */
};

struct carrier {
	struct task *task;		/* constant: the carrier's own context, or the server whose home it is */
	struct context *base;		/* constant: where it goes when its worker leaves and there is no other */
	struct server *server;		/* the server it executes; written by its carrier, or by the
					 * monitor under ATTN_ASKED; NULL for a spare one */
	enum post post;			/* between a switch and its end */
	struct task *post_task;
	uint32_t word;			/* futex of a spare carrier: 1 when it has been given a server */
	uint32_t preempt;		/* the monitor's request to its signal handler */
	struct task *stays;		/* whom the handler could not move, see attend() */
	struct task *uncharged;		/* the worker that it has left last for its own context, or NULL; its own */
	uint64_t charged;		/* ns of CPU time that has been charged to workers, or dropped */
	uint64_t cpu_seen;		/* ns of CPU time at the monitor's last look, … */
	uint64_t cpu_seen_at;		/* … which was at this time */
	uint64_t cpu_still;		/* ns of CPU time at the last look at which it had not run since the one before */
	uint32_t signalled;		/* which of the runtime's signals are on their way: one each at most */
	int tid;
	int stat;			/* descriptor + 1 of its file in /proc, or 0 */
	uint32_t alive;			/* 0: it has ended, and its stack can be freed; cleared by the kernel */
	uint32_t broadcast_done;	/* the last broadcast that it has answered */
	char *altstack;			/* constant */
	size_t altstack_size;
	struct carrier *next_spare;	/* guarded by runtime.carrier_lock */
	struct carrier *next;		/* of all carriers */
	struct stray stray;
	struct unmanaged unmanaged;
};

struct task {
	struct context ctx;		/* first: DOC: saved-frame */

	/* The task itself, wherever it executes. */
	uint32_t np;			/* > 0: inside the runtime, preemption off */
	uint32_t pin;			/* > 0: must not leave its kernel thread */
	uintptr_t pin_sp;		/* stack pointer of the signal handler that pinned it, or 0 */
	uintptr_t pin_alt_lo, pin_alt_hi; /* the alternate stack that handler runs on, if any */
	uintptr_t stack_lo, stack_hi;	/* its own stack; set while it has an alternate one, see attend() */
	uint32_t lonely_yields;		/* that found nobody to run */
	uint32_t handlers_run;		/* signal handlers that ran in it, ever */
	uint32_t handlers_norestart;	/* those of them without SA_RESTART */
	bool at_home;			/* executes on its home; written there only */
	bool bound;			/* at home for good */
	bool bound_by_policy;		/* … or until its memory policy is the default again; its own */
	bool ends;			/* it unwinds, or may, or its function has returned: what is left of its life is the libc's */
	bool preempted;			/* its slice ended before it was queued */
	bool lent;			/* preempted, but runs on for those who wait for its lock */
	uint8_t kind;			/* enum task_kind */
	uint8_t role;			/* enum role; released when registered */
	bool listed;			/* a registered worker has been put on its idle list since it ran last */
	bool loops;			/* … and its waits cope with spurious wakes; constant while registered */

	/* Shared words, see the tables above. */
	uint32_t run;
	uint32_t attn;
	struct umcg_task *ut;		/* its states: own_ut, or while registered the application's */
	uint32_t home_word;		/* futex of the parked home: 1 when its worker comes */

	bool interrupt_norestart;	/* the signal that waits at home has a handler without SA_RESTART */
	/* While it waits for a lock and nothing else: the lock's word, 0 when free. Side by side,
	 * it and whoever woke it would only hinder each other. Written by itself, or under
	 * the lock of the bucket where it is queued. */
	const uint32_t *rival_for;
	struct carrier *carrier;	/* set by the switch to this task; NULL at home; stale while parked */
	struct server *last;		/* where it ran last */
	uint64_t carrier_ns;		/* CPU time that it has been charged for on carriers */

	/* Guarded by the lock of the server whose queue it is on. */
	struct list rq;
	struct server *queued_on;	/* NULL: on no queue */

	struct timer timer;		/* guarded by the timer lock */

	/* Constant from birth on, or owner only. */
	int tid;			/* of its home */
	struct context home;		/* the park stack's context */
	char *park_stack;		/* its top */
	kernel_sigset mask;		/* the thread's signal mask while its home is parked, or with ATTN_MASK */
	kernel_sigset held;		/* with ATTN_MASK: signals held back since; unless … */
	bool mask_known;		/* … it came home with this mask */
	struct kept *kept;		/* real-time signals held back, oldest first */
	uint8_t kept_unqueued[65];	/* those of each signal without a token in the kernel's queue */
	void *(*fn)(void *);
	void *arg;
	bool c11;			/* fn is a thrd_start_t */
	bool set_mask;			/* its creator ran on a carrier: mask and name are not inherited */
	bool detached;			/* created so */
	struct kept_stack *stack;	/* under it, if that is not the libc's own affair */
	bool newborn;			/* has been at home since birth; counted in runtime.newborns */
	uint32_t refs;			/* the thread's own, and one for whoever may join it */
	struct task *next_free;		/* guarded by the allocator's lock */
	struct carrier carrier_part;	/* TASK_CARRIER; of others what concerns their home */
	struct server *own;		/* ROLE_SERVER */
	void *user;			/* of the library API */
	char *role_stack;		/* top of its home's park stack while registered; kept until it ends */
	bool was_foreign;		/* kind before it registered */
	uint32_t home_free;		/* ROLE_SERVER, while a carrier executes it: its home has nothing to do */
	struct umcg_task own_ut;
	char name[16];			/* comm to give to threads it creates */
} __attribute__((aligned(64)));

/* The task that executes here, or NULL for a thread that the runtime has not met. */
extern thread_data struct task *umcg_self __attribute__((visibility("hidden")));

/* A zeroed task with its run word RUNNING, or NULL without memory. */
struct task *task_alloc(enum task_kind kind);
void task_unref(struct task *t);
void tasks_after_fork_child(void);

/* visit() each task. One that is made or freed meanwhile may be visited or not. */
void tasks_each(void (*visit)(struct task *t, void *arg), void *arg);

/* Owner table for "who holds this lock": the task whose home has this tid, or NULL. */
void task_publish_tid(struct task *t);
void task_retract_tid(struct task *t);
struct task *task_of_tid(int tid);

/* Enter the runtime: from here to np_leave() nothing takes the kernel thread away. */
void np_enter_slow(struct task *t);
void np_leave_slow(struct task *t);

static inline void np_enter(struct task *t)
{
	t->np++;
	compiler_barrier();	/* pairs with the membarrier in carrier_take_server() */
	if (unlikely(load_relaxed(&t->attn) & ATTN_ASKED))
		np_enter_slow(t);
}

static inline void np_leave(struct task *t)
{
	compiler_barrier();
	t->np--;
	compiler_barrier();	/* a signal that comes before this line sees np, one that comes after acts itself */
	if (unlikely(load_relaxed(&t->attn)) && t->np == 0)
		np_leave_slow(t);
}

#endif
