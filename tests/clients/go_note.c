/* SPDX-License-Identifier: MIT */
/* What tells that Go's linker has had a hand in a program. */
__asm__(".pushsection .note.go.buildid, \"a\", @note\n\t"
	".balign 4\n\t"
	".long 4, 6, 4\n\t"		/* sizes of name and description, type */
	".asciz \"Go\\0\"\n\t"
	".asciz \"build\"\n\t"
	".balign 4\n\t"
	".popsection");
