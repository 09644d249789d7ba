/* SPDX-License-Identifier: MIT */
/*
 * Context switch, first frames and thread birth for x86-64.
 */
#include <asm/unistd.h>

	.text

/*
 * Save the caller's frame, its return address on top of the stack, in the context
 * at rdi; load the one at rsi. Clobbers rax, rcx, rdx, r8, r11, and rdi and rsi
 * if it asks the kernel. ending: leaves the loaded frame by its return address.
 */
	.macro	switch_frames ending
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	push	%rbx
	.cfi_def_cfa_offset 24
	.cfi_offset %rbx, -24
	push	%r12
	.cfi_def_cfa_offset 32
	.cfi_offset %r12, -32
	push	%r13
	.cfi_def_cfa_offset 40
	.cfi_offset %r13, -40
	push	%r14
	.cfi_def_cfa_offset 48
	.cfi_offset %r14, -48
	push	%r15
	.cfi_def_cfa_offset 56
	.cfi_offset %r15, -56
	sub	$8, %rsp
	.cfi_def_cfa_offset 64
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	mov	(%rsp), %edx
	movzwl	4(%rsp), %ecx
	mov	%rsp, (%rdi)
	mov	(%rsi), %rsp
	/* While a context runs, unwinders that start at its home find this frame. */
	lea	running_frame(%rip), %rax
	mov	%rax, (%rsi)
	mov	8(%rsi), %rax
	cmpb	$1, arch_tp_switch(%rip)	/* enum tp_switch */
	jb	4f
	ja	5f
	wrfsbase %rax
1:	/* Loading the control words is slow and mostly needless. */
	cmp	%edx, (%rsp)
	jne	3f
	cmp	%cx, 4(%rsp)
	jne	3f
2:	add	$8, %rsp
	.cfi_def_cfa_offset 56
	pop	%r15
	.cfi_def_cfa_offset 48
	pop	%r14
	.cfi_def_cfa_offset 40
	pop	%r13
	.cfi_def_cfa_offset 32
	pop	%r12
	.cfi_def_cfa_offset 24
	pop	%rbx
	.cfi_def_cfa_offset 16
	pop	%rbp
	.cfi_def_cfa_offset 8
	\ending
	.cfi_def_cfa_offset 64
	.cfi_offset %rip, -8
3:	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	jmp	2b
4:	cmp	8(%rdi), %rax		/* a worker and its home have the same */
	je	1b
	mov	%rax, %rsi
	mov	$0x1002, %edi		/* ARCH_SET_FS */
	mov	$__NR_arch_prctl, %eax
	mov	%ecx, %r8d
	syscall
	mov	%r8d, %ecx
	jmp	1b
5:	mov	%rax, %fs:0
	jmp	1b
	.endm

	.macro	return_by_jump
	pop	%rcx
	.cfi_def_cfa_offset 0
	.cfi_register %rip, %rcx
	jmp	*%rcx
	.endm

/* void arch_switch(struct context *from, struct context *to) */
	.globl	arch_switch
	.hidden	arch_switch
	.type	arch_switch, @function
arch_switch:
	.cfi_startproc
	switch_frames ret
	.cfi_endproc
	.size	arch_switch, . - arch_switch

/* The same for a jump with the return address in rcx, see arch_switch_inline(). */
	.globl	arch_switch_jump
	.hidden	arch_switch_jump
	.type	arch_switch_jump, @function
arch_switch_jump:
	.cfi_startproc
	.cfi_def_cfa_offset 0
	.cfi_register %rip, %rcx
	push	%rcx
	.cfi_def_cfa_offset 8
	.cfi_offset %rip, -8
	switch_frames return_by_jump
	.cfi_endproc
	.size	arch_switch_jump, . - arch_switch_jump

/*
 * What a debugger shows under the home of a worker that runs on a server right
 * now: the carrier shows the application's frames. Never executed.
 */
	.globl	umcg_worker_runs_on_a_server
	.hidden	umcg_worker_runs_on_a_server
	.type	umcg_worker_runs_on_a_server, @function
umcg_worker_runs_on_a_server:
	.cfi_startproc
	.cfi_undefined %rip
	nop
	nop
	ud2
	.cfi_endproc
	.size	umcg_worker_runs_on_a_server, . - umcg_worker_runs_on_a_server

/* First frame of a context made by arch_context_init: r12 function, r13 argument. Does not return. */
	.globl	arch_context_entry
	.hidden	arch_context_entry
	.type	arch_context_entry, @function
arch_context_entry:
	.cfi_startproc
	.cfi_undefined %rip
	mov	%r13, %rdi
	call	*%r12
	ud2
	.cfi_endproc
	.size	arch_context_entry, . - arch_context_entry

/*
 * First frame of a home's park stack: r12 task, r13 loop. Does not return.
 * DOC: saved-frame. Its caller, as unwinders see it, is the worker's saved context:
 * CFA = *(task + 0) + 64, the registers in their slots below it. A signal frame,
 * so that a change to another stack is accepted.
 */
	.globl	arch_home_entry
	.hidden	arch_home_entry
	.type	arch_home_entry, @function
arch_home_entry:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape 0x0f, 0x05, 0x7c, 0x00, 0x06, 0x23, 0x40	/* def_cfa_expression: breg12+0, deref, plus 64 */
	.cfi_offset %rip, -8
	.cfi_offset %rbp, -16
	.cfi_offset %rbx, -24
	.cfi_offset %r12, -32
	.cfi_offset %r13, -40
	.cfi_offset %r14, -48
	.cfi_offset %r15, -56
	nop				/* the return address must lie inside */
	mov	%r12, %rdi
	call	*%r13
	ud2
	.cfi_endproc
	.size	arch_home_entry, . - arch_home_entry

/* void arch_call_on_stack(void (*call)(void) (rdi), void *stack_top (rsi)) */
	.globl	arch_call_on_stack
	.hidden	arch_call_on_stack
	.type	arch_call_on_stack, @function
arch_call_on_stack:
	.cfi_startproc
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	mov	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	mov	%rsi, %rsp
	call	*%rdi
	mov	%rbp, %rsp
	pop	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	arch_call_on_stack, . - arch_call_on_stack

/*
 * int arch_clone_thread(void *stack_top (rdi), void *tp (rsi), int (*entry)(void *) (rdx), void *arg (rcx), uint32_t *alive (r8))
 * Parent: tid or -errno. Child: entry(arg) on its stack, then exit of that kernel thread alone.
 */
	.globl	arch_clone_thread
	.hidden	arch_clone_thread
	.type	arch_clone_thread, @function
arch_clone_thread:
	.cfi_startproc
	sub	$16, %rdi
	mov	%rdx, (%rdi)
	mov	%rcx, 8(%rdi)
	mov	%r8, %r10		/* cleared at the child's end */
	mov	%rsi, %r8		/* tls */
	mov	%rdi, %rsi		/* child's stack */
	/* CLONE_VM|FS|FILES|SIGHAND|THREAD|SYSVSEM|SETTLS|CHILD_CLEARTID */
	mov	$0x2d0f00, %edi
	xor	%edx, %edx
	mov	$__NR_clone, %eax
	syscall
	test	%eax, %eax
	jz	1f
	ret
1:	.cfi_undefined %rip
	xor	%ebp, %ebp
	pop	%rax
	pop	%rdi
	call	*%rax
	mov	%eax, %edi
	mov	$__NR_exit, %eax
	syscall
	ud2
	.cfi_endproc
	.size	arch_clone_thread, . - arch_clone_thread

/* The register that DWARF numbers so lies in the signal frame at rsp. */
	.macro	in_signal_frame number, offset
	.cfi_escape 0x10, \number, 3, 0x77, (\offset & 0x7f) | 0x80, \offset >> 7	/* expression: breg7 + offset */
	.endm

/* void arch_sigreturn(void): of a signal frame. Unwinders look for it one byte before the return address. */
	.globl	arch_sigreturn
	.hidden	arch_sigreturn
	.type	arch_sigreturn, @function
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape 0x0f, 4, 0x77, (160 & 0x7f) | 0x80, 160 >> 7, 0x06	/* def_cfa_expression: breg7 + 160, deref */
	in_signal_frame 8, 40
	in_signal_frame 9, 48
	in_signal_frame 10, 56
	in_signal_frame 11, 64
	in_signal_frame 12, 72
	in_signal_frame 13, 80
	in_signal_frame 14, 88
	in_signal_frame 15, 96
	in_signal_frame 5, 104
	in_signal_frame 4, 112
	in_signal_frame 6, 120
	in_signal_frame 3, 128
	in_signal_frame 1, 136
	in_signal_frame 0, 144
	in_signal_frame 2, 152
	in_signal_frame 7, 160
	in_signal_frame 16, 168
	nop
arch_sigreturn:
	mov	$__NR_rt_sigreturn, %rax
	syscall
	.cfi_endproc
	.size	arch_sigreturn, . - arch_sigreturn

/*
 * void arch_enter_handler(int sig (edi), siginfo_t *info (rsi), void *frame (rdx), void (*entry)(int, siginfo_t *, void *) (rcx))
 * Calls entry as the kernel does a handler whose frame lies there.
 */
	.globl	arch_enter_handler
	.hidden	arch_enter_handler
	.type	arch_enter_handler, @function
arch_enter_handler:
	lea	arch_sigreturn(%rip), %rax
	mov	%rdx, %rsp
	push	%rax
	jmp	*%rcx
	.size	arch_enter_handler, . - arch_enter_handler

	.section .data.rel.ro, "aw", @progbits
	.balign	64
running_frame:
	.quad	0x037f00001f80, 0, 0, 0, 0, 0, 0
	.quad	umcg_worker_runs_on_a_server + 1

	.section .note.GNU-stack, "", @progbits
