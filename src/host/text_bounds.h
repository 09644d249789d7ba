/* SPDX-License-Identifier: MIT */
#ifndef UMCG_HOST_TEXT_BOUNDS_H
#define UMCG_HOST_TEXT_BOUNDS_H

#include <stdint.h>

/* Bounds of the code that pc lies in, as it was loaded; 0 and 0 if that is not known. */
void find_text_bounds(uintptr_t pc, uintptr_t *lo, uintptr_t *hi);

#endif
