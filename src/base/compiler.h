/* SPDX-License-Identifier: MIT */
/* Compiler notation used throughout. */
#ifndef UMCG_BASE_COMPILER_H
#define UMCG_BASE_COMPILER_H

#include <stddef.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((noinline))
#define always_inline	inline __attribute__((always_inline))
#define EXPORT		__attribute__((visibility("default")))
#define thread_data	__thread __attribute__((tls_model("initial-exec")))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#endif
