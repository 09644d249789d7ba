// SPDX-License-Identifier: MIT
// Mutexes of every kind, contended, with time limits, shared between processes, robust: as on NPTL.
#include "judge.h"

JUDGE_SAME(Mutex, {"mutex", "mutex_timed", "mutex_words", "contend"});
JUDGE_SAME(SharedAndRobust, {"shared", "robust"});
