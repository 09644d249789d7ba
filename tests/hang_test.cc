// SPDX-License-Identifier: MIT
// Nothing hangs: spinners, threads blocked in the kernel unannounced, libc's own locks held by descheduled threads.
#include "judge.h"

JUDGE_SAME(Kernel, {"nohang"});
JUDGE_SAME(Libc, {"nohang_libc"});

namespace {

class ShortSlices : public testing::TestWithParam<std::tuple<Check, unsigned>> {};

// Preemption everywhere: in libc's locks, in the allocator, between a wait and its wake.
TEST_P(ShortSlices, SameAsNptl)
{
	auto [check, servers] = GetParam();
	Outcome nptl = run_on_nptl(check);
	ASSERT_EQ(nptl.ends, check.ends) << "on NPTL itself: " << nptl.say();
	Outcome ours = run_preloaded(check, servers, {"UMCG_SLICE_MS=1"});
	EXPECT_EQ(ours.ends, check.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
	EXPECT_EQ(ours.err, nptl.err);
}

INSTANTIATE_TEST_SUITE_P(Clients, ShortSlices,
			 testing::Combine(testing::ValuesIn(checks_of({"nohang", "nohang_libc", "contend", "identity", "queue"})),
					  testing::Values(1u, 2u)),
			 param_name);

} // namespace
