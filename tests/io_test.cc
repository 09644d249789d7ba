// SPDX-License-Identifier: MIT
// Descriptors and other things of the kernel that threads wait for, with races, signals, cancellation and errors.
#include "judge.h"

JUDGE_SAME(IoRace, {"io_race"});
JUDGE_SAME(IoSocket, {"io_socket"});
JUDGE_SAME(IoConnect, {"io_connect"});
JUDGE_SAME(IoPipe, {"io_pipe"});
JUDGE_SAME(IoSignal, {"io_signal"});
JUDGE_SAME(IoCancel, {"io_cancel"});
JUDGE_SAME(IoEvent, {"io_event"});
JUDGE_SAME(Futex, {"futex"});
JUDGE_SAME(IoStream, {"io_stream"});
JUDGE_SAME(IoOutput, {"io_output"});
JUDGE_SAME(IoOpen, {"io_open"});
JUDGE_SAME(IoRaw, {"io_raw"});
JUDGE_SAME(IoSeldom, {"io_seldom"});
JUDGE_SAME(IoOthers, {"io_others"});
JUDGE_SAME(IoNumbers, {"io_numbers"});
JUDGE_SAME(IoWait, {"io_wait"});
JUDGE_SAME(IoLife, {"io_life"});

namespace {

class FutexOff : public testing::TestWithParam<std::tuple<Check, unsigned>> {};

// All of them the kernel's: the same transcript again.
TEST_P(FutexOff, SameAsNptl)
{
	auto [check, servers] = GetParam();
	Outcome nptl = run_on_nptl(check), ours = run_preloaded(check, servers, {"UMCG_FUTEX=0"});
	EXPECT_EQ(ours.ends, check.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
}

INSTANTIATE_TEST_SUITE_P(Clients, FutexOff,
			 testing::Combine(testing::ValuesIn(checks_of({"futex"})), testing::Values(1u, 2u)), param_name);

} // namespace
