/* SPDX-License-Identifier: MIT */
/* What the tests take for granted from the build of a libc, and need not mean anything outside of it. */
#ifndef GLIBC_STUBS_INTERNAL_H
#define GLIBC_STUBS_INTERNAL_H

#include <limits.h>
#include <stdbool.h>

#define libc_hidden_proto(...)
#define libc_hidden_def(...)
#define attribute_hidden
#define IS_IN(module) 0

#endif
