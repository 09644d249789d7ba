/* SPDX-License-Identifier: MIT */
/* As a shared library: wrappers are exported by the libc's names, and stubs go on where the look-up has found. */
#ifndef UMCG_INTERPOSE_STUB_H
#define UMCG_INTERPOSE_STUB_H

#define STUB_NAME(name) name
#define STUB_TARGET(name) *umcg_real_##name(%rip)

#endif
