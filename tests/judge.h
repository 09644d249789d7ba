/* SPDX-License-Identifier: MIT */
/*
 * What the judges share: run a client on NPTL or under the preload, and the parameterised comparison of both.
 *
 * A client prints the names of its checks with how each has to end (`client --list`), so a check that is added
 * to a client is judged without a second list. Lines that begin with '#' are figures ("# late_us 120"): they are
 * left out of comparisons and read by Outcome::figure().
 *
 * UMCG_TEST_LIB in the environment judges another library; "none" judges NPTL against itself.
 */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include "harness.h"

#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <vector>

struct Check {
	std::string client;
	std::string name;
	std::string ends; // "exit 0", "signal 6", ...
};

std::ostream &operator<<(std::ostream &to, const Check &check);

struct Outcome {
	bool hang = false;
	std::string ends;       // "exit N", "signal N", "hang", "not started"
	std::string out;        // without figures
	std::string err;
	std::string all_out;
	std::string report;     // of a hang
	rusage usage{};
	double seconds = 0;

	double figure(const std::string &name) const;
	bool has_figure(const std::string &name) const;
	bool skipped() const { return ends == "exit 77"; }
	std::string say() const;
};

using Words = std::vector<std::string>;

std::string library();
std::string tool();
std::string client_path(const std::string &client);
std::string find_program(const std::string &name); // in PATH; empty if it is not there
unsigned deadline_ms();

// Empty preload: NPTL.
Outcome run_program(const Words &argv, const std::string &preload, unsigned servers, const Words &env = {});
Outcome run_on_nptl(const Check &check);
Outcome run_preloaded(const Check &check, unsigned servers, const Words &env = {});

// A started child, for judges that look at it while it runs.
class Live {
      public:
	Live(const Words &argv, const std::string &preload, unsigned servers, const Words &env = {});
	~Live();
	Live(const Live &) = delete;
	Live &operator=(const Live &) = delete;
	bool expect(const std::string &text) { return child_expect(child_, text.c_str()); }
	pid_t pid() const { return child_pid(child_); }
	std::string out() const { return child_out(child_); }
	Outcome finish();

      private:
	struct child *child_;
};

std::vector<Check> checks_of(const Words &clients);
std::string param_name(const testing::TestParamInfo<std::tuple<Check, unsigned>> &info);
void judge_same(const Check &check, unsigned servers);

#define SERVER_COUNTS testing::Values(1u, 2u, 4u)

// Each check of each client: the same on NPTL and under the preload, and as the client says it has to end.
#define JUDGE_SAME(suite, ...)                                                                  \
	class suite : public testing::TestWithParam<std::tuple<Check, unsigned>> {};            \
	TEST_P(suite, SameAsNptl)                                                               \
	{                                                                                       \
		judge_same(std::get<0>(GetParam()), std::get<1>(GetParam()));                   \
	}                                                                                       \
	INSTANTIATE_TEST_SUITE_P(Clients, suite,                                                \
				 testing::Combine(testing::ValuesIn(checks_of(__VA_ARGS__)), SERVER_COUNTS), \
				 param_name)

#endif
