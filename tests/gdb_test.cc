// SPDX-License-Identifier: MIT
// A debugger that knows nothing of the runtime shows every parked thread, with its frames, under its own LWP: attached
// to the process, and from a core file. Servers 0 is NPTL, so that the judge itself is judged.
#include "judge.h"

#include <cstdlib>
#include <map>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace {

struct Parked {
	int tid;
	std::string frame; // as gdb prints it: "park_in_sem (tag=100)"
};

std::vector<Parked> parked_threads(const std::string &told)
{
	std::vector<Parked> threads;
	std::regex line("tid=([0-9]+) function=(\\w+) tag=([0-9]+)");
	for (std::sregex_iterator i(told.begin(), told.end(), line), end; i != end; ++i)
		threads.push_back({std::stoi((*i)[1]), (*i)[2].str() + " (tag=" + (*i)[3].str() + ")"});
	return threads;
}

// Backtraces by LWP.
std::map<int, std::string> split_by_lwp(const std::string &text)
{
	std::map<int, std::string> by_lwp;
	std::istringstream lines(text);
	std::string line;
	std::regex head("^Thread [0-9]+ \\(.*LWP ([0-9]+)\\).*");
	std::smatch found;
	int lwp = 0;
	while (std::getline(lines, line)) {
		if (std::regex_match(line, found, head))
			lwp = std::stoi(found[1]);
		by_lwp[lwp] += line + "\n";
	}
	return by_lwp;
}

void shows_all(const std::vector<Parked> &threads, const std::string &text)
{
	auto by_lwp = split_by_lwp(text);
	for (const auto &t : threads) {
		const std::string &shown = by_lwp[t.tid];
		// A thread that runs is on the CPU of whichever kernel thread executes it.
		if (t.frame.find("run_computing") == 0) {
			EXPECT_NE(text.find(t.frame), std::string::npos) << t.frame << " nowhere in\n" << text;
			continue;
		}
		EXPECT_NE(shown.find(" " + t.frame), std::string::npos)
			<< t.frame << " is not under LWP " << t.tid << " but:\n" << shown;
		EXPECT_NE(shown.find(" run (arg="), std::string::npos) << "cut short: " << shown;
	}
	EXPECT_NE(text.find("park_deep (tag=108, depth=5)"), std::string::npos);
}

class Debugger : public testing::TestWithParam<unsigned> {
      protected:
	void SetUp() override
	{
		gdb_ = find_program("gdb");
		if (gdb_.empty())
			GTEST_SKIP() << "gdb is not installed";
	}

	std::string gdb(const Words &more)
	{
		Words words{gdb_, "-nx", "-batch", "-ex", "set pagination off", "-ex", "set debuginfod enabled off"};
		words.insert(words.end(), more.begin(), more.end());
		words.insert(words.end(), {"-ex", "thread apply all bt"});
		return run_program(words, "", 0).all_out; // frames begin with # as figures do
	}

	static std::string preload() { return GetParam() ? library() : ""; }

	std::string gdb_;
};

TEST_P(Debugger, AttachedShowsEveryThread)
{
	Live live({client_path("park"), "parked"}, preload(), GetParam());
	ASSERT_TRUE(live.expect("ready\n")) << live.finish().say();
	auto threads = parked_threads(live.out());
	ASSERT_EQ(threads.size(), 11u) << live.out();
	shows_all(threads, gdb({"-p", std::to_string(live.pid())}));
}

TEST_P(Debugger, CoreFileShowsEveryThread)
{
	std::string gcore = find_program("gcore");
	if (gcore.empty())
		GTEST_SKIP() << "gcore is not installed";
	Live live({client_path("park"), "parked"}, preload(), GetParam());
	ASSERT_TRUE(live.expect("ready\n")) << live.finish().say();
	auto threads = parked_threads(live.out());
	std::string temporary = testing::TempDir() + "umcg-core-XXXXXX";
	char *dir = temporary.data();
	ASSERT_TRUE(mkdtemp(dir));
	std::string prefix = std::string(dir) + "/core", core = prefix + "." + std::to_string(live.pid());
	Outcome made = run_program({gcore, "-o", prefix, std::to_string(live.pid())}, "", 0);
	EXPECT_EQ(made.ends, "exit 0") << made.say();
	shows_all(threads, gdb({client_path("park"), core}));
	unlink(core.c_str());
	rmdir(dir);
}

// The debugger leaves, and the process goes on as if nothing had been.
TEST_P(Debugger, AttachingHarmsNothing)
{
	Live live({client_path("sleep"), "together"}, preload(), GetParam());
	usleep(200000);
	gdb({"-p", std::to_string(live.pid())});
	Outcome o = live.finish();
	EXPECT_EQ(o.ends, "exit 0") << o.say();
}

INSTANTIATE_TEST_SUITE_P(Servers, Debugger, testing::Values(0u, 1u, 2u, 4u), testing::PrintToStringParamName());

} // namespace
