/* SPDX-License-Identifier: MIT */
/* Wrappers have the names to which the linker turns references to the libc's (stub.h); in C they keep the libc's. */
#ifndef UMCG_INTERPOSE_NAMES_H
#define UMCG_INTERPOSE_NAMES_H

#define WRAPPER

#define WRAP(name)		extern __typeof__(name) name __asm__("__wrap_" #name);
#define WRAPV(name, version)	WRAP(name)
#define HOME(name)
#define ALSO(name, ours)
#define OLD(name, version)
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME
#undef OLD
#undef ALSO

#endif
