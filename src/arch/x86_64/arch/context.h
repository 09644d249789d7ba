/* SPDX-License-Identifier: MIT */
/*
 * A user context: the callee-saved registers on its own stack, plus the FS base.
 *
 * Saved frame, from sp upwards (64 bytes): mxcsr | x87 control word, r15, r14,
 * r13, r12, rbx, rbp, return address. DOC: saved-frame (the CFI of
 * arch_home_entry describes it to unwinders).
 */
#ifndef UMCG_ARCH_CONTEXT_H
#define UMCG_ARCH_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context {
	void *sp;		/* first: arch_home_entry's CFI reads it */
	void *fs;		/* constant after init */
};

/* Save the caller in from, load to; returns when somebody switches back. */
void arch_switch(struct context *from, struct context *to);

/* Prepare c so that the first switch to it calls entry(arg) on the given stack. */
void arch_context_init(struct context *c, void *stack_top, void *fs,
		       void (*entry)(void *), void *arg);

/*
 * First code of a home's park stack: calls loop(task). task's first member is
 * the worker's context, where its CFI leads unwinders on to.
 */
void arch_home_entry(void);
void arch_home_context_init(struct context *c, void *stack_top, void *fs,
			    void (*loop)(void *), void *task);

/* Whether wrfsbase may be executed; otherwise the switch asks the kernel. */
extern bool arch_has_fsgsbase;

/* A raw clone(2) of a kernel thread that runs entry(arg) on stack_top with FS base fs. Result: tid or -errno. */
int arch_clone_thread(void *stack_top, void *fs, int (*entry)(void *), void *arg);

/* The program counter that the signal frame interrupted. */
uintptr_t arch_ucontext_pc(const void *ucontext);

#endif
