// SPDX-License-Identifier: MIT
// Tools that run a program or are built into it: the program does under the preload what it does on NPTL beside the
// same tool. What is not installed, or does not work on NPTL here, is skipped.
#include "judge.h"

#include <cstdlib>
#include <filesystem>

namespace {

const std::string said_1_to_1 = "; threads run 1:1\n";


struct Tool {
	std::string name;
	Words words; // before the program
	std::string check;
	std::string why; // it has threads run 1:1
};

std::ostream &operator<<(std::ostream &to, const Tool &tool) { return to << tool.name; }

class Tracer : public testing::TestWithParam<std::tuple<Tool, unsigned>> {};

// The tool itself runs without the preload.
Words under(const Tool &tool, const Words &env)
{
	Words words{find_program(tool.words[0])};
	words.insert(words.end(), tool.words.begin() + 1, tool.words.end());
	words.push_back("/usr/bin/env");
	words.insert(words.end(), env.begin(), env.end());
	words.insert(words.end(), {client_path("tools"), tool.check});
	return words;
}

TEST_P(Tracer, SameAsNptl)
{
	auto [tool, servers] = GetParam();
	if (find_program(tool.words[0]).empty())
		GTEST_SKIP() << tool.words[0] << " is not installed";
	Outcome alone = run_program({client_path("tools"), tool.check}, "", 0);
	ASSERT_EQ(alone.ends, "exit 7") << alone.say();
	Outcome nptl = run_program(under(tool, {}), "", 0);
	if (nptl.out.find(alone.out) == std::string::npos)
		GTEST_SKIP() << tool.name << " does not work here: " << nptl.say();
	Outcome ours = run_program(under(tool, {"UMCG_VERBOSE=1", "UMCG_SERVERS=" + std::to_string(servers),
						"LD_PRELOAD=" + library()}), "", 0);
	EXPECT_EQ(ours.ends, nptl.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out) << ours.say();
	EXPECT_EQ(ours.err.find(tool.why + " (") != std::string::npos, !tool.why.empty()) << ours.say();
	EXPECT_EQ(ours.err.find(said_1_to_1) != std::string::npos, !tool.why.empty()) << ours.say();
}

const Tool tracers[] = {
	{"strace", {"strace", "-f", "-o", "/dev/null"}, "work", ""},
	{"ltrace", {"ltrace", "-f", "-o", "/dev/null"}, "one_by_one", "ltrace traces the program"},
	{"perf", {"perf", "record", "-q", "-g", "-o", "perf.data"}, "work", ""},
};

INSTANTIATE_TEST_SUITE_P(Tools, Tracer, testing::Combine(testing::ValuesIn(tracers), SERVER_COUNTS),
			 [](const auto &info) {
				 return std::get<0>(info.param).name + "_s" + std::to_string(std::get<1>(info.param));
			 });

class Valgrind : public testing::TestWithParam<std::string> {};

// No errors besides, and it is said once why threads run 1:1.
TEST_P(Valgrind, RunsOneToOne)
{
	std::string valgrind = find_program("valgrind");
	if (valgrind.empty())
		GTEST_SKIP() << "valgrind is not installed";
	Words words{valgrind, "-q", "--error-exitcode=99", "--tool=" + GetParam(), client_path("tools"), "work"};
	Outcome nptl = run_program(words, "", 0);
	if (nptl.ends != "exit 7")
		GTEST_SKIP() << "valgrind does not work here: " << nptl.say();
	Outcome ours = run_program(words, library(), 2, {"UMCG_VERBOSE=1"});
	EXPECT_EQ(ours.ends, "exit 7") << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
	EXPECT_EQ(ours.err, nptl.err + "libumcg: valgrind runs the program (errno 38)" + said_1_to_1);
}

INSTANTIATE_TEST_SUITE_P(Tools, Valgrind, testing::Values("memcheck", "helgrind", "drd"),
			 [](const auto &info) { return info.param; });

TEST(Go, RunsOneToOne)
{
	Words words{client_path("tools_go"), "work"};
	Outcome nptl = run_program(words, "", 0), ours = run_program(words, library(), 2, {"UMCG_VERBOSE=1"});
	ASSERT_EQ(nptl.ends, "exit 7") << nptl.say();
	EXPECT_EQ(ours.ends, "exit 7") << ours.say();
	EXPECT_EQ(ours.out, nptl.out);
	EXPECT_EQ(ours.err, nptl.err + "libumcg: the program holds Go code (errno 38)" + said_1_to_1);
}

struct Build {
	std::string name, compiler, kind;
	Words flags;
	std::string first; // comes before ours in LD_PRELOAD
	Words env;
};

std::ostream &operator<<(std::ostream &to, const Build &build) { return to << build.name; }

struct Defect {
	std::string kind, check, ends, report;
};

std::ostream &operator<<(std::ostream &to, const Defect &defect) { return to << defect.kind << " " << defect.check; }

const Build builds[] = {
	{"gcc", "gcc", "address", {}, "libasan.so", {}},
	{"gcc_second", "gcc", "address", {}, "", {"ASAN_OPTIONS=verify_asan_link_order=0"}},
	{"gcc_static", "gcc", "address", {"-static-libasan", "-rdynamic"}, "", {}},
	{"clang", "clang", "address", {}, "", {}},
	{"gcc", "gcc", "thread", {}, "libtsan.so", {}},
	{"gcc_static", "gcc", "thread", {"-static-libtsan"}, "", {}},
	{"clang", "clang", "thread", {}, "", {}},
	{"gcc", "gcc", "undefined", {}, "", {}},
	{"clang", "clang", "undefined", {}, "", {}},
};

const Defect defects[] = {
	{"address", "work", "exit 7", ""},
	{"address", "behind", "exit 1", "heap-buffer-overflow"},
	{"address", "leak", "exit 1", "detected memory leaks"},
	{"address", "held", "exit 0", ""},
	{"thread", "work", "exit 7", ""},
	{"thread", "race", "exit 66", "data race"},
	{"undefined", "work", "exit 7", ""},
	{"undefined", "overflow", "exit 0", "signed integer overflow"},
};

class Sanitizer : public testing::TestWithParam<Build> {
      protected:
	void SetUp() override
	{
		if (find_program(GetParam().compiler).empty())
			GTEST_SKIP() << GetParam().compiler << " is not installed";
		std::string name = testing::TempDir() + "umcg-tools-XXXXXX";
		ASSERT_TRUE(mkdtemp(name.data()));
		dir_ = name;
		Words words{find_program(GetParam().compiler), "-std=gnu11", "-g", "-O1", "-pthread", "-w",
			    "-fsanitize=" + GetParam().kind, "-o", program(),
			    TEST_SOURCES "/tools.c", TEST_SOURCES "/client.c"};
		words.insert(words.end(), GetParam().flags.begin(), GetParam().flags.end());
		Outcome made = run_program(words, "", 0);
		if (made.ends != "exit 0")
			GTEST_SKIP() << "no such sanitizer here: " << made.say();
	}

	void TearDown() override
	{
		if (!dir_.empty())
			std::filesystem::remove_all(dir_);
	}

	std::string program() const { return dir_ + "/program"; }

	// Addresses as they always are: some versions of the sanitizers know no others.
	Outcome run(const std::string &check, const Words &env)
	{
		Words words{"/usr/bin/env", "setarch", "-R", "/usr/bin/env"};
		words.insert(words.end(), env.begin(), env.end());
		words.insert(words.end(), {program(), check});
		return run_program(words, "", 0);
	}

	static std::string preload()
	{
		if (GetParam().first.empty())
			return library();
		Outcome o = run_program({find_program(GetParam().compiler), "-print-file-name=" + GetParam().first}, "", 0);
		return o.out.substr(0, o.out.find('\n')) + ":" + library();
	}

	void judge(const Defect &defect, unsigned servers)
	{
		Words env = GetParam().env;
		env.insert(env.end(), {"UMCG_VERBOSE=1", "UMCG_SERVERS=" + std::to_string(servers),
				       "LD_PRELOAD=" + preload()});
		Outcome ours = run(defect.check, env);
		EXPECT_EQ(ours.ends, defect.ends) << defect << ", servers: " << servers << "\n" << ours.say();
		EXPECT_NE(ours.err.find(defect.report), std::string::npos) << ours.say();
		if (defect.report.empty()) {
			EXPECT_EQ(ours.err, "") << defect << ", servers: " << servers << "\n" << ours.say();
		}
	}

      private:
	std::string dir_;
};

// It finds what it finds on NPTL, and nothing else.
TEST_P(Sanitizer, FindsTheSameAsOnNptl)
{
	for (const Defect &defect : defects) {
		if (defect.kind != GetParam().kind)
			continue;
		Outcome nptl = run(defect.check, {});
		if (nptl.ends != defect.ends || nptl.err.find(defect.report) == std::string::npos)
			GTEST_SKIP() << "does not work here: " << defect << "\n" << nptl.say();
		for (unsigned servers : {1u, 2u, 4u})
			judge(defect, servers);
	}
}

INSTANTIATE_TEST_SUITE_P(Builds, Sanitizer, testing::ValuesIn(builds), [](const auto &info) {
	return info.param.kind + "_" + info.param.name;
});

} // namespace
