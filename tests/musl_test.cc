// SPDX-License-Identifier: MIT
// Static programs for musl: linked with the library as on plain musl. And the line that links them: mistakes in it are
// errors that name the remedy.
#include "musl_judge.h"

#include <fstream>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>

namespace {

const std::string compiler = TEST_MUSL "/umcg-musl-gcc";

const Way linked{"static", ".static", ".umcg", false};

JUDGE_AS_ON_MUSL(linked);

TEST(MuslRuntime, IsAtWork) { judge_at_work(linked); }

class MuslLink : public testing::Test {
      protected:
	const Words objects{client_path("musl/mutex.o"), client_path("musl/client.o")};
	const std::string wrap = "-Wl,@" TEST_MUSL "/wrap";
	const Words library{"-L" TEST_MUSL, "-lumcg-pthread"};
	const Words libc{"-lc"};

	void SetUp() override
	{
		path_ = testing::TempDir() + "umcg-test-XXXXXX";
		int fd = mkstemp(path_.data());
		ASSERT_GE(fd, 0);
		close(fd);
	}
	void TearDown() override { unlink(path_.c_str()); }

	Outcome link(const std::string &cc, const std::vector<Words> &parts)
	{
		Words argv{cc};
		for (const auto &part : parts)
			argv.insert(argv.end(), part.begin(), part.end());
		argv.insert(argv.end(), {"-o", path_});
		return run_program(argv, "", 0);
	}
	Outcome link_plainly(std::vector<Words> parts)
	{
		parts.insert(parts.begin(), {"-static", "-pthread"});
		return link(TEST_MUSL_CC, parts);
	}
	void works() const
	{
		Outcome run = run_program({path_, "recursive"}, "", 2, {"UMCG_STATS=1"});
		EXPECT_EQ(run.ends, "exit 0") << run.say();
		EXPECT_EQ(run.out, "recursive: ok\n");
		EXPECT_EQ(run.err.find("thread-pointer system-call"), std::string::npos) << run.say();
		EXPECT_NE(run.err.find("switches"), std::string::npos) << run.say();
	}
	static void names_the_remedy(const Outcome &run)
	{
		EXPECT_NE(run.ends, "exit 0") << run.say();
		EXPECT_NE(run.err.find("use_umcg_musl_gcc"), std::string::npos) << run.say();
		EXPECT_NE(run.err.find("pkg_config"), std::string::npos) << run.say();
	}
	static Outcome readelf(const std::string &options, const std::string &file)
	{
		return run_program({find_program("readelf"), options, file}, "", 0);
	}
	std::string path_;
};

TEST_F(MuslLink, NoWrapping)
{
	names_the_remedy(link_plainly({objects, library}));
}

TEST_F(MuslLink, BehindTheLibc)
{
	names_the_remedy(link_plainly({objects, libc, library}));
}

TEST_F(MuslLink, BeforeTheProgram)
{
	names_the_remedy(link_plainly({library, objects}));
}

TEST_F(MuslLink, ItsObjectByName)
{
	names_the_remedy(link_plainly({objects, {TEST_MUSL "/umcg-pthread.o"}}));
	names_the_remedy(link_plainly({{"-Wl,--gc-sections"}, objects, {TEST_MUSL "/umcg-pthread.o"}}));
}

TEST_F(MuslLink, WrappingWithoutTheLibrary)
{
	names_the_remedy(link_plainly({objects, {wrap}}));
}

TEST_F(MuslLink, AnotherLibc)
{
	names_the_remedy(link(find_program("cc"), {{"-static"}, objects, library}));
}

TEST_F(MuslLink, SharedObject)
{
	Outcome run = link(compiler, {{"-shared"}, objects});
	EXPECT_NE(run.ends, "exit 0");
	EXPECT_NE(run.err.find("preload"), std::string::npos) << run.say();
}

TEST_F(MuslLink, ByTheWrapper)
{
	// Wherever others put -lpthread and -lc.
	for (const auto &parts : std::vector<std::vector<Words>>{{objects}, {{"-lpthread"}, objects}, {objects, {"-lpthread", "-lc"}}}) {
		Outcome run = link(compiler, parts);
		ASSERT_EQ(run.ends, "exit 0") << run.say();
		works();
	}
}

TEST_F(MuslLink, ByPkgConfig)
{
	std::string tool = find_program("pkg-config");
	if (tool.empty())
		GTEST_SKIP() << "pkg-config is not installed";
	Outcome line = run_program({tool, "--define-variable=musldir=" TEST_MUSL, "--static", "--libs", "umcg-pthread-musl"}, "", 0,
				   {"PKG_CONFIG_PATH=" TEST_MUSL "/.."});
	ASSERT_EQ(line.ends, "exit 0") << line.say();
	for (const auto &parts : std::vector<std::vector<Words>>{{objects, words_of(line.out)}, {words_of(line.out), objects}}) {
		Outcome run = link(TEST_MUSL_CC, parts);
		ASSERT_EQ(run.ends, "exit 0") << run.say();
		works();
	}
}

// What the library does before main() leaves no more on its stack than the constructor's own call.
TEST_F(MuslLink, MainsStackIsAsOnMusl)
{
	std::string source = path_ + ".c";
	std::ofstream(source) << R"(
		#include <stdio.h>

		int main(void)
		{
			volatile unsigned long *frame = __builtin_frame_address(0);
			int left = 0;

			for (int i = 1; i < 4096; i++)
				left += frame[-i] != 0;
			printf("%d", left);
			return 0;
		})";
	int left[2];
	for (int ours = 0; ours < 2; ours++) {
		Outcome built = link(ours ? compiler : TEST_MUSL_CC, {{"-static", "-O2", source}});
		ASSERT_EQ(built.ends, "exit 0") << built.say();
		Outcome run = run_program({path_}, "", 0);
		ASSERT_EQ(run.ends, "exit 0") << run.say();
		left[ours] = std::stoi(run.out);
	}
	unlink(source.c_str());
	EXPECT_LE(left[1], left[0] + 4);
}

// One object whose code finds its thread-local data by FS itself, and switches change FS itself; else not.
TEST_F(MuslLink, ThreadLocalDataOfEitherKind)
{
	enum { ROUNDS = 10000 };
	std::string source = path_ + ".c", object = path_ + ".o";
	std::ofstream(source) << R"(
		#include <pthread.h>
		#include <stdio.h>

		static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
		static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
		static int turn;
		__thread int mine[100];

		static void *run(void *arg)
		{
			int me = arg != 0, *at = &mine[me];

			for (int i = 0; i < )" << ROUNDS << R"(; i++) {
				pthread_mutex_lock(&lock);
				while (turn != me)
					pthread_cond_wait(&cond, &lock);
				turn = !me;
				pthread_cond_signal(&cond);
				pthread_mutex_unlock(&lock);
				if (*at != i || mine[!me] || mine[me]++ != i)
					return arg;
			}
			printf("%d,", *at);
			return arg;
		}

		int main(void)
		{
			pthread_t t;

			pthread_create(&t, 0, run, &t);
			run(0);
			return pthread_join(t, 0);
		})";
	for (const auto &cc : {compiler, std::string(TEST_MUSL_CC)}) {
		bool by_pointer = cc == compiler;
		Outcome built = run_program({cc, "-O2", "-c", source, "-o", object}, "", 0);
		ASSERT_EQ(built.ends, "exit 0") << built.say();
		built = link(compiler, {{object}});
		ASSERT_EQ(built.ends, "exit 0") << built.say();
		Outcome mark = readelf("-x.umcg_tls", path_);
		EXPECT_TRUE(std::regex_search(mark.out, std::regex(by_pointer ? "0x[0-9a-f]+ 01 " : "0x[0-9a-f]+ 00 "))) << mark.say();
		for (unsigned servers = 1; servers <= 2; servers++) {
			Outcome run = run_program({path_}, "", servers, {"UMCG_STATS=1"});
			EXPECT_EQ(run.ends, "exit 0") << run.say();
			EXPECT_EQ(run.out, std::to_string(ROUNDS) + "," + std::to_string(ROUNDS) + ",\n");
			EXPECT_TRUE(std::regex_search(run.err, std::regex(by_pointer ? "thread-pointer (store|wrfsbase)"
										     : "thread-pointer (system-call|wrfsbase)")))
				<< run.say();
		}
	}
	unlink(source.c_str());
	unlink(object.c_str());
}

TEST_F(MuslLink, NothingIsDynamic)
{
	std::string program = client_path("musl/mutex.umcg");
	EXPECT_NE(readelf("-d", program).out.find("no dynamic section"), std::string::npos) << readelf("-d", program).say();
	Outcome headers = readelf("-lW", program);
	EXPECT_NE(headers.out.find("LOAD"), std::string::npos) << headers.say();
	EXPECT_EQ(headers.out.find("INTERP"), std::string::npos) << headers.say();
	EXPECT_EQ(headers.out.find("DYNAMIC"), std::string::npos) << headers.say();
}

// A thread per connection, a thousand connections.
TEST_F(MuslLink, EchoServer)
{
	enum { MOST_BYTES = 400000 };
	struct stat size;
	Outcome stripped = run_program({find_program("strip"), "-o", path_, client_path("musl/server.umcg")}, "", 0);
	ASSERT_EQ(stripped.ends, "exit 0") << stripped.say();
	ASSERT_EQ(stat(path_.c_str(), &size), 0);
	EXPECT_LT(size.st_size, MOST_BYTES);
	Outcome run = run_program({TEST_LOAD, "--connections", "1000", "--seconds", "1", "--server", path_}, "", 2);
	EXPECT_EQ(run.ends, "exit 0") << run.say();
	std::smatch found;
	ASSERT_TRUE(std::regex_search(run.out, found, std::regex("\"operations\": *([0-9]+)"))) << run.say();
	EXPECT_GE(std::stol(found[1]), 1000);
}

} // namespace
