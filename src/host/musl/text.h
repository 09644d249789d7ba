/* SPDX-License-Identifier: MIT */
/* What differs between musl as a shared library and musl linked into the program. */
#ifndef UMCG_HOST_MUSL_TEXT_H
#define UMCG_HOST_MUSL_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds of the libc's code; 0 and 0 if they are not known. */
void text_of_libc(uintptr_t *lo, uintptr_t *hi);

/* See host_tls_by_pointer(). */
bool text_tls_by_pointer(void);

/* Why this libc will not do, in words; NULL if it will. */
const char *text_libc_unfit(void);

#endif
