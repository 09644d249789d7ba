/* SPDX-License-Identifier: MIT */
/* Functions that the kernel maps into every process. */
#ifndef UMCG_HOST_VDSO_H
#define UMCG_HOST_VDSO_H

/* The function's address, or NULL. Allocates nothing and asks no library. */
void *vdso_function(const char *name);

#endif
