// SPDX-License-Identifier: MIT
// Read-write locks, barriers, spin locks, once, semaphores, and C11's names for such things: as on NPTL.
#include "judge.h"

JUDGE_SAME(Rwlock, {"rwlock"});
JUDGE_SAME(Barrier, {"barrier"});
JUDGE_SAME(SpinAndOnce, {"spin", "once_throw", "no_tables"});
JUDGE_SAME(Semaphore, {"sem"});
JUDGE_SAME(C11, {"c11"});
