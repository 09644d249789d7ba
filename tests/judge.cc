// SPDX-License-Identifier: MIT
// Running clients for the judges; see judge.h.
#include "judge.h"

#include <csignal>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

std::string how_ended(const child_result &r)
{
	if (!r.started)
		return "not started";
	if (r.hang)
		return "hang";
	if (WIFSIGNALED(r.status))
		return "signal " + std::to_string(WTERMSIG(r.status));
	return "exit " + std::to_string(WEXITSTATUS(r.status));
}

std::string without_figures(const std::string &text)
{
	std::istringstream lines(text);
	std::string line, kept;
	while (std::getline(lines, line))
		if (line.empty() || line[0] != '#')
			kept += line + "\n";
	return kept;
}

std::vector<const char *> pointers(const Words &words)
{
	std::vector<const char *> p;
	for (const auto &w : words)
		p.push_back(w.c_str());
	p.push_back(nullptr);
	return p;
}

} // namespace

std::ostream &operator<<(std::ostream &to, const Check &check)
{
	return to << check.client << " " << check.name;
}

std::string library()
{
	std::string lib = from_env("UMCG_TEST_LIB", TEST_LIB);
	return lib == "none" ? "" : lib;
}

std::string tool() { return from_env("UMCG_TEST_TOOL", TEST_TOOL); }

std::string client_path(const std::string &client) { return std::string(TEST_CLIENTS) + "/" + client; }

std::string find_program(const std::string &name)
{
	std::istringstream path(from_env("PATH", "/usr/bin:/bin"));
	std::string dir;
	while (std::getline(path, dir, ':'))
		if (access((dir + "/" + name).c_str(), X_OK) == 0)
			return dir + "/" + name;
	return "";
}

unsigned deadline_ms() { return std::stoul(from_env("UMCG_TEST_DEADLINE_MS", "60000")); }

bool Outcome::has_figure(const std::string &name) const { return all_out.find("# " + name + " ") != std::string::npos; }

double Outcome::figure(const std::string &name) const
{
	size_t at = all_out.find("# " + name + " ");
	if (at == std::string::npos)
		throw std::runtime_error("no figure " + name + " in: " + all_out);
	return std::stod(all_out.substr(at + name.size() + 3));
}

std::string Outcome::say() const
{
	std::string text = "ended: " + ends + "\nstdout:\n" + all_out.substr(0, 4000) + "stderr:\n" + err.substr(0, 4000);
	if (hang)
		text += "threads:\n" + report.substr(0, 8000);
	return text;
}

Live::Live(const Words &argv, const std::string &preload, unsigned servers, const Words &env)
{
	auto args = pointers(argv), settings = pointers(env);
	child_spec spec{};
	spec.argv = args.data();
	spec.env = settings.data();
	spec.preload = preload.empty() ? nullptr : preload.c_str();
	spec.servers = servers;
	spec.deadline_ms = deadline_ms();
	child_ = child_start(&spec);
	if (!child_)
		throw std::runtime_error("no child: " + argv[0]);
}

Live::~Live()
{
	if (child_) {
		kill(child_pid(child_), SIGKILL);
		finish();
	}
}

Outcome Live::finish()
{
	child_result r;
	child_finish(child_, &r);
	child_ = nullptr;
	Outcome run;
	run.hang = r.hang;
	run.ends = how_ended(r);
	run.all_out.assign(r.out, r.out_len);
	run.out = without_figures(run.all_out);
	run.err.assign(r.err, r.err_len);
	run.report = r.hang_report ? r.hang_report : "";
	run.usage = r.usage;
	run.seconds = r.seconds;
	child_result_free(&r);
	return run;
}

Outcome run_program(const Words &argv, const std::string &preload, unsigned servers, const Words &env)
{
	return Live(argv, preload, servers, env).finish();
}

Outcome run_on_nptl(const Check &check) { return run_program({client_path(check.client), check.name}, "", 0); }

Outcome run_preloaded(const Check &check, unsigned servers, const Words &env)
{
	return run_program({client_path(check.client), check.name}, library(), servers, env);
}

std::vector<Check> checks_of(const Words &clients)
{
	std::vector<Check> checks;
	for (const auto &client : clients) {
		Outcome list = run_program({client_path(client), "--list"}, "", 0);
		std::istringstream lines(list.out);
		std::string name, how, value;
		size_t before = checks.size();
		while (lines >> name >> how >> value)
			checks.push_back({client, name, how + " " + value});
		if (list.ends != "exit 0" || checks.size() == before)
			checks.push_back({client, "no_list", "exit 0"});
	}
	return checks;
}

std::string param_name(const testing::TestParamInfo<std::tuple<Check, unsigned>> &info)
{
	const Check &check = std::get<0>(info.param);
	std::string name = check.client + "_" + check.name + "_s" + std::to_string(std::get<1>(info.param));
	for (char &c : name)
		if (!isalnum(static_cast<unsigned char>(c)))
			c = '_';
	return name;
}

void judge_same(const Check &check, unsigned servers)
{
	static std::map<std::string, Outcome> on_nptl;
	std::string key = check.client + " " + check.name;
	if (!on_nptl.count(key))
		on_nptl[key] = run_on_nptl(check);
	const Outcome &nptl = on_nptl[key];
	if (nptl.skipped())
		GTEST_SKIP() << nptl.out;
	ASSERT_EQ(nptl.ends, check.ends) << "on NPTL itself: " << nptl.say();

	Outcome ours = run_preloaded(check, servers);
	ASSERT_EQ(ours.ends, check.ends) << ours.say();
	EXPECT_EQ(ours.out, nptl.out) << ours.say();
	EXPECT_EQ(ours.err, nptl.err);
}
