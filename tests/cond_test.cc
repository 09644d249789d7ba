// SPDX-License-Identifier: MIT
// Condition variables and queues built on them: as on NPTL.
#include "judge.h"

JUDGE_SAME(Cond, {"cond", "cond_versions", "cond_timed"});
JUDGE_SAME(Queue, {"queue"});
