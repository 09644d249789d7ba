/* SPDX-License-Identifier: MIT */
/*
 * Signals: the one kernel handler for every signal that the program handles.
 *
 * The kernel chooses the receiver among homes (carriers block what is
 * asynchronous), by the threads' true masks. A signal that comes to a home while
 * its worker is elsewhere is queued again to that home, blocked there, and the
 * worker is called home, where unblocking it delivers it natively: in the
 * worker's context, on its stack or alternate stack, with the masks, queueing and
 * siginfo as the kernel has them. What the order of real-time signals takes: kept.h.
 */
#ifndef UMCG_SCHED_SIGNAL_H
#define UMCG_SCHED_SIGNAL_H

#include "core/task.h"
#include "host/signals.h"

#include <signal.h>

/* Real-time signals that the runtime sends to carriers; the program may use them too, see signal_entry(). */
enum {
	SIGNAL_INTERRUPT = 63,		/* installed without SA_RESTART */
	SIGNAL_PREEMPT = 64,		/* with SA_RESTART */
};

#define SIGNAL_CANCEL SIGBIT(HOST_SIGNAL_CANCEL)

/* What the program wants for a signal whose kernel handler is signal_entry(). */
struct signal_action {
	void (*handler)(int, siginfo_t *, void *);	/* or SIG_DFL, SIG_IGN */
	uint32_t flags;					/* SA_* */
};
extern struct signal_action signal_actions[65] __attribute__((visibility("hidden")));

/*
 * Signals that the kernel sends to the very thread whose system call caused
 * them. Carriers take them, and pass them on to the worker's home, where mask and
 * disposition decide; so their kernel handler is ours even by default.
 */
#define SIGNALS_OF_CALLS (SIGBIT(SIGPIPE) | SIGBIT(SIGXFSZ))

void signal_entry(int sig, siginfo_t *info, void *ucontext);

/* Send one of the two to a carrier, marked as the runtime's own. */
void signal_carrier(struct carrier *c, int sig);

/* Mask and alternate stack of the calling carrier. */
void signal_carrier_init(void);

/* t, at home, may have got or given up an alternate stack. */
void signal_note_alternate_stack(struct task *t);

/* Mask of a kernel thread that takes no signals at all. */
void signal_carrier_block(void);

/* The calling carrier's mask as it must be when no handler runs on it. */
void signal_carrier_mask(void);

#endif
