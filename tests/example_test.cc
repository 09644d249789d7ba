// SPDX-License-Identifier: MIT
// The examples: each judges itself, alone and under the preload, and says what it has shown.
#include "judge.h"

#include <regex>

namespace {

struct Example {
	const char *name;
	const char *says; // regular expression, somewhere in the output
};

const Example examples[] = {
	{"swap", "100000 round trips, [0-9]+ ns each"},
	{"priority", "[1-9][0-9]* preemptions, 0 steps of a lower priority"},
	{"fifo", "no server was idle while a worker was runnable"},
	{"interactive", "requests were served sooner"},
	{"watchdog", "the watchdog has preempted [1-9][0-9]* times"},
};

enum { ALONE, TRIES = 3 };

class Examples : public testing::TestWithParam<std::tuple<Example, unsigned>> {};

// What they show is measured: a busy machine may spoil a run, not three in a row. A hang or a crash spoils all.
TEST_P(Examples, ShowWhatTheyAreFor)
{
	const Example &example = std::get<0>(GetParam());
	unsigned servers = std::get<1>(GetParam());
	Outcome run;
	for (int i = 0; i < TRIES; i++) {
		run = run_program({std::string(TEST_EXAMPLES) + "/" + example.name}, servers == ALONE ? "" : library(), servers,
				  {"LD_LIBRARY_PATH=" TEST_LIBRARY_DIRECTORY});
		ASSERT_TRUE(run.ends == "exit 0" || run.ends == "exit 1") << run.say();
		ASSERT_EQ(run.err, "");
		if (run.ends == "exit 0")
			break;
	}
	EXPECT_EQ(run.ends, "exit 0") << run.say();
	EXPECT_TRUE(std::regex_search(run.all_out, std::regex(example.says))) << run.say();
}

INSTANTIATE_TEST_SUITE_P(All, Examples, testing::Combine(testing::ValuesIn(examples), testing::Values(unsigned(ALONE), 1u, 2u, 4u)),
			 [](const auto &info) {
				 unsigned servers = std::get<1>(info.param);
				 return std::string(std::get<0>(info.param).name) +
					(servers == ALONE ? "_alone" : "_" + std::to_string(servers));
			 });

} // namespace
