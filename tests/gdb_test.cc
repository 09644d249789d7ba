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
		// A thread that runs, or has not come to its wait yet, is on the CPU of whichever kernel thread executes it.
		if (t.frame.find("run_computing") == 0 ||
		    shown.find("umcg_worker_runs_on_a_server") != std::string::npos) {
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

	Outcome run_gdb(const Words &more)
	{
		Words words{gdb_, "-nx", "-batch", "-ex", "set pagination off", "-ex", "set debuginfod enabled off"};
		words.insert(words.end(), more.begin(), more.end());
		return run_program(words, "", 0);
	}

	std::string gdb(Words more)
	{
		more.insert(more.end(), {"-ex", "thread apply all bt"});
		return run_gdb(more).all_out; // frames begin with # as figures do
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

TEST_P(Debugger, DumpingHarmsNothing)
{
	std::string gcore = find_program("gcore");
	if (gcore.empty())
		GTEST_SKIP() << "gcore is not installed";
	Live live({client_path("sleep"), "together"}, preload(), GetParam());
	usleep(200000);
	run_program({gcore, "-o", "core", std::to_string(live.pid())}, "", 0); // in a directory that goes with it
	Outcome o = live.finish();
	EXPECT_EQ(o.ends, "exit 0") << o.say();
}

// Breakpoints in every thread, with and without a condition, and each kind of step over a contended lock. Where a step
// ends is not the same: a worker may come back on another kernel thread.
TEST_P(Debugger, SteppingHarmsNothing)
{
	static const char *const commands[] = {
		"set startup-with-shell off", "handle SIG63 SIG64 nostop noprint pass",
		"break add", "run", "next", "next", "stepi", "stepi", "step", "info threads", "thread apply all bt", "delete",
		"break add if id == 2 && round == 30", "continue", "print id * 100 + round", "next", "finish", "delete",
		"tbreak take_turns", "continue", "next", "finish", "continue",
	};
	Words words;
	if (GetParam())
		words = {"-ex", "set environment LD_PRELOAD " + library(),
			 "-ex", "set environment UMCG_SERVERS " + std::to_string(GetParam())};
	for (const char *command : commands)
		words.insert(words.end(), {"-ex", command});
	words.insert(words.end(), {"--args", client_path("tools"), "work"});
	Outcome o;
	// gdb fails if the process ends just as it looks at one of its threads: then it has seen no end.
	for (int i = 0; i < 3 && (i == 0 || o.err.find("Couldn't get registers: No such process.") != std::string::npos); i++)
		o = run_gdb(words);
	EXPECT_NE(o.all_out.find("\n$1 = 230\n"), std::string::npos) << o.say();
	EXPECT_NE(o.all_out.find("total 360 written 32 turns 240 own 240\n"), std::string::npos) << o.say();
	EXPECT_NE(o.all_out.find("exited with code 07]\n"), std::string::npos) << o.say();
}

INSTANTIATE_TEST_SUITE_P(Servers, Debugger, testing::Values(0u, 1u, 2u, 4u), testing::PrintToStringParamName());

} // namespace
