/* SPDX-License-Identifier: MIT */
/* Linked behind libumcg-pthread.a and libc.a: see text_static.c. */
	.text
	.globl	umcg_libc_end
	.hidden	umcg_libc_end
umcg_libc_end:
	nop

	.section .note.GNU-stack, "", @progbits
