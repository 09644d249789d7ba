/* SPDX-License-Identifier: MIT */
/* Start of the runtime, adoption of the main thread, restart after fork. */
#include "sched/runtime.h"
#include "base/text.h"
#include "host/cpus.h"
#include "host/thread.h"
#include "sched/kept.h"
#include "sched/poller.h"
#include "sched/sched.h"
#include "sched/signal.h"

#include <errno.h>

struct umcg_runtime umcg_rt = {
	.keeper_deadline = NO_DEADLINE,
	.timers.next = NO_DEADLINE,
};

static int fail(const char *what, int err)
{
	struct text t = { 0 };

	umcg_rt.failed = true;
	if (umcg_rt.config.verbose) {
		text_str(&t, "libumcg: ");
		text_str(&t, what);
		text_str(&t, " (errno ");
		text_dec(&t, (uint64_t)-err);
		text_str(&t, "); threads run 1:1\n");
		text_flush(&t);
	}
	return err;
}

static int start_servers(void)
{
	int err;

	for (unsigned i = 0; i < umcg_rt.nservers; i++)
		if (!umcg_rt.servers[i].carrier && (err = carrier_create(&umcg_rt.servers[i])))
			return err;
	return 0;
}

/* Of a monitor that could not get its carriers, or none, what is there stays: the next attempt goes on from it. */
static int start_kernel_threads_locked(void)
{
	/* They inherit the mask: nothing may be delivered to a half-made one. */
	kernel_sigset all = ~0ull, old;
	int err = 0;

	sys_sigmask(SIG_SETMASK, &all, &old);
	/* One carrier in reserve, in case that no more threads can be had when one blocks. */
	if (!umcg_rt.carriers)
		err = carrier_create_spare();
	if (!err)
		err = start_servers();
	if (!err)
		err = monitor_start();
	sys_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static int prepare_locked(void)
{
	const char *missing = host_missing_feature();
	int err;

	if (missing)
		return fail(missing, -ENOSYS);
	arch_tp_switch = host_tp_switch();
	umcg_rt.pid = sys_getpid();
	if ((err = sys_membarrier_register()))
		return fail("no membarrier", err);
	list_init(&umcg_rt.idle);
	runtime_claim_signals();
	umcg_rt.prepared = true;
	return 0;
}

static int start_engine_locked(void)
{
	int err = 0;

	if (umcg_rt.engine)
		return 0;
	if (umcg_rt.confined)
		return fail("a seccomp filter was installed", -EPERM);
	if (!umcg_rt.prepared)
		err = prepare_locked();
	retire_alone();
	if (!err)
		err = start_kernel_threads_locked();
	if (!err)
		store_release(&umcg_rt.engine, true);
	return err;
}

int runtime_start_engine(void)
{
	int err;

	/* Several threads may be the first to register. */
	lock_acquire(&umcg_rt.start_lock);
	err = start_engine_locked();
	lock_release(&umcg_rt.start_lock);
	return err;
}

int runtime_thread_begins(void)
{
	int err;

	lock_acquire(&umcg_rt.start_lock);
	umcg_rt.retiring = load_relaxed(&umcg_rt.confined);
	err = umcg_rt.retiring ? 0 : start_engine_locked();
	if (!err)
		add_relaxed(&umcg_rt.threads, 1);
	lock_release(&umcg_rt.start_lock);
	return err;
}

void runtime_thread_ended(void)
{
	if (sub_acq_rel(&umcg_rt.threads, 1) == 1)
		retire_alone();
}

int runtime_start(void)
{
	struct task *before = umcg_self;	/* registered with the library API already */
	unsigned n;
	int err;

	if (umcg_rt.active)
		return 0;
	if (umcg_rt.confined)
		return fail("a seccomp filter was installed", -EPERM);
	if (umcg_rt.config.disable)
		return fail("disabled by UMCG_DISABLE", -ENOSYS);
	n = umcg_rt.config.servers ? umcg_rt.config.servers : host_usable_cpus();
	if (n > MAX_SERVERS)
		n = MAX_SERVERS;
	umcg_rt.pid = sys_getpid();
	umcg_rt.servers = sys_map(n * sizeof(struct server));
	if (!umcg_rt.servers)
		return fail("no memory for servers", -ENOMEM);
	servers_init(n);
	if ((err = worker_adopt_main()))
		return fail("no memory for the main thread", err);
	err = runtime_start_engine();
	if (err) {
		store_relaxed(&umcg_rt.nservers, 0);
		if (umcg_self)
			umcg_self->kind = TASK_FOREIGN;
		umcg_self = before;
		umcg_rt.main = NULL;
		return umcg_rt.failed ? err : fail("no kernel threads for the servers", err);
	}
	store_release(&umcg_rt.active, true);
	return 0;
}

int worker_adopt_main(void)
{
	struct task *t;
	char *stack;

	if (sys_gettid() != umcg_rt.pid)
		return 0;		/* some thread of the libc's: foreign */
	/* It may have registered as a task of the library API already. */
	t = umcg_self ? umcg_self : task_alloc(TASK_WORKER);
	stack = t ? parkstack_take() : NULL;
	if (!stack)
		return -ENOMEM;
	host_release_rseq();
	t->kind = TASK_WORKER;
	t->park_stack = stack;
	home_init(t);
	task_publish_tid(t);
	host_thread_name(t->name);
	signal_note_alternate_stack(t);
	umcg_self = umcg_rt.main = t;
	return 0;
}

struct task *task_self_or_new(void)
{
	struct task *t;
	kernel_sigset all = ~0ull, old;

	/* A handler on this thread must find all of the task or none. */
	sys_sigmask(SIG_SETMASK, &all, &old);
	t = umcg_self ? umcg_self : task_alloc(TASK_FOREIGN);
	if (t && !umcg_self) {
		t->tid = sys_gettid();
		t->at_home = true;
		task_publish_tid(t);
		umcg_self = t;
		host_on_thread_exit(t);
	}
	sys_sigmask(SIG_SETMASK, &old, NULL);
	return t;
}

struct task *task_self_slow(void)
{
	struct task *t;

	if (!load_acquire(&umcg_rt.active))	/* pairs with runtime_start() */
		return NULL;
	t = task_self_or_new();
	if (!t)
		umcg_panic("no memory for a thread's first wait");
	return t;
}

void runtime_after_fork_child(void)
{
	struct config config = umcg_rt.config;

	if (!umcg_rt.prepared)
		return;
	carriers_close_stats();
	poller_after_fork_child();
	umcg_rt = (struct umcg_runtime){
		.config = config,
		.confined = umcg_rt.confined,
		.keeper_deadline = NO_DEADLINE,
		.timers.next = NO_DEADLINE,
		.libc_text_lo = umcg_rt.libc_text_lo,
		.libc_text_hi = umcg_rt.libc_text_hi,
	};
	tasks_after_fork_child();
	kept_after_fork_child();
	host_thread_exit_after_fork();
	umcg_self = NULL;
}

static void line(const char *name, uint64_t value)
{
	struct text t = { 0 };

	text_str(&t, "umcg: ");
	text_str(&t, name);
	text_str(&t, " ");
	text_dec(&t, value);
	text_str(&t, "\n");
	text_flush(&t);
}

void stats_print(void)
{
	static const char *const how[] = { [TP_SYSCALL] = "system-call", [TP_WRFSBASE] = "wrfsbase", [TP_STORE] = "store" };
	struct server sum = { 0 };
	struct text t = { 0 };

	for (unsigned i = 0; i < umcg_rt.nservers && umcg_rt.servers; i++) {
		struct server *s = &umcg_rt.servers[i];

		sum.switches += load_relaxed(&s->switches);
		sum.swaps += load_relaxed(&s->swaps);
		sum.parks += load_relaxed(&s->parks);
		sum.steals += load_relaxed(&s->steals);
	}
	if (umcg_rt.prepared) {
		text_str(&t, "umcg: thread-pointer ");
		text_str(&t, how[arch_tp_switch]);
		text_str(&t, "\n");
		text_flush(&t);
	}
	line("servers", umcg_rt.nservers);
	line("carriers", umcg_rt.ncarriers);
	line("switches", sum.switches);
	line("swaps", sum.swaps);
	line("parks", sum.parks);
	line("steals", sum.steals);
	line("couples", umcg_rt.stats.couples);
	line("block-detections", umcg_rt.stats.takeovers);
	line("preemptions", umcg_rt.stats.preemptions);
	line("timer-expiries", umcg_rt.stats.timer_fires);
}
