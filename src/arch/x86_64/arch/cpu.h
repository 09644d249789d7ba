/* SPDX-License-Identifier: MIT */
/* What the runtime needs to know of an x86-64 CPU. */
#ifndef UMCG_ARCH_CPU_H
#define UMCG_ARCH_CPU_H

#include <stdint.h>

static inline void cpu_relax(void)
{
	__builtin_ia32_pause();
}

/* The thread pointer: the FS base. The ABI keeps a copy at its own address. */
static inline void *cpu_thread_pointer(void)
{
	void *tp;

	__asm__("mov %%fs:0, %0" : "=r"(tp));
	return tp;
}

static inline void *cpu_stack_pointer(void)
{
	void *sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return sp;
}

/* Bit of AT_HWCAP2 that says that user space may execute wrfsbase. */
enum { HWCAP2_FSGSBASE = 1 << 1 };

#endif
