// SPDX-License-Identifier: MIT
// UMCG v0.4 and groups: linked with the library alone (s0), and under the preload with servers of its own.
#include "judge.h"

#include <regex>

namespace {

class Contract : public testing::TestWithParam<std::tuple<Check, unsigned>> {};

// A breach is said in one line on stderr, after the client has said on stdout what it is going to be.
void judge_stderr(const Outcome &o)
{
	std::smatch breach;
	if (!std::regex_search(o.out, breach, std::regex("breach: (.*)\n"))) {
		EXPECT_EQ(o.err, "") << o.say();
		return;
	}
	std::smatch said;
	ASSERT_TRUE(std::regex_match(o.err, said, std::regex("libumcg: task [0-9]+ breaks the contract: (.*)\n"))) << o.say();
	EXPECT_TRUE(std::regex_match(said[1].str(), std::regex(breach[1].str()))) << o.say();
}

TEST_P(Contract, Holds)
{
	auto [check, servers] = GetParam();
	Words words{client_path(check.client), check.name};
	Outcome o = servers ? run_program(words, library(), servers) : run_program(words, "", 0);
	if (o.skipped())
		GTEST_SKIP() << o.out;
	ASSERT_EQ(o.ends, check.ends) << o.say();
	judge_stderr(o);
}

INSTANTIATE_TEST_SUITE_P(Clients, Contract,
			 testing::Combine(testing::ValuesIn(checks_of({"contract_ctl", "contract_wait", "contract_switch",
								       "contract_block", "contract_identity",
								       "contract_list", "contract_breach", "groups",
								       "groups_cxx", "stress"})),
					  testing::Values(0u, 1u, 2u)),
			 param_name);

} // namespace
