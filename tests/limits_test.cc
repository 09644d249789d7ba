// SPDX-License-Identifier: MIT
// Exhaustion as on NPTL; the settings of the library, their wrong values, its counters; what `umcg run` refuses.
#include "judge.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>

JUDGE_SAME(Limits, {"limits"});

namespace {

const Check count_tasks{"limits", "count_tasks", "exit 0"};
const Check hand_over{"limits", "hand_over", "exit 0"};

int lines_of(const std::string &text) { return std::count(text.begin(), text.end(), '\n'); }

double counter(const std::string &text, const std::string &name)
{
	std::smatch found;
	std::regex line("\\b" + name + "\\b[^0-9\n]*([0-9]+)");
	return std::regex_search(text, found, line) ? std::stod(found[1]) : -1;
}

bool judging_nptl() { return library().empty(); }

TEST(Settings, ThePreloadIsAtWork)
{
	if (judging_nptl())
		GTEST_SKIP() << "NPTL is judged against itself";
	for (unsigned servers : {1u, 2u, 4u}) {
		Outcome ours = run_preloaded(count_tasks, servers);
		ASSERT_EQ(ours.ends, "exit 0") << ours.say();
		EXPECT_GE(ours.figure("of_runtime"), servers) << ours.say();
	}
}

TEST(Settings, DisablePassesEverythingThrough)
{
	Outcome nptl = run_on_nptl(count_tasks), ours = run_preloaded(count_tasks, 2, {"UMCG_DISABLE=1"});
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_EQ(ours.figure("tasks"), nptl.figure("tasks"));
	EXPECT_EQ(ours.figure("of_runtime"), 0);
	EXPECT_EQ(ours.err, "");
}

class DisabledClient : public testing::TestWithParam<Check> {};

TEST_P(DisabledClient, SameAsNptl)
{
	Outcome nptl = run_on_nptl(GetParam()), ours = run_preloaded(GetParam(), 0, {"UMCG_DISABLE=1"});
	EXPECT_EQ(ours.ends, nptl.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
	EXPECT_EQ(ours.err, nptl.err);
}

INSTANTIATE_TEST_SUITE_P(Clients, DisabledClient,
			 testing::ValuesIn(checks_of({"create", "join", "ends", "identity", "mutex", "cond", "sem", "c11", "sleep"})),
			 [](const auto &info) { return info.param.client + "_" + info.param.name; });

class BadValue : public testing::TestWithParam<const char *> {};

// One line that names the setting, the value and the range; and then the program runs.
TEST_P(BadValue, IsNamedOnce)
{
	if (judging_nptl())
		GTEST_SKIP() << "NPTL is judged against itself";
	std::string setting = GetParam(), value = setting.substr(setting.find('=') + 1);
	Outcome ours = run_preloaded(hand_over, 0, {setting});
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_EQ(ours.out, run_on_nptl(hand_over).out);
	EXPECT_EQ(lines_of(ours.err), 1) << ours.err;
	EXPECT_NE(ours.err.find(setting.substr(0, setting.find('='))), std::string::npos) << ours.err;
	EXPECT_NE(ours.err.find(value), std::string::npos) << ours.err;
	std::string rest = ours.err;
	rest.erase(rest.find(value), value.size());
	EXPECT_TRUE(std::regex_search(rest, std::regex("[0-9]+[^0-9]+[0-9]+"))) << "no range: " << ours.err;
}

INSTANTIATE_TEST_SUITE_P(Settings, BadValue,
			 testing::Values("UMCG_SERVERS=0", "UMCG_SERVERS=-1", "UMCG_SERVERS=two", "UMCG_SERVERS=2x",
					 "UMCG_SERVERS=99999999999999999999", "UMCG_SLICE_MS=0", "UMCG_SLICE_MS=soon",
					 "UMCG_SLICE_MS=-5", "UMCG_SLICE_MS=99999999999", "UMCG_FUTEX=2"));

TEST(Settings, GoodValuesAreSilent)
{
	for (const char *setting : {"UMCG_SERVERS=1", "UMCG_SERVERS=3", "UMCG_SLICE_MS=1", "UMCG_SLICE_MS=10", "UMCG_STATS=0", "UMCG_FUTEX=0"}) {
		Outcome ours = run_preloaded(hand_over, 0, {setting});
		EXPECT_EQ(ours.ends, "exit 0") << setting << ours.say();
		EXPECT_EQ(ours.err, "") << setting;
	}
}

TEST(Settings, StatsAreCounted)
{
	if (judging_nptl())
		GTEST_SKIP() << "NPTL is judged against itself";
	Outcome ours = run_preloaded(hand_over, 1, {"UMCG_STATS=1"});
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_EQ(ours.out, run_on_nptl(hand_over).out);
	for (const char *name : {"switches", "swaps", "parks", "couples", "steals", "block[- ]detections", "preemptions"})
		EXPECT_GE(counter(ours.err, name), 0) << name << " in: " << ours.err;
	// 40 round trips between threads on one server.
	EXPECT_GE(counter(ours.err, "switches"), 40) << ours.err;
	EXPECT_GE(counter(ours.err, "parks"), 20) << ours.err;
}

// Programs that have libnuma: threads bound to their kernel threads would not park.
TEST(MemoryPolicy, IsTriedAndBindsNobody)
{
	if (judging_nptl())
		GTEST_SKIP() << "NPTL is judged against itself";
	Outcome ours = run_preloaded({"kthread_raw", "policy_tried", "exit 0"}, 1, {"UMCG_STATS=1"});
	if (ours.skipped())
		GTEST_SKIP() << ours.out;
	ASSERT_EQ(ours.ends, "exit 0") << ours.say();
	EXPECT_GE(counter(ours.err, "parks"), 500) << ours.err;
}

class Tool : public testing::Test {
      protected:
	static Outcome umcg(Words words)
	{
		words.insert(words.begin(), tool());
		return run_program(words, "", 0, {"UMCG_LIBRARY=" + library()});
	}
	void SetUp() override
	{
		if (judging_nptl())
			GTEST_SKIP() << "NPTL is judged against itself";
	}
	static void refuses(const Words &words, const std::string &ends)
	{
		Outcome o = umcg(words);
		EXPECT_EQ(o.ends, ends) << o.say();
		EXPECT_EQ(o.out, "");
		EXPECT_EQ(lines_of(o.err), 1) << o.err;
	}
};

TEST_F(Tool, RunsAndPassesTheStatusOn)
{
	EXPECT_EQ(umcg({"run", "sh", "-c", "exit 7"}).ends, "exit 7");
	EXPECT_EQ(umcg({"run", "--", "sh", "-c", "exit 8"}).ends, "exit 8");
	EXPECT_EQ(umcg({"run", "sh", "-c", "kill -TERM $$"}).ends, "signal 15");
	EXPECT_EQ(umcg({"run", "echo", "--servers", "x"}).out, "--servers x\n");
}

TEST_F(Tool, PreloadsTheLibrary)
{
	Outcome o = umcg({"run", "--servers", "3", client_path("limits"), "count_tasks"});
	ASSERT_EQ(o.ends, "exit 0") << o.say();
	EXPECT_GE(o.figure("of_runtime"), 3) << o.say();
	EXPECT_EQ(o.err, "");
}

TEST_F(Tool, ShowsStats)
{
	Outcome o = umcg({"run", "--servers", "1", "--stats", "--", client_path("limits"), "hand_over"});
	ASSERT_EQ(o.ends, "exit 0") << o.say();
	EXPECT_GE(counter(o.err, "switches"), 40) << o.err;
}

TEST_F(Tool, RefusesUnknownOptions)
{
	refuses({"run", "--no-such-option", "true"}, "exit 2");
	refuses({"run", "-x", "true"}, "exit 2");
	refuses({"run", "--servers", "none", "true"}, "exit 2");
	refuses({"run", "--servers", "0", "true"}, "exit 2");
	refuses({"run", "--servers"}, "exit 2");
	refuses({"run"}, "exit 2");
	refuses({"no-such-command"}, "exit 2");
	refuses({}, "exit 2");
}

TEST_F(Tool, NamesAMissingProgram)
{
	refuses({"run", "no-such-program-anywhere"}, "exit 127");
	refuses({"run", "/nonexistent/program"}, "exit 127");
}

TEST_F(Tool, NamesWhatCannotBeExecuted)
{
	std::string temporary = testing::TempDir() + "umcg-test-XXXXXX";
	char *file = temporary.data();
	int fd = mkstemp(file);
	ASSERT_GE(fd, 0);
	fchmod(fd, 0600);
	close(fd);
	refuses({"run", file}, "exit 126");
	refuses({"run", "/"}, "exit 126");
	unlink(file);
}

TEST_F(Tool, NamesAMissingLibrary)
{
	Outcome o = run_program({tool(), "run", "true"}, "", 0, {"UMCG_LIBRARY=/nonexistent/library.so"});
	EXPECT_EQ(o.ends, "exit 127") << o.say();
	EXPECT_EQ(lines_of(o.err), 1) << o.err;
}

} // namespace
