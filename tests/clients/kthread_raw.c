/* SPDX-License-Identifier: MIT */
/* State that the kernel keeps per thread, for which the libc has no function, or that is a register of the thread's. */
#include "kthread.h"

#include <asm/prctl.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern int arch_prctl(int, unsigned long);

static int memory_policy(void)
{
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0))
		client_skip("the kernel has no memory policies");
	return mode;
}

static void prefer_node(void)
{
	unsigned long nodes = 1;

	CHECK_EQ(syscall(SYS_set_mempolicy, MPOL_PREFERRED, &nodes, 8 * sizeof(nodes)), 0);
}

static void node_is_preferred(void) { CHECK_EQ(memory_policy(), MPOL_PREFERRED); }
static void policy_is_default(void) { CHECK_EQ(memory_policy(), MPOL_DEFAULT); }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed_turn = PTHREAD_COND_INITIALIZER;
static int turns;

static void *take_turns(void *arg)
{
	intptr_t me = (intptr_t)arg;

	pthread_mutex_lock(&lock);
	while (turns < 1000) {
		if (turns % 2 == me) {
			turns++;
			pthread_cond_broadcast(&changed_turn);
		} else {
			pthread_cond_wait(&changed_turn, &lock);
		}
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *end_at_once(void *arg)
{
	return arg;
}

/* As libnuma when it is loaded, in a program that has threads already. The judge looks where others run. */
static void policy_tried(void)
{
	pthread_t t[2];

	start_thread(&t[0], end_at_once, NULL);
	join_thread(t[0]);
	policy_is_default();
	prefer_node();
	CHECK_EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0), 0);
	policy_is_default();
	start_threads(t, 2, take_turns);
	join_threads(t, 2);
}

static void own_memory_policy(void) { belongs_to_one((struct state){ prefer_node, node_is_preferred, policy_is_default }); }

static unsigned long at_gs = 4711, original_gs;

static unsigned long gs(void)
{
	unsigned long base;

	CHECK_EQ(arch_prctl(ARCH_GET_GS, (unsigned long)&base), 0);
	return base;
}

static void set_gs(void) { CHECK_EQ(arch_prctl(ARCH_SET_GS, (unsigned long)&at_gs), 0); }
static void set_gs_raw(void) { CHECK_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, &at_gs), 0); }

static void gs_is_set(void)
{
	unsigned long found;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(found));
	CHECK_EQ(found, at_gs);
	CHECK_EQ(gs(), (unsigned long)&at_gs);
}

static void gs_is_original(void) { CHECK_EQ(gs(), original_gs); }

static void own_gs(void)
{
	original_gs = gs();
	belongs_to_one((struct state){ set_gs, gs_is_set, gs_is_original });
	belongs_to_one((struct state){ set_gs_raw, gs_is_set, gs_is_original });
}

enum { PORT = 0x80 };			/* diagnostics; whatever is written there has no effect */

static void open_port(void) { CHECK_EQ(ioperm(PORT, 1, 1), 0); }
static void port_is_open(void) { outb(0, PORT); }
static void nothing(void) { }

static void own_ports(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (iopl(0) || ioperm(PORT, 1, 1))
			_exit(1);
		outb(0, PORT);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	if (status)
		client_skip("no I/O ports for this process");
	belongs_to_one((struct state){ open_port, port_is_open, nothing });
}

static void compute(long ms)
{
	for (long long end = now_us(CLOCK_THREAD_CPUTIME_ID) + ms * 1000; now_us(CLOCK_THREAD_CPUTIME_ID) < end;)
		sched_yield();
}

static void *compute_some(void *arg)
{
	compute(100);
	return arg;
}

/* The event counts what its thread does, all of it and nothing else. */
static void *count_itself(void *arg)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 0, .exclude_hv = 1,
	};
	long long before;
	uint64_t ns;
	int fd;

	usleep(100);
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		client_skip("no counters of its own for this process");
	before = now_us(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < 20; i++) {
		compute(5);
		usleep(100);
	}
	CHECK_EQ(read(fd, &ns, sizeof(ns)), sizeof(ns));
	before = now_us(CLOCK_THREAD_CPUTIME_ID) - before;
	CHECK((long long)ns / 1000 > before - 10000);
	CHECK((long long)ns / 1000 < before + 10000);
	close(fd);
	return arg;
}

static void own_counters(void)
{
	pthread_t t[3];

	start_thread(&t[0], count_itself, NULL);
	start_threads(t + 1, 2, compute_some);
	join_threads(t, 3);
}

/* Rights to pages with a key are in a register: those of one thread are no other's. */
static int key;
static char *page;

static bool may_read(void)
{
	int ends[2];
	ssize_t n;

	CHECK_EQ(pipe(ends), 0);
	n = write(ends[1], page, 1);
	close(ends[0]);
	close(ends[1]);
	return n == 1;
}

#ifdef PKEY_DISABLE_ACCESS
static void forbid(void) { CHECK_EQ(pkey_set(key, PKEY_DISABLE_ACCESS), 0); }
static void is_forbidden(void) { CHECK(!may_read()); }
static void is_allowed(void) { CHECK(may_read()); }

static void *take_key(void *arg)
{
	usleep(100);
	key = pkey_alloc(0, 0);
	if (key < 0)
		client_skip("no protection keys here");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	CHECK_EQ(pkey_mprotect(page, 4096, PROT_READ | PROT_WRITE, key), 0);
	return arg;
}

static void own_rights(void)
{
	pthread_t t;

	start_thread(&t, take_key, NULL);
	join_thread(t);
	/* Who has not been told of a key may not use it. */
	CHECK_EQ(pkey_set(key, 0), 0);
	belongs_to_one((struct state){ forbid, is_forbidden, is_allowed });
}
#else
static void own_rights(void)
{
	(void)key, (void)page, (void)may_read;
	client_skip("the libc has no protection keys");
}
#endif

const struct check checks[] = {
	{ "policy_tried", policy_tried, NULL },
	{ "own_memory_policy", own_memory_policy, NULL },
	{ "own_gs", own_gs, NULL },
	{ "own_ports", own_ports, NULL },
	{ "own_counters", own_counters, NULL },
	{ "own_rights", own_rights, NULL },
	{ 0 },
};
