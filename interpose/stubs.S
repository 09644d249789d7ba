/* SPDX-License-Identifier: MIT */
/*
 * The HOME symbols: have the worker go home, then jump to the libc's function
 * with registers and stack as they came. So variadic functions, vfork and
 * setjmp, which must not get a frame of ours, need no code of their own.
 */
	.text

/* Preserves what carries arguments (rdi rsi rdx rcx r8 r9 rax r10, xmm0-7); returns to the stub. */
	.type	go_home, @function
go_home:
	.cfi_startproc
	.cfi_adjust_cfa_offset 8	/* called by a stub, at whose entry only its return address was pushed */
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	mov	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	and	$-16, %rsp
	sub	$192, %rsp
	mov	%rdi, (%rsp)
	mov	%rsi, 8(%rsp)
	mov	%rdx, 16(%rsp)
	mov	%rcx, 24(%rsp)
	mov	%r8, 32(%rsp)
	mov	%r9, 40(%rsp)
	mov	%rax, 48(%rsp)
	mov	%r10, 56(%rsp)
	movaps	%xmm0, 64(%rsp)
	movaps	%xmm1, 80(%rsp)
	movaps	%xmm2, 96(%rsp)
	movaps	%xmm3, 112(%rsp)
	movaps	%xmm4, 128(%rsp)
	movaps	%xmm5, 144(%rsp)
	movaps	%xmm6, 160(%rsp)
	movaps	%xmm7, 176(%rsp)
	call	umcg_go_home
	mov	(%rsp), %rdi
	mov	8(%rsp), %rsi
	mov	16(%rsp), %rdx
	mov	24(%rsp), %rcx
	mov	32(%rsp), %r8
	mov	40(%rsp), %r9
	mov	48(%rsp), %rax
	mov	56(%rsp), %r10
	movaps	64(%rsp), %xmm0
	movaps	80(%rsp), %xmm1
	movaps	96(%rsp), %xmm2
	movaps	112(%rsp), %xmm3
	movaps	128(%rsp), %xmm4
	movaps	144(%rsp), %xmm5
	movaps	160(%rsp), %xmm6
	movaps	176(%rsp), %xmm7
	mov	%rbp, %rsp
	pop	%rbp
	.cfi_def_cfa %rsp, 16
	ret
	.cfi_endproc
	.size	go_home, . - go_home

#include "stub.h"

	.macro stub name, target
	.section .text.\name, "ax", @progbits
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	call	go_home
	jmp	\target
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro also name, ours
	.section .text.\name, "ax", @progbits
	.globl	\name
	.type	\name, @function
\name:
	jmp	*\ours@GOTPCREL(%rip)
	.size	\name, . - \name
	.endm

#define WRAP(name)
#define WRAPV(name, version)
#define OLD(name, version)
#define ALSO(name, ours) also STUB_NAME(name), STUB_NAME(ours);
#define HOME(name) stub STUB_NAME(name), STUB_TARGET(name);
#include "symbols.def"

	.section .note.GNU-stack, "", @progbits
