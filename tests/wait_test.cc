// SPDX-License-Identifier: MIT
// Waiting for descriptors, file locks, messages and semaphore sets: as on NPTL.
#include "judge.h"

JUDGE_SAME(Descriptors, {"descriptors"});
JUDGE_SAME(Messages, {"messages"});
