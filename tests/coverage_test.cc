// SPDX-License-Identifier: MIT
// Each function that the library takes over is called by some client, directly or by its name through dlsym().
#include "judge.h"

#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path &path)
{
	std::ifstream in(path);
	return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> interposed()
{
	std::set<std::string> names;
	std::string text = contents(TEST_SYMBOLS) + contents(TEST_LIBC_SYMBOLS);
	std::regex entry("\\n[A-Z_]+\\((\\w+)[^\\n]*\\)");
	for (std::sregex_iterator i(text.begin(), text.end(), entry), end; i != end; ++i)
		names.insert((*i)[1]);
	return names;
}

// What the built clients leave to the dynamic linker.
std::set<std::string> referenced()
{
	std::set<std::string> names;
	Words nm{"/usr/bin/env", "nm", "-D", "--undefined-only", "--without-symbol-versions"};
	for (const auto &entry : fs::directory_iterator(client_path("")))
		if (entry.is_regular_file() && access(entry.path().c_str(), X_OK) == 0)
			nm.push_back(entry.path());
	Outcome o = run_program(nm, "", 0);
	EXPECT_EQ(o.ends, "exit 0") << o.err;
	std::regex symbol("\\s[Uw] (\\w+)");
	for (std::sregex_iterator i(o.out.begin(), o.out.end(), symbol), end; i != end; ++i)
		names.insert((*i)[1]);
	return names;
}

std::string sources()
{
	std::string all;
	for (const auto &entry : fs::directory_iterator(TEST_SOURCES))
		if (entry.is_regular_file())
			all += contents(entry.path());
	return all;
}

TEST(Coverage, EveryInterposedFunctionHasAClient)
{
	auto wanted = interposed(), called = referenced();
	std::string text = sources();
	ASSERT_GT(wanted.size(), 50u) << "symbols.def was not understood";
	ASSERT_GT(called.size(), 50u) << "nm's output was not understood";
	for (const auto &name : wanted)
		EXPECT_TRUE(called.count(name) || text.find("\"" + name + "\"") != std::string::npos)
			<< name << " is called by no client";
}

// The dynamic symbols that a library defines: name and version to address.
std::map<std::pair<std::string, std::string>, std::string> versions_in(const std::string &file)
{
	std::map<std::pair<std::string, std::string>, std::string> found;
	Outcome o = run_program({"/usr/bin/env", "nm", "-D", "--defined-only", "--with-symbol-versions", file}, "", 0);
	EXPECT_EQ(o.ends, "exit 0") << o.err;
	std::regex symbol("([0-9a-f]+) \\w (\\w+)@@?([\\w.]+)");
	for (std::sregex_iterator i(o.out.begin(), o.out.end(), symbol), end; i != end; ++i)
		found[{(*i)[2], (*i)[3]}] = (*i)[1];
	return found;
}

TEST(Coverage, EveryVersionThatDiffersIsServed)
{
	if (library().empty())
		GTEST_SKIP() << "NPTL is judged";
	Dl_info libc;
	ASSERT_TRUE(dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &libc));
	auto theirs = versions_in(libc.dli_fname), ours = versions_in(library());
	std::map<std::string, std::set<std::string>> addresses;
	for (const auto &symbol : theirs)
		addresses[symbol.first.first].insert(symbol.second);
	auto wanted = interposed();
	unsigned differing = 0;
	for (const auto &symbol : theirs) {
		const auto &[name, version] = symbol.first;
		if (!wanted.count(name) || addresses[name].size() == 1)
			continue;
		differing++;
		EXPECT_TRUE(ours.count(symbol.first)) << name << "@" << version << " is not served";
	}
	EXPECT_GT(differing, 0u) << "nm's output was not understood";
}

} // namespace
