/* SPDX-License-Identifier: MIT */
/* glibc's threads. */
#include "host/thread.h"
#include "arch/cpu.h"
#include "base/compiler.h"
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

const char *host_missing_feature(void)
{
	unsigned long shadow = 0;

	if (!gnu_get_libc_version)
		return "the libc is not glibc";
	if ((uintptr_t)pthread_self() != (uintptr_t)cpu_thread_pointer())
		return "pthread_self() is not the thread pointer";
	if (syscall3(SYS_arch_prctl, ARCH_SHSTK_STATUS_NR, (long)&shadow, 0) == 0 && shadow & 1)
		return "shadow stacks are active";
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

static pthread_key_t exit_key;
static void (*exit_hook)(struct task *t);
static thread_data unsigned exit_rounds;

/* Come again in each round of destructors but the last, so that others that lock and wait find the task alive. */
static void on_exit_round(void *value)
{
	if (++exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(exit_key, value);
	else
		exit_hook(value);
}

int host_thread_exit_init(void (*on_exit)(struct task *t))
{
	exit_hook = on_exit;
	return -pthread_key_create(&exit_key, on_exit_round);
}

void host_on_thread_exit(struct task *t)
{
	pthread_setspecific(exit_key, t);
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
