/* SPDX-License-Identifier: MIT */
/* What the wrappers share: which task calls, and where it must be. */
#ifndef UMCG_INTERPOSE_INTERPOSE_H
#define UMCG_INTERPOSE_INTERPOSE_H

#include "real.h"
#include "names.h"
#include "sched/runtime.h"
#include "sched/sched.h"

#include <errno.h>

/*
 * What there is to do before main(). A constructor calls it, but those of other libraries may create threads
 * before it is ours: the first call counts.
 */
void interpose_init(void);

/* Start the runtime if it can work here. */
void interpose_start(void);

/* The caller is the only thread of a process that was made without the handlers of pthread_atfork(). */
void interpose_in_child(void) __attribute__((visibility("hidden")));

/* The calling task goes to its home, where it stays until its next scheduling point. */
void umcg_go_home(void) __attribute__((visibility("hidden")));

/* The same before a libc call that may wait on fd, unless it can be served at once. */
void umcg_before(int fd, short events) __attribute__((visibility("hidden")));

/* The same before path is opened, if that is a file whose opening may wait. */
void umcg_before_open(int dir, const char *path, int flags) __attribute__((visibility("hidden")));

/* The same before f is closed. */
void umcg_before_fclose(FILE *f) __attribute__((visibility("hidden")));

/* Whether fcntl(command), or ioctl(request), waits. */
bool umcg_fcntl_waits(long command) __attribute__((visibility("hidden")));
bool umcg_ioctl_waits(unsigned request) __attribute__((visibility("hidden")));

/* The same for good: the caller is about to change the state of its kernel thread. */
void umcg_stay_home(void) __attribute__((visibility("hidden")));

/* The same for the thread with that tid, or the caller if it is 0. */
void umcg_stay_home_tid(pid_t pid) __attribute__((visibility("hidden")));

/* t, a worker, sees the attn bits soon, wherever it is. The caller need not be a task. */
void umcg_call_home(struct task *t, uint32_t attn) __attribute__((visibility("hidden")));

/* A timer or a sleep is about to use that clock: if it is a thread's CPU time, that thread stays at home. */
void umcg_clock_binds(clockid_t clock) __attribute__((visibility("hidden")));

/* The same before prctl() with these arguments, arch_prctl(code), set_mempolicy(mode): for good if it is such a change. */
void umcg_before_prctl(const long *arguments) __attribute__((visibility("hidden")));
void umcg_before_arch_prctl(long code) __attribute__((visibility("hidden")));
void umcg_before_mempolicy(long mode) __attribute__((visibility("hidden")));
/* set_mempolicy() has made it the default: who was bound by another may leave again. */
void umcg_mempolicy_is_default(void) __attribute__((visibility("hidden")));

/* A seccomp filter is about to be installed: all threads run 1:1 from now on. */
void umcg_before_filter(const void *program) __attribute__((visibility("hidden")));

/* Whether the caller is a worker that a carrier executes: only then is there anything to go home from. */
static inline bool on_carrier(void)
{
	struct task *t = umcg_self;

	return t && t->kind == TASK_WORKER && !t->at_home;
}

/* Whether a call that may wait has to ask umcg_go_home() first: on a carrier, or not yet counted as coupled. */
static inline bool may_wait_elsewhere(void)
{
	struct task *t = umcg_self;

	return t && t->kind == TASK_WORKER && (!t->at_home || t->newborn) && !member_is_locked(t);
}

/*
 * Whether LeakSanitizer is in the program. At exit it searches the stack of each kernel thread that a thread began on,
 * from the stack pointer on, or all of it if that points elsewhere. So threads begin at home, homes are parked on
 * a stack of their own, and the thread that ends the process is at home.
 */
void __lsan_do_leak_check(void) __attribute__((weak));

static inline bool leaks_are_sought(void)
{
	return __lsan_do_leak_check != NULL;
}

/* signal.c: a signal has been sent, by a call that has returned ret: the receiver is called home. Returns ret. */
int umcg_sent_to_thread(pthread_t thread, int sig, int ret) __attribute__((visibility("hidden")));
int umcg_sent_to_tid(pid_t tid, int sig, int ret) __attribute__((visibility("hidden")));

/* signal.c: what signal() and its relatives do, each with its flags. */
sighandler_t umcg_signal(int sig, sighandler_t handler, int flags, bool block_itself) __attribute__((visibility("hidden")));

/* signal.c: a raw call that may have sent a signal has returned ret; returns that. */
long umcg_sent_raw(long nr, const long *arguments, long ret) __attribute__((visibility("hidden")));

/* descriptor.c: close_range(), around what is the runtime's. */
int umcg_close_range(unsigned first, unsigned last, int flags) __attribute__((visibility("hidden")));

/* sigtake.c: the raw call; whether reading fd may take a signal that must be exchanged; such a read. */
long umcg_raw_sigtimedwait(const long *arguments) __attribute__((visibility("hidden")));
bool umcg_reads_signals(int fd) __attribute__((visibility("hidden")));
ssize_t umcg_read_signals(int fd, void *buf, size_t n) __attribute__((visibility("hidden")));

/* -errno of the runtime to the C convention. */
static inline long errno_return_long(long ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

static inline int errno_return(int ret)
{
	return (int)errno_return_long(ret);
}

/* TLS of each thread that its joiners look at; its address in another thread: host_tls_of(). */
struct life {
	uint32_t started;	/* created by us, runs */
	uint32_t exited;	/* its last destructor has run; written under the bucket of its pthread_t */
	uint32_t detached;
	uint32_t cancelled;	/* pthread_cancel() was called for it */
	bool creates_helper;	/* what it creates now is a thread of the libc's own use */
	pthread_t joining;	/* the thread that it waits for, or 0 */
};
extern thread_data struct life umcg_life __attribute__((visibility("hidden")));

/*
 * thread.c: the task of a thread, or NULL if it has none. A thread that has been created has its task once its kernel
 * thread begins; that is waited for.
 */
struct task *thread_task(pthread_t thread) __attribute__((visibility("hidden")));
struct task *thread_task_of_tid(pid_t tid) __attribute__((visibility("hidden")));

/* thread.c: end of a thread, before its libc thread goes. */
void thread_on_exit(struct task *t);
void thread_exits_raw(void) __attribute__((visibility("hidden")));

#endif
