/* SPDX-License-Identifier: MIT */
/*
 * bench/load: the client of an echo server, one thread with epoll. It starts the server, with or without the
 * preload, and never runs under it itself. Each connection has one request under way, and the answer has to be the
 * same bytes. Counting begins when each connection has had one answer, and ends after a time or a number of answers (a tenth
 * of which has come before, then). What the server uses is looked up in /proc at both moments. One line of JSON, as umcg-bench prints it.
 */
#include "bench.h"
#include "histogram.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE = 64, EVENTS = 256, SPARE_DESCRIPTORS = 64, WARM_LIMIT_S = 30 };

struct connection {
	int fd;
	unsigned got;		/* bytes of the answer */
	uint64_t serial, sent_at, answers;
	char answer[MESSAGE];
};

struct bench_options bench_options = { .seconds = 0.3, .threads = 64 };

static const char *server = "bench/server", *preload;
static struct connection *connections;
static struct histogram times;
static unsigned cold;		/* connections without an answer */
static bool counting;
static uint64_t requests;	/* to be answered; 0: as many as come in the time */
static uint64_t warm_ups;	/* that have been, before the counting */
static pid_t child;
static int epoll;

void bench_fail(const char *format, ...)
{
	va_list args;

	fputs("load: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void bench_check_errno(long result, const char *what)
{
	if (result < 0)
		bench_fail("%s: %s", what, strerror(errno));
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	bench_check_errno(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	if (limit.rlim_cur < bench_options.threads + SPARE_DESCRIPTORS) {
		limit.rlim_cur = limit.rlim_max;
		bench_check_errno(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	}
}

static void become_server(int output)
{
	char count[16];

	/* A load that is killed leaves no server behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	snprintf(count, sizeof count, "%u", bench_options.threads);
	execl(server, server, count, (char *)NULL);
	bench_fail("cannot run %s: %s", server, strerror(errno));
}

/* Returns the port that it says. */
static unsigned start_server(void)
{
	unsigned port;
	int ends[2];
	FILE *file;

	bench_check_errno(pipe(ends), "pipe");
	child = fork();
	bench_check_errno(child, "fork");
	if (child == 0)
		become_server(ends[1]);
	close(ends[1]);
	file = fdopen(ends[0], "r");
	if (!file || fscanf(file, "%u", &port) != 1)
		bench_fail("the server did not start");
	fclose(file);
	return port;
}

static void end_server(void)
{
	int status;

	bench_check_errno(waitpid(child, &status, 0), "waitpid");
	if (WIFSIGNALED(status))
		bench_fail("the server died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		bench_fail("the server ended with %d", WEXITSTATUS(status));
}

static void connect_all(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	for (unsigned i = 0; i < bench_options.threads; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		bench_check_errno(fd, "socket");
		bench_check_errno(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
		bench_check_errno(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
		bench_check_errno(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
		connections[i].fd = fd;
	}
}

static void make_message(const struct connection *c, char *message)
{
	for (unsigned i = 0; i < MESSAGE / sizeof c->serial; i++) {
		uint64_t word = (c->serial + i) * 0x9e3779b97f4a7c15u + (uint64_t)c->fd;

		memcpy(message + i * sizeof word, &word, sizeof word);
	}
}

/* It always fits: nothing else is under way. */
static void ask(struct connection *c)
{
	char message[MESSAGE];

	c->serial++;
	c->got = 0;
	make_message(c, message);
	c->sent_at = bench_now();
	if (send(c->fd, message, MESSAGE, MSG_DONTWAIT | MSG_NOSIGNAL) != MESSAGE)
		bench_fail("a request could not be sent: %s", strerror(errno));
}

static void take_answer(struct connection *c)
{
	char wanted[MESSAGE];
	ssize_t n = recv(c->fd, c->answer + c->got, MESSAGE - c->got, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	bench_check_errno(n, "recv");
	if (n == 0)
		bench_fail("the server closed a connection");
	c->got += (unsigned)n;
	if (c->got < MESSAGE)
		return;
	make_message(c, wanted);
	if (memcmp(wanted, c->answer, MESSAGE) != 0)
		bench_fail("another answer came back");
	if (c->serial == 1)
		cold--;
	if (counting) {
		c->answers++;
		histogram_record(&times, bench_now() - c->sent_at);
	} else {
		warm_ups++;
	}
	ask(c);
}

static bool is_over(bool until_warm)
{
	return until_warm ? cold == 0 && warm_ups >= requests / 10 : requests && times.total >= requests;
}

static void run_until(uint64_t end, bool until_warm)
{
	struct epoll_event events[EVENTS];

	while (bench_now() < end && !is_over(until_warm)) {
		int n = epoll_wait(epoll, events, EVENTS, 100);

		bench_check_errno(n, "epoll_wait");
		for (int i = 0; i < n; i++)
			take_answer(&connections[events[i].data.u32]);
	}
}

/* What the server uses. */
struct usage {
	unsigned descriptors, threads, carriers;
	unsigned long resident_kb;
};

/* How many entries of /proc/PID/WHAT there are; *ours: of threads, those that the library has made. */
static unsigned count_entries(const char *what, unsigned *ours)
{
	char path[64], name[32];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)child, what);
	dir = opendir(path);
	if (!dir)
		bench_fail("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (!ours)
			continue;
		snprintf(path, sizeof path, "/proc/%d/%s/%.16s/comm", (int)child, what, entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(name, sizeof name, file) && !strncmp(name, "umcg/", 5))
			++*ours;
		if (file)
			fclose(file);
	}
	closedir(dir);
	return count;
}

static struct usage look(void)
{
	struct usage use = { 0 };
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file))
		sscanf(line, "VmRSS: %lu", &use.resident_kb);
	if (file)
		fclose(file);
	use.descriptors = count_entries("fd", NULL);
	use.threads = count_entries("task", &use.carriers);
	use.threads -= use.carriers;
	return use;
}

static void report_usage(const char *when, const struct usage *use)
{
	char name[64];

	snprintf(name, sizeof name, "descriptors_%s", when);
	bench_count(name, use->descriptors);
	snprintf(name, sizeof name, "threads_%s", when);
	bench_count(name, use->threads);
	snprintf(name, sizeof name, "carriers_%s", when);
	bench_count(name, use->carriers);
	snprintf(name, sizeof name, "resident_kb_%s", when);
	bench_count(name, use->resident_kb);
}

/* Each connection's last answer is still to come. */
static void close_all(void)
{
	char rest[MESSAGE];

	for (unsigned i = 0; i < bench_options.threads; i++)
		bench_check_errno(shutdown(connections[i].fd, SHUT_WR), "shutdown");
	for (unsigned i = 0; i < bench_options.threads; i++) {
		while (recv(connections[i].fd, rest, sizeof rest, 0) > 0)
			;
		close(connections[i].fd);
	}
}

static void report(double ns, const struct usage *before, const struct usage *after)
{
	double sum = (double)times.total, squares = 0;

	if (sum == 0)
		bench_fail("nothing was answered in time");
	for (unsigned i = 0; i < bench_options.threads; i++)
		squares += (double)connections[i].answers * (double)connections[i].answers;
	bench_report("load");
	bench_figure("ns_per_op", ns / sum);
	bench_figure("requests_per_second", sum / (ns / 1e9));
	bench_count("operations", times.total);
	bench_figure("seconds", ns / 1e9);
	bench_figure("p50_ns", (double)histogram_quantile(&times, 0.50));
	bench_figure("p99_ns", (double)histogram_quantile(&times, 0.99));
	bench_figure("p999_ns", (double)histogram_quantile(&times, 0.999));
	bench_figure("max_ns", (double)times.max);
	bench_figure("jain", sum * sum / (squares * bench_options.threads));
	report_usage("before", before);
	report_usage("after", after);
	bench_report_end();
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' }, { "seconds", required_argument, NULL, 's' },
		{ "server", required_argument, NULL, 'p' },      { "preload", required_argument, NULL, 'l' },
		{ "requests", required_argument, NULL, 'r' },	 { NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c': bench_options.threads = (unsigned)atoi(optarg); break;
		case 's': bench_options.seconds = atof(optarg); break;
		case 'r': requests = strtoull(optarg, NULL, 10); break;
		case 'p': server = optarg; break;
		case 'l': preload = optarg; break;
		default: optind = argc + 1;
		}
	}
	if (optind != argc || !bench_options.threads || !(bench_options.seconds > 0)) {
		fputs("usage: load [--connections N] [--seconds S] [--requests N] [--server PATH] [--preload PATH]\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct usage before, after;
	uint64_t begin;

	parse(argc, argv);
	if (getenv("LD_PRELOAD"))
		bench_fail("not under a preload: it is for the server");
	allow_descriptors();
	connections = calloc(bench_options.threads, sizeof *connections);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!connections || epoll < 0)
		bench_fail("out of memory");
	connect_all(start_server());
	cold = bench_options.threads;
	for (unsigned i = 0; i < bench_options.threads; i++)
		ask(&connections[i]);
	run_until(bench_now() + WARM_LIMIT_S * UINT64_C(1000000000), true);
	if (cold)
		bench_fail("%u connections had no answer in %d s", cold, WARM_LIMIT_S);
	before = look();
	counting = true;
	begin = bench_now();
	run_until(begin + (uint64_t)(bench_options.seconds * 1e9), false);
	begin = bench_now() - begin;
	if (times.total < requests)
		bench_fail("only %llu requests were answered in time", (unsigned long long)times.total);
	after = look();
	close_all();
	end_server();
	report((double)begin, &before, &after);
	return 0;
}
