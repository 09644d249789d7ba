// SPDX-License-Identifier: MIT
// Threads begin, are joined, end, keep their identity and their own data: as on NPTL.
#include "judge.h"

JUDGE_SAME(Create, {"create"});
JUDGE_SAME(Join, {"join"});
JUDGE_SAME(Ends, {"ends"});
JUDGE_SAME(Stacks, {"stacks"});
JUDGE_SAME(ThreadData, {"tsd", "tls_objects", "modules"});
JUDGE_SAME(Identity, {"identity"});
