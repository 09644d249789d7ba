// SPDX-License-Identifier: MIT
// Before main and after it, and beside another preloaded library that replaces malloc.
#include "judge.h"

JUDGE_SAME(Start, {"early"});
JUDGE_SAME(OldPrograms, {"old_versions", "other_names", "own_names"});

namespace {


class BesideMalloc : public testing::TestWithParam<std::tuple<Check, bool, unsigned>> {};

// Whichever of the two comes first in LD_PRELOAD, and is called first.
TEST_P(BesideMalloc, SameAsNptl)
{
	auto [check, ours_first, servers] = GetParam();
	Words words{client_path(check.client), check.name};
	std::string other = client_path(".libs/slowmalloc.so");
	std::string both = ours_first ? library() + ":" + other : other + ":" + library();
	Words environment;
	if (servers == 1)
		environment.push_back("SLOWMALLOC_FIRST=1");
	Outcome nptl = run_program(words, other, 0, environment);
	ASSERT_EQ(nptl.ends, check.ends) << "on NPTL itself: " << nptl.say();
	Outcome ours = run_program(words, both, servers, environment);
	EXPECT_EQ(ours.ends, check.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
	EXPECT_EQ(ours.err, nptl.err);
}

std::vector<Check> clients()
{
	auto checks = checks_of({"early"});
	checks.push_back({"tls_objects", "all_ways_to_leave", "exit 0"});
	checks.push_back({"nohang_libc", "malloc_storm", "exit 0"});
	return checks;
}

INSTANTIATE_TEST_SUITE_P(Clients, BesideMalloc,
			 testing::Combine(testing::ValuesIn(clients()), testing::Bool(), testing::Values(1u, 2u)),
			 [](const auto &info) {
				 return std::get<0>(info.param).client + "_" + std::get<0>(info.param).name +
					(std::get<1>(info.param) ? "_first_s" : "_second_s") +
					std::to_string(std::get<2>(info.param));
			 });

} // namespace
