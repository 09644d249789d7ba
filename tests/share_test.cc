// SPDX-License-Identifier: MIT
// Tasks across processes: the same with libumcg.so alone and under the preload.
#include "judge.h"

JUDGE_SAME(Share, {"share"});
