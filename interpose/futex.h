/* SPDX-License-Identifier: MIT */
#ifndef UMCG_INTERPOSE_FUTEX_H
#define UMCG_INTERPOSE_FUTEX_H

#include <stdbool.h>

/* futex(2) with arguments a: true if it has been done, with result or -errno in *ret; false: it is the kernel's. */
bool futex_call(const long *a, long *ret) __attribute__((visibility("hidden")));

#endif
