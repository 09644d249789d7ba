// SPDX-License-Identifier: MIT
// Programs for musl, linked or preloaded with the library, as on plain musl: what the judges of both ways share.
#ifndef TESTS_MUSL_JUDGE_H
#define TESTS_MUSL_JUDGE_H

#include "judge.h"

#include <map>
#include <sstream>

namespace {

const std::string preload = TEST_MUSL "/libumcg-pthread.so";

Words words_of(const std::string &text)
{
	std::istringstream in(text);
	std::string word;
	Words words;
	while (in >> word)
		words.push_back(word);
	return words;
}

struct Way {
	const char *name, *plain, *ours; // what is added to a client's name
	bool preloaded;
};

std::ostream &operator<<(std::ostream &to, const Way &way) { return to << way.name; }

const Outcome &on_plain_musl(const Check &check, const Way &way)
{
	static std::map<std::string, Outcome> known;
	std::string program = client_path("musl/" + check.client + way.plain);
	auto [at, is_new] = known.try_emplace(program + " " + check.name);
	if (is_new)
		at->second = run_program({program, check.name}, "", 0);
	return at->second;
}

// Each check of each client, as the clients say for musl.
std::vector<Check> checks_for_musl()
{
	Words programs;
	for (const auto &client : words_of(TEST_MUSL_CLIENTS))
		programs.push_back("musl/" + client + ".static");
	auto checks = checks_of(programs);
	for (auto &check : checks)
		check.client = check.client.substr(5, check.client.size() - 5 - 7);
	return checks;
}

class Musl : public testing::TestWithParam<std::tuple<Check, Way, unsigned>> {};

TEST_P(Musl, SameAsPlainMusl)
{
	auto [check, way, servers] = GetParam();
	const Outcome &plain = on_plain_musl(check, way);
	if (plain.skipped())
		GTEST_SKIP() << plain.out;
	ASSERT_EQ(plain.ends, check.ends) << "on musl itself: " << plain.say();

	Outcome ours = run_program({client_path("musl/" + check.client + way.ours), check.name}, way.preloaded ? preload : "", servers);
	ASSERT_EQ(ours.ends, check.ends) << ours.say();
	EXPECT_EQ(ours.out, plain.out) << ours.say();
	EXPECT_EQ(ours.err, plain.err);
}

inline std::string musl_name(const testing::TestParamInfo<std::tuple<Check, Way, unsigned>> &info)
{
	const Check &check = std::get<0>(info.param);
	return check.client + "_" + check.name + "_" + std::get<1>(info.param).name + "_s" +
	       std::to_string(std::get<2>(info.param));
}

#define JUDGE_AS_ON_MUSL(way) \
	INSTANTIATE_TEST_SUITE_P(Clients, Musl, \
				 testing::Combine(testing::ValuesIn(checks_for_musl()), testing::Values(way), testing::Values(1u, 2u)), \
				 musl_name)

Outcome count_tasks(const Way &way, unsigned servers)
{
	return run_program({client_path(std::string("musl/limits") + way.ours), "count_tasks"}, way.preloaded ? preload : "", servers);
}

// Else plain musl would be compared with itself.
inline void judge_at_work(const Way &way)
{
	for (unsigned servers : {1u, 2u}) {
		Outcome ours = count_tasks(way, servers);
		ASSERT_EQ(ours.ends, "exit 0") << ours.say();
		EXPECT_GE(ours.figure("of_runtime"), servers) << way << ours.say();
	}
}

} // namespace

#endif
