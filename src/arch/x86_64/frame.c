/* SPDX-License-Identifier: MIT */
/* First frames of contexts: what arch_switch pops when it enters one for the first time. */
#include "arch/context.h"

#include <string.h>
#include <ucontext.h>

uint8_t arch_tp_switch;

void arch_context_entry(void) __attribute__((visibility("hidden")));
__attribute__((noreturn, visibility("hidden")))
void arch_enter_handler(int sig, siginfo_t *info, void *frame, void (*entry)(int, siginfo_t *, void *));

struct saved_frame {
	uint32_t mxcsr, fcw;
	void *r15, *r14, *r13, *r12, *rbx, *rbp;
	void *ret;
};
_Static_assert(sizeof(struct saved_frame) == 64, "DOC: saved-frame");

static struct saved_frame *first_frame(struct context *c, void *stack_top, void *tp)
{
	/* The entry's CALL wants rsp to be 16-byte aligned once the frame is popped. */
	uintptr_t top = (uintptr_t)stack_top & ~(uintptr_t)15;
	struct saved_frame *f = (struct saved_frame *)(top - sizeof(*f));

	*f = (struct saved_frame){ .mxcsr = 0x1f80, .fcw = 0x37f };
	c->sp = f;
	c->tp = tp;
	return f;
}

void arch_context_init(struct context *c, void *stack_top, void *tp,
		       void (*entry)(void *), void *arg)
{
	struct saved_frame *f = first_frame(c, stack_top, tp);

	f->ret = (void *)arch_context_entry;
	f->r12 = (void *)entry;
	f->r13 = arg;
}

void arch_home_context_init(struct context *c, void *stack_top, void *tp,
			    void (*loop)(void *), void *task)
{
	struct saved_frame *f = first_frame(c, stack_top, tp);

	f->ret = (void *)arch_home_entry;
	f->r12 = task;
	f->r13 = (void *)loop;
}

uintptr_t arch_ucontext_pc(const void *ucontext)
{
	return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP];
}

uintptr_t arch_ucontext_sp(const void *ucontext)
{
	return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RSP];
}

enum { RED_ZONE = 128, KERNEL_UCONTEXT = 304, FXSAVE = 512, FRAME_HAS_XSTATE = 1, XSTATE_MAGIC = 0x46505853 };

/* The kernel's signal frame without the return address below it; the state of the floating-point unit is elsewhere. */
struct signal_frame {
	unsigned long flags;
	char to_fpregs[offsetof(ucontext_t, uc_mcontext.fpregs) - sizeof(unsigned long)];
	char *fpregs;
	char to_info[KERNEL_UCONTEXT - offsetof(ucontext_t, uc_mcontext.fpregs) - sizeof(char *)];
	siginfo_t info;
};
_Static_assert(offsetof(struct signal_frame, info) == KERNEL_UCONTEXT, "the kernel's layout");

static size_t fpregs_size(const struct signal_frame *f)
{
	/* What the kernel writes into the last bytes of the fxsave area, which the CPU leaves to software. */
	struct { uint32_t magic, extended_size; } sw;

	if (!f->fpregs)
		return 0;
	memcpy(&sw, f->fpregs + 464, sizeof(sw));
	return f->flags & FRAME_HAS_XSTATE && sw.magic == XSTATE_MAGIC ? sw.extended_size : FXSAVE;
}

size_t arch_handler_frame(const void *ucontext)
{
	return RED_ZONE + fpregs_size(ucontext) + 64 + sizeof(struct signal_frame) + 16 + sizeof(void *);
}

void arch_move_handler(int sig, void *ucontext, void (*entry)(int, siginfo_t *, void *))
{
	const struct signal_frame *old = ucontext;
	size_t size = fpregs_size(old);
	uintptr_t fpregs = (arch_ucontext_sp(old) - RED_ZONE - size) & ~(uintptr_t)63;
	struct signal_frame *moved = (struct signal_frame *)((fpregs - sizeof(*moved)) & ~(uintptr_t)15);

	*moved = *old;
	if (old->fpregs) {
		memcpy((char *)fpregs, old->fpregs, size);
		moved->fpregs = (char *)fpregs;
	}
	arch_enter_handler(sig, &moved->info, moved, entry);
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
