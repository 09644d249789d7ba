// SPDX-License-Identifier: MIT
// Nothing hangs: spinners, threads blocked in the kernel unannounced, libc's own locks held by descheduled threads.
#include "judge.h"

JUDGE_SAME(Kernel, {"nohang"});
JUDGE_SAME(Libc, {"nohang_libc"});
