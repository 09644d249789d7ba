// SPDX-License-Identifier: MIT
// The process as a whole: fork, exec and other programs, violent ends, rights given up.
#include "judge.h"

JUDGE_SAME(Fork, {"fork"});
JUDGE_SAME(OtherPrograms, {"spawn"});
JUDGE_SAME(Fatal, {"fatal"});
JUDGE_SAME(Credentials, {"creds"});
