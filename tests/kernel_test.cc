// SPDX-License-Identifier: MIT
// What the kernel keeps per thread, and rights that the whole process gives up: as on NPTL.
#include "judge.h"

JUDGE_SAME(KernelThread, {"kthread"});
JUDGE_SAME(Credentials, {"creds"});
