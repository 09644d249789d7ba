/* SPDX-License-Identifier: MIT */
/* First frames of contexts: what arch_switch pops when it enters one for the first time. */
#include "arch/context.h"

#include <string.h>
#include <ucontext.h>

bool arch_has_fsgsbase;

void arch_context_entry(void) __attribute__((visibility("hidden")));

struct saved_frame {
	uint32_t mxcsr, fcw;
	void *r15, *r14, *r13, *r12, *rbx, *rbp;
	void *ret;
};
_Static_assert(sizeof(struct saved_frame) == 64, "DOC: saved-frame");

static struct saved_frame *first_frame(struct context *c, void *stack_top, void *fs)
{
	/* The entry's CALL wants rsp to be 16-byte aligned once the frame is popped. */
	uintptr_t top = (uintptr_t)stack_top & ~(uintptr_t)15;
	struct saved_frame *f = (struct saved_frame *)(top - sizeof(*f));

	*f = (struct saved_frame){ .mxcsr = 0x1f80, .fcw = 0x37f };
	c->sp = f;
	c->fs = fs;
	return f;
}

void arch_context_init(struct context *c, void *stack_top, void *fs,
		       void (*entry)(void *), void *arg)
{
	struct saved_frame *f = first_frame(c, stack_top, fs);

	f->ret = (void *)arch_context_entry;
	f->r12 = (void *)entry;
	f->r13 = arg;
}

void arch_home_context_init(struct context *c, void *stack_top, void *fs,
			    void (*loop)(void *), void *task)
{
	struct saved_frame *f = first_frame(c, stack_top, fs);

	f->ret = (void *)arch_home_entry;
	f->r12 = task;
	f->r13 = (void *)loop;
}

uintptr_t arch_ucontext_pc(const void *ucontext)
{
	return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP];
}

bool arch_ucontext_restarts_call(const void *ucontext)
{
	enum { PAGE = 4096, SYSCALL = 0x050f };
	const void *pc = (const void *)arch_ucontext_pc(ucontext);
	uint16_t insn = 0;

	/* The next page may not be there, and the kernel's, where vsyscalls are, cannot be read. */
	if ((uintptr_t)pc % PAGE < PAGE - 1 && (intptr_t)pc > 0)
		memcpy(&insn, pc, sizeof(insn));
	return insn == SYSCALL;
}
