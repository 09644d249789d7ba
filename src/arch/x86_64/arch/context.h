/* SPDX-License-Identifier: MIT */
/*
 * A user context: the callee-saved registers on its own stack, plus the thread pointer.
 *
 * Saved frame, from sp upwards (64 bytes): mxcsr | x87 control word, r15, r14,
 * r13, r12, rbx, rbp, return address. DOC: saved-frame (the CFI of
 * arch_home_entry describes it to unwinders).
 */
#ifndef UMCG_ARCH_CONTEXT_H
#define UMCG_ARCH_CONTEXT_H

#include "base/compiler.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context {
	void *sp;		/* first: arch_home_entry's CFI reads it */
	void *tp;		/* constant after init */
};

/* Save the caller in from, load to; returns when somebody switches back. */
void arch_switch(struct context *from, struct context *to);

/*
 * The same without a call: processors predict returns by the calls of the context
 * that was left, and a jump by what it did before. For switches between places
 * that differ. Code that inlines it has no red zone (Makefile.am).
 */
static always_inline void arch_switch_inline(struct context *from, struct context *to)
{
	__asm__ volatile("lea	1f(%%rip), %%rcx\n\t"
			 "jmp	arch_switch_jump\n"
			 "1:"
			 : "+D"(from), "+S"(to)
			 :
			 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "cc", "memory",
			   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
			   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#ifdef __AVX512F__
			   , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
			   "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31",
			   "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#endif
			);
}

/* Prepare c so that the first switch to it calls entry(arg) on the given stack. */
void arch_context_init(struct context *c, void *stack_top, void *tp,
		       void (*entry)(void *), void *arg);

/*
 * First code of a home's park stack: calls loop(task). task's first member is
 * the worker's context, where its CFI leads unwinders on to.
 */
void arch_home_entry(void);
void arch_home_context_init(struct context *c, void *stack_top, void *tp,
			    void (*loop)(void *), void *task);

/* call() on the stack below stack_top. */
void arch_call_on_stack(void (*call)(void), void *stack_top);

/*
 * How a switch changes the thread pointer. The FS base itself: by the kernel, or where that is allowed by wrfsbase.
 * Or the copy at its own address, fs:0, if no code reads more by FS (host_tls_by_pointer()): then the FS base
 * stays the kernel thread's.
 */
enum tp_switch { TP_SYSCALL, TP_WRFSBASE, TP_STORE };
extern uint8_t arch_tp_switch;

/*
 * A raw clone(2) of a kernel thread that runs entry(arg) on stack_top with FS base tp. Result: tid or -errno.
 * The kernel clears *alive, unless that is NULL, when the thread has left its stack for good.
 */
int arch_clone_thread(void *stack_top, void *tp, int (*entry)(void *), void *arg, uint32_t *alive);

/* Where a signal handler that was installed without the libc returns to, and the flag that says so. */
void arch_sigreturn(void);
#define ARCH_SA_RESTORER 0x04000000ul

/* The program counter that the signal frame interrupted. */
uintptr_t arch_ucontext_pc(const void *ucontext);

/* Its stack pointer. */
uintptr_t arch_ucontext_sp(const void *ucontext);

/*
 * Go on with a signal handler on the stack that it interrupted: there its frame is built once more, from the
 * one that ucontext is part of, and entry called with it as the kernel does. How much of that stack the frame takes
 * is the second's answer.
 */
__attribute__((noreturn))
void arch_move_handler(int sig, void *ucontext, void (*entry)(int, siginfo_t *, void *));
size_t arch_handler_frame(const void *ucontext);

/* Whether it interrupted a system call, which begins again when the handler returns. */
bool arch_ucontext_restarts_call(const void *ucontext);

#endif
