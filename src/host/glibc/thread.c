/* SPDX-License-Identifier: MIT */
/* glibc's threads. */
#include "host/thread.h"
#include "arch/cpu.h"
#include "base/compiler.h"
#include "host/sys.h"
#include "host/text_bounds.h"

/* The kernel's ABI of rseq(2), where Debian 12's headers lack it. */
enum { RSEQ_UNREGISTER = 1, RSEQ_CPU_ID_FAILED = -2 };
#define RSEQ_SIGNATURE 0x53053053

struct rseq_area {
	uint32_t cpu_id_start;
	int32_t cpu_id;
};

extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
extern const char *gnu_get_libc_version(void) __attribute__((weak));

const char *host_libc_unfit(void)
{
	return gnu_get_libc_version ? NULL : "the libc is not glibc";
}

/* Libraries of all kinds come and go. */
bool host_tls_by_pointer(void)
{
	return false;
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

void host_libc_text(uintptr_t *lo, uintptr_t *hi)
{
	find_text_bounds((uintptr_t)gnu_get_libc_version, lo, hi);
}
