/* SPDX-License-Identifier: MIT */
/* Wrappers have the libc's own names, known to its headers by their prototypes, and are exported. */
#ifndef UMCG_INTERPOSE_NAMES_H
#define UMCG_INTERPOSE_NAMES_H

#include "base/compiler.h"

#define WRAPPER EXPORT

#endif
