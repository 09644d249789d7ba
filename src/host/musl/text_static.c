/* SPDX-License-Identifier: MIT */
/* musl linked into the program: between two marks that the link line puts around it, and this library. */
#include "host/musl/text.h"

#include <string.h>

/* Defined in libc_begin.S and libc_end.S; a link line without them only preempts more freely. */
extern const char umcg_libc_begin[] __attribute__((weak)), umcg_libc_end[] __attribute__((weak));

extern const char __libc_version[] __attribute__((visibility("hidden")));

void text_of_libc(uintptr_t *lo, uintptr_t *hi)
{
	*lo = (uintptr_t)umcg_libc_begin;
	*hi = (uintptr_t)umcg_libc_end;
}

/* Made 1 in a program that umcg-musl-gcc has linked and has found to be so (tools/mark-tls). */
__attribute__((section(".umcg_tls"))) static const volatile bool tls_by_pointer = false;

bool text_tls_by_pointer(void)
{
	return tls_by_pointer;
}

const char *text_libc_unfit(void)
{
	return strcmp(__libc_version, MUSL_VERSION) ? "the musl in this program is not " MUSL_VERSION
						       ", for which libumcg-pthread.a was built" : NULL;
}
