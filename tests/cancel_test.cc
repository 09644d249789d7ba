// SPDX-License-Identifier: MIT
// Cancellation, and jumps and contexts of the program's own: as on NPTL.
#include "judge.h"

JUDGE_SAME(Cancel, {"cancel"});
JUDGE_SAME(Jumps, {"jumps"});
