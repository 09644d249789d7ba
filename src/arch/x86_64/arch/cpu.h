/* SPDX-License-Identifier: MIT */
/* What the runtime needs to know of an x86-64 CPU. */
#ifndef UMCG_ARCH_CPU_H
#define UMCG_ARCH_CPU_H

#include <stdbool.h>
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

/*
 * Whether valgrind executes the program: its client request RUNNING_ON_VALGRIND. The rotations are no
 * operation on a CPU, where the answer stays 0.
 */
static inline bool cpu_is_valgrind(void)
{
	uint64_t request[6] = { 0x1001 }, answer = 0;

	__asm__ volatile("rol $3, %%rdi; rol $13, %%rdi; rol $61, %%rdi; rol $51, %%rdi; xchg %%rbx, %%rbx"
			 : "+d"(answer) : "a"(request) : "cc", "memory");
	return answer != 0;
}

/* Bit of AT_HWCAP2 that says that user space may execute wrfsbase. */
enum { HWCAP2_FSGSBASE = 1 << 1 };

#endif
