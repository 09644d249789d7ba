/* SPDX-License-Identifier: MIT */
/* System calls that need more than one line. */
#include "host/sys.h"
#include "arch/context.h"
#include "base/atomic.h"
#include "base/text.h"
#include "host/vdso.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

void *sys_map(size_t size)
{
	long p = syscall6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p < 0 && p > -4096 ? NULL : (void *)p;
}

void sys_unmap(void *p, size_t size)
{
	syscall3(SYS_munmap, (long)p, (long)size, 0);
}

typedef long clock_fn(clockid_t clock, struct timespec *ts);

static clock_fn find_clock;
static clock_fn *get_clock = find_clock;

static long clock_by_syscall(clockid_t clock, struct timespec *ts)
{
	return syscall3(SYS_clock_gettime, clock, (long)ts, 0);
}

/* Several threads at once find the same. */
static long find_clock(clockid_t clock, struct timespec *ts)
{
	clock_fn *found = (clock_fn *)vdso_function("__vdso_clock_gettime");

	store_relaxed(&get_clock, found ? found : clock_by_syscall);
	return load_relaxed(&get_clock)(clock, ts);
}

uint64_t host_clock_ns(clockid_t clock)
{
	struct timespec ts;

	/* Not the symbol clock_gettime: whoever stands in front of the libc's (TSan) needs TLS, which carriers lack. */
	load_relaxed(&get_clock)(clock, &ts);
	return timespec_to_ns(&ts);
}

uint64_t host_now(void)
{
	return host_clock_ns(CLOCK_MONOTONIC);
}

bool sys_read_file(const char *path, char *buf, size_t size)
{
	long fd = syscall4(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0), len;

	if (fd < 0)
		return false;
	len = syscall3(SYS_read, fd, (long)buf, (long)size - 1);
	syscall3(SYS_close, fd, 0, 0);
	buf[len > 0 ? len : 0] = 0;
	return len > 0;
}

enum { STAT_PROCESSOR = 39 };		/* the field of /proc/PID/task/TID/stat, counted from 1 */

int sys_thread_open(int tid)
{
	struct text path = { 0 };

	text_str(&path, "/proc/self/task/");
	text_dec(&path, (uint64_t)tid);
	text_str(&path, "/stat");
	path.buf[path.len] = 0;
	return (int)syscall4(SYS_openat, AT_FDCWD, (long)path.buf, O_RDONLY | O_CLOEXEC, 0);
}

/* The start of field 3 of that file's line in buf, or NULL. */
static const char *read_stat(int fd, char *buf, size_t size)
{
	long len = syscall4(SYS_pread64, fd, (long)buf, (long)size - 1, 0);

	if (len > 0)
		buf[len] = 0;
	/* "tid (name) S …": the name may hold anything, so look for the last ')'. */
	for (long i = len - 3; i > 0; i--)
		if (buf[i] == ')')
			return buf + i + 2;
	return NULL;
}

static int processor_of(const char *stat)
{
	int cpu = 0;

	for (int field = 3; *stat && field < STAT_PROCESSOR; stat++)
		field += *stat == ' ';
	if (!*stat)
		return -1;
	for (; *stat >= '0' && *stat <= '9'; stat++)
		cpu = cpu * 10 + (*stat - '0');
	return cpu;
}

char sys_thread_place(int fd, int *cpu)
{
	char buf[512];
	const char *stat = read_stat(fd, buf, sizeof(buf));

	*cpu = stat ? processor_of(stat) : -1;
	return stat ? *stat : 0;
}

char sys_thread_look(int tid, int *cpu)
{
	int fd = sys_thread_open(tid);
	char state;

	*cpu = -1;
	if (fd < 0)
		return 0;
	state = sys_thread_place(fd, cpu);
	syscall3(SYS_close, fd, 0, 0);
	return state;
}

int sys_cpu(void)
{
	unsigned cpu;

	return syscall3(SYS_getcpu, (long)&cpu, 0, 0) < 0 ? -1 : (int)cpu;
}

bool sys_accessible(uint64_t p)
{
	/* Adds 0 to the word, atomically, and wakes nobody. */
	static uint32_t any;

	return p && syscall6(SYS_futex, (long)&any, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, (long)p,
			     FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)) >= 0;
}

/* As rt_sigaction(2) has it. */
struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	kernel_sigset mask;
};

void sys_sigaction(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct kernel_sigaction act = {
		.handler = (void *)handler, .flags = SA_SIGINFO | SA_RESTART | ARCH_SA_RESTORER, .restorer = (void *)arch_sigreturn,
		.mask = ~0ull,
	};

	syscall4(SYS_rt_sigaction, sig, (long)&act, 0, sizeof(kernel_sigset));
}

_Noreturn void sys_die(int sig)
{
	struct kernel_sigaction dfl = { 0 };
	kernel_sigset only = SIGBIT(sig);

	syscall4(SYS_rt_sigaction, sig, (long)&dfl, 0, sizeof(kernel_sigset));
	sys_sigmask(SIG_UNBLOCK, &only, NULL);
	sys_tgkill(sys_getpid(), sys_gettid(), sig);
	for (;;)
		syscall3(SYS_exit_group, 128 + sig, 0, 0);
}

bool host_is_signalfd(int fd)
{
	static const char kind[] = "anon_inode:[signalfd]";
	char target[sizeof(kind)];
	struct text path = { 0 };

	if (fd < 0)
		return false;
	text_str(&path, "/proc/self/fd/");
	text_dec(&path, (uint64_t)fd);
	path.buf[path.len] = '\0';
	return syscall4(SYS_readlinkat, AT_FDCWD, (long)path.buf, (long)target, sizeof(target)) == sizeof(kind) - 1 &&
	       !memcmp(target, kind, sizeof(kind) - 1);
}
