/* SPDX-License-Identifier: MIT */
/* glibc's threads. */
#include "host/thread.h"
#include "arch/cpu.h"
#include "base/atomic.h"
#include "base/compiler.h"
#include "base/text.h"
#include "host/sys.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

/* The kernel's ABI of rseq(2) and of arch_prctl(2), where Debian 12's headers lack it. */
enum { RSEQ_UNREGISTER = 1, RSEQ_CPU_ID_FAILED = -2, ARCH_SHSTK_STATUS_NR = 0x5005 };
#define RSEQ_SIGNATURE 0x53053053

struct rseq_area {
	uint32_t cpu_id_start;
	int32_t cpu_id;
};

extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
extern const char *gnu_get_libc_version(void) __attribute__((weak));

static bool traced_by(const char *name)
{
	static const char field[] = "TracerPid:\t";
	struct text path = { 0 };
	char status[1024], comm[16];
	const char *pid;

	if (!sys_read_file("/proc/self/status", status, sizeof(status)) || !(pid = strstr(status, field)))
		return false;
	text_str(&path, "/proc/");
	for (pid += sizeof(field) - 1; *pid >= '0' && *pid <= '9' && path.len < 32; pid++)
		path.buf[path.len++] = *pid;
	text_str(&path, "/comm");
	path.buf[path.len] = 0;
	return sys_read_file(path.buf, comm, sizeof(comm)) && strncmp(comm, name, strlen(name)) == 0;
}

const char *host_missing_feature(void)
{
	unsigned long shadow = 0;

	if (!gnu_get_libc_version)
		return "the libc is not glibc";
	if ((uintptr_t)pthread_self() != (uintptr_t)cpu_thread_pointer())
		return "pthread_self() is not the thread pointer";
	if (syscall3(SYS_arch_prctl, ARCH_SHSTK_STATUS_NR, (long)&shadow, 0) == 0 && shadow & 1)
		return "shadow stacks are active";
	/* It takes switches for function calls, and keeps one of our signals to itself. */
	if (cpu_is_valgrind())
		return "valgrind runs the program";
	/* It breaks at the return of each call, and resumes only the kernel thread that has made the call. */
	if (traced_by("ltrace\n"))
		return "ltrace traces the program";
	return NULL;
}

bool host_has_fsgsbase(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
}

void host_release_rseq(void)
{
	struct rseq_area *area;
	unsigned sizes[] = { 32, 0 };

	if (!&__rseq_offset || !&__rseq_size || !__rseq_size)
		return;
	sizes[1] = __rseq_size;
	area = (struct rseq_area *)((char *)cpu_thread_pointer() + __rseq_offset);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		if (syscall4(SYS_rseq, (long)area, sizes[i], RSEQ_UNREGISTER, RSEQ_SIGNATURE) == 0)
			break;
	__atomic_store_n(&area->cpu_id, RSEQ_CPU_ID_FAILED, __ATOMIC_RELAXED);
}

void host_thread_name(char name[16])
{
	syscall3(SYS_prctl, PR_GET_NAME, (long)name, 0);
}

void *host_tls_of(pthread_t thread, void *ours)
{
	/* A pthread_t is its thread's thread pointer, and initial-exec variables lie at a fixed distance from it. */
	return (char *)thread + ((char *)ours - (char *)cpu_thread_pointer());
}

/* Not one of the program's first keys: it may try one that it has not created. */
enum { EXIT_KEY_WANTED = 31 };		/* the last that a thread has room for from birth */

int __pthread_key_create(pthread_key_t *key, void (*destructor)(void *));

static pthread_key_t exit_key;
static void (*exit_hook)(struct task *t);
static uint32_t exit_users;		/* threads between a look at exit_gone and their last use of the key */
static uint32_t exit_gone;
static thread_data unsigned exit_rounds;
static thread_data bool ending;

static bool use_key(void)
{
	add_acq_rel(&exit_users, 1);
	fence_seq_cst();			/* pairs with host_thread_exit_give_up() */
	return !load_relaxed(&exit_gone);
}

static void leave_key(void)
{
	sub_acq_rel(&exit_users, 1);
}

/* Come again in each round of destructors but the last, so that others that lock and wait find the task alive. */
static void on_exit_round(void *value)
{
	if (++exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(exit_key, value);
		return;
	}
	exit_hook(value);
	if (ending)
		leave_key();
}

int host_thread_exit_init(void (*on_exit)(struct task *t))
{
	pthread_key_t key[EXIT_KEY_WANTED + 1];
	int n = 0, err;

	exit_hook = on_exit;
	while (!(err = __pthread_key_create(&key[n], on_exit_round)) && key[n] < EXIT_KEY_WANTED)
		n++;
	if (err)
		n--;
	exit_key = key[n < 0 ? 0 : n];
	for (int i = 0; i < n; i++)
		pthread_key_delete(key[i]);
	return n < 0 ? -err : 0;
}

void host_on_thread_exit(struct task *t)
{
	if (use_key())
		pthread_setspecific(exit_key, t);
	leave_key();
}

void host_thread_ends(struct task *t)
{
	ending = use_key();
	if (ending)
		return;
	leave_key();
	exit_hook(t);
}

bool host_thread_exit_given_up(void)
{
	return load_relaxed(&exit_gone);
}

bool host_thread_exit_give_up(void)
{
	if (swap_acq_rel(&exit_gone, 1))
		return false;
	fence_seq_cst();			/* pairs with use_key(): either it sees the key gone, or we see the user */
	if (load_relaxed(&exit_users)) {
		store_release(&exit_gone, 0);
		return false;
	}
	pthread_key_delete(exit_key);
	return true;
}

void host_thread_exit_after_fork(void)
{
	store_relaxed(&exit_users, ending);
}

struct text_bounds {
	uintptr_t pc, lo, hi;
};

static int find_text(struct dl_phdr_info *info, size_t size, void *data)
{
	struct text_bounds *b = data;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t lo = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) || b->pc < lo || b->pc >= lo + ph->p_memsz)
			continue;
		b->lo = lo;
		b->hi = lo + ph->p_memsz;
		return 1;
	}
	return 0;
}

void host_libc_text(uintptr_t *lo, uintptr_t *hi)
{
	struct text_bounds b = { .pc = (uintptr_t)gnu_get_libc_version };

	dl_iterate_phdr(find_text, &b);
	*lo = b.lo;
	*hi = b.hi;
}
