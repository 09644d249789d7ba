// SPDX-License-Identifier: MIT
// Nothing hangs: spinners, threads blocked in the kernel unannounced, libc's own locks held by descheduled threads.
#include "judge.h"

JUDGE_SAME(Kernel, {"nohang"});
JUDGE_SAME(Libc, {"nohang_libc"});
JUDGE_SAME(Stuck, {"stuck"});

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

// Without the watchers it is a tick of the monitor, a millisecond.
TEST(StuckFigures, OthersRunSoon)
{
	if (library().empty())
		GTEST_SKIP() << "NPTL is judged against itself";
	Outcome ours = run_preloaded({"stuck", "others_run_soon", "exit 0"}, 1);
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_LE(ours.figure("median_us"), 400) << ours.say();
}

TEST(StuckFigures, WhoIsBackQueuesUp)
{
	if (library().empty())
		GTEST_SKIP() << "NPTL is judged against itself";
	Outcome ours = run_preloaded({"stuck", "who_is_back_queues_up", "exit 0"}, 1);
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_LE(ours.figure("cpus"), 1.3) << ours.say();
}

TEST(StuckFigures, EachStuckThreadHasItsCarrier)
{
	if (library().empty())
		GTEST_SKIP() << "NPTL is judged against itself";
	Outcome ours = run_preloaded({"stuck", "carriers_come_and_go", "exit 0"}, 1);
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_GE(ours.figure("most"), 24) << ours.say();
}

} // namespace
