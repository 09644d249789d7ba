// SPDX-License-Identifier: MIT
// Dynamically linked programs for musl: under the preload as without it.
#include "musl_judge.h"

namespace {

const Way preloaded{"preload", "", "", true};

JUDGE_AS_ON_MUSL(preloaded);

TEST(MuslRuntime, IsAtWork) { judge_at_work(preloaded); }

} // namespace
