/* SPDX-License-Identifier: MIT */
/* musl as a shared library, which does not tell its version. */
#include "host/musl/text.h"
#include "host/text_bounds.h"

#include <link.h>
#include <stddef.h>

void text_of_libc(uintptr_t *lo, uintptr_t *hi)
{
	find_text_bounds((uintptr_t)dl_iterate_phdr, lo, hi);
}

/* Libraries of all kinds come and go. */
bool text_tls_by_pointer(void)
{
	return false;
}

const char *text_libc_unfit(void)
{
	return NULL;
}
