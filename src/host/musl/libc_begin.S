/* SPDX-License-Identifier: MIT */
/* Linked before libumcg-pthread.a and libc.a: see text_static.c. */
	.text
	.globl	umcg_libc_begin
	.hidden	umcg_libc_begin
umcg_libc_begin:
	nop

	.section .note.GNU-stack, "", @progbits
