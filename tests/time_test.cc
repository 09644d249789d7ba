// SPDX-License-Identifier: MIT
// Sleeping and time limits: right, and as punctual as NPTL; what waiting costs in CPU time and memory; fair shares.
#include "judge.h"

#include <algorithm>

JUDGE_SAME(Sleep, {"sleep"});
JUDGE_SAME(CpuClock, {"cpu_clock"});

namespace {

enum { LATE_US = 1000, TRIES = 3 };

using Figures = std::vector<std::string>;

class Measured : public testing::TestWithParam<unsigned> {
      protected:
	static Outcome on_nptl(const std::string &client, const std::string &name)
	{
		return run_on_nptl({client, name, "exit 0"});
	}
	static Outcome preloaded(const std::string &client, const std::string &name)
	{
		return run_preloaded({client, name, "exit 0"}, GetParam());
	}

	// A busy machine may spoil one pair of runs, not three in a row.
	static void no_more_than_nptl(const std::string &client, const std::string &name, const Figures &figures, double bound)
	{
		std::string excess;
		for (int i = 0; i < TRIES; i++) {
			Outcome nptl = on_nptl(client, name), ours = preloaded(client, name);
			ASSERT_EQ(nptl.ends, "exit 0") << "on NPTL itself: " << nptl.say();
			ASSERT_EQ(ours.ends, "exit 0") << ours.say();
			excess.clear();
			for (const auto &f : figures)
				if (ours.figure(f) > nptl.figure(f) + bound)
					excess += f + " " + std::to_string(ours.figure(f)) + " against " +
						  std::to_string(nptl.figure(f)) + "; ";
			if (excess.empty())
				return;
		}
		FAIL() << excess << "bound: " << bound << " more";
	}
};

TEST_P(Measured, MutexTimeLimits)
{
	no_more_than_nptl("mutex_timed", "time_out", {"late_timedlock_us", "late_realtime_us", "late_monotonic_us"}, LATE_US);
}

TEST_P(Measured, CondTimeLimits)
{
	no_more_than_nptl("cond_timed", "time_out",
			  {"late_timedwait_us", "late_timedwait_monotonic_us", "late_clockwait_us", "late_clockwait_monotonic_us"},
			  LATE_US);
}

TEST_P(Measured, RwlockTimeLimits)
{
	no_more_than_nptl("rwlock", "time_out", {"late_realtime_us", "late_monotonic_us"}, LATE_US);
}

TEST_P(Measured, SemaphoreTimeLimits)
{
	no_more_than_nptl("sem", "time_out", {"late_realtime_us", "late_monotonic_us"}, LATE_US);
}

// Absolute: 300 threads that sleep use less than 5 ms of CPU time in a second.
TEST_P(Measured, Sleeping)
{
	no_more_than_nptl("sleep", "punctual", {"late_nanosleep_us", "late_clock_nanosleep_us"}, LATE_US);
}

TEST_P(Measured, SleepersUseNoCpu)
{
	double least = 1e9;
	for (int i = 0; i < TRIES && least >= 5000; i++) {
		Outcome ours = preloaded("measure", "sleepers");
		ASSERT_EQ(ours.ends, "exit 0") << ours.say();
		least = std::min(least, ours.figure("cpu_us"));
	}
	EXPECT_LT(least, 5000);
}

TEST_P(Measured, MemoryOfBlockedThreads) { no_more_than_nptl("measure", "memory", {"kb_each"}, 12); }

// Absolute: less than 1 ms of CPU time in a second in which every thread waits.
TEST_P(Measured, IdleUsesNoCpu)
{
	double least = 1e9;
	for (int i = 0; i < TRIES && least >= 1000; i++) {
		Outcome ours = preloaded("measure", "idle");
		ASSERT_EQ(ours.ends, "exit 0") << ours.say();
		least = std::min(least, ours.figure("cpu_us"));
	}
	EXPECT_LT(least, 1000);
}

TEST_P(Measured, NobodyStarves)
{
	Outcome ours = preloaded("measure", "shares");
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_GE(ours.figure("least_ops"), 1) << ours.say();
}

INSTANTIATE_TEST_SUITE_P(Servers, Measured, SERVER_COUNTS, testing::PrintToStringParamName());

// CLOCK_REALTIME is set while threads wait. Not compared with NPTL: its waits are the kernel's, see own_clock.c.
class ClockSet : public testing::TestWithParam<std::tuple<std::string, unsigned>> {};

// Absolute: waits follow the clock within half a second, and look at it twice a second.
TEST_P(ClockSet, WaitsFollow)
{
	enum { FOLLOW_US = 1000000, CPU_US = 50000 };
	auto [name, servers] = GetParam();
	double late = 1e9, cpu = 1e9;
	if (library().empty())
		GTEST_SKIP() << "NPTL's waits are the kernel's";
	for (int i = 0; i < TRIES && (late >= FOLLOW_US || cpu >= CPU_US); i++) {
		Outcome ours = run_program(
			{TEST_OWN_CLOCK, "/usr/bin/env", "LD_PRELOAD=" + library(), client_path("clock_set"), name}, "", servers);
		if (ours.skipped())
			GTEST_SKIP() << ours.say();
		ASSERT_EQ(ours.ends, "exit 0") << ours.say();
		late = ours.figure("late_us");
		cpu = ours.has_figure("cpu_us") ? ours.figure("cpu_us") : 0;
	}
	EXPECT_LT(late, FOLLOW_US);
	EXPECT_LT(cpu, CPU_US);
}

INSTANTIATE_TEST_SUITE_P(Clients, ClockSet,
			 testing::Combine(testing::Values("set_forward", "set_forward_busy", "set_back"), SERVER_COUNTS),
			 [](const auto &info) { return std::get<0>(info.param) + "_s" + std::to_string(std::get<1>(info.param)); });

} // namespace
