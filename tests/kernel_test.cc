// SPDX-License-Identifier: MIT
// What the kernel keeps per thread, and rights that the whole process gives up: as on NPTL.
#include "judge.h"

JUDGE_SAME(KernelThread, {"kthread", "kthread_raw"});
JUDGE_SAME(Credentials, {"creds"});
