// SPDX-License-Identifier: MIT
// The process as a whole: fork, exec and other programs, violent ends.
#include "judge.h"

JUDGE_SAME(Fork, {"fork"});
JUDGE_SAME(Alone, {"alone"});
JUDGE_SAME(OtherPrograms, {"spawn", "children"});
JUDGE_SAME(Confined, {"confined"});
JUDGE_SAME(Fatal, {"fatal"});
JUDGE_SAME(Jobs, {"jobs"});
