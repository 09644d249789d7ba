/* SPDX-License-Identifier: MIT */
/*
 * Linked into the program with --wrap=NAME for each name: the linker gives
 * references to NAME, the libc's own too, to __wrap_NAME, which is ours, and those to
 * __real_NAME to the libc's NAME.
 */
#ifndef UMCG_INTERPOSE_STUB_H
#define UMCG_INTERPOSE_STUB_H

#define STUB_NAME(name) __wrap_##name
#define STUB_TARGET(name) __real_##name

#endif
