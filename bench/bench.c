/* SPDX-License-Identifier: MIT */
/*
 * umcg-bench: one benchmark of a POSIX thread operation, one line of JSON.
 * This file holds the list of families and the command line.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct family {
	const char *name;
	void (*run)(void);
	unsigned threads;
	const char *what;
};

static const struct family families[] = {
	{ "yield", bench_yield, 2, "sched_yield by --threads threads" },
	{ "condvar", bench_condvar, 2, "mutex + --conds condition variables, round trip" },
	{ "semaphore", bench_semaphore, 2, "two semaphores, round trip" },
	{ "pipe", bench_pipe, 2, "one byte through two pipes, round trip" },
	{ "mutex", bench_mutex, 8, "--threads threads on one mutex, sections of --section ns" },
	{ "rwlock", bench_rwlock, 8, "a quarter of --threads write, the others read" },
	{ "create-join", bench_create_join, 1, "create a thread, join it" },
	{ "create-many", bench_create_many, 1000, "create --threads threads, then join them all" },
	{ "barrier", bench_barrier, 8, "one phase of a barrier of --threads threads" },
	{ "prodcons", bench_prodcons, 4, "bounded queue, --threads producers and as many consumers" },
	{ "echo", bench_echo, 64, "--threads socket pairs, one thread at each end" },
	{ "echo-pipes", bench_echo_pipes, 64, "the same with two pipes for each pair" },
	{ "blocked", bench_blocked, 1000, "--threads threads that wait for a semaphore: life and memory" },
	{ "asleep", bench_asleep, 10000, "CPU time while --threads threads sleep" },
	{ "sleepers", bench_sleepers, 1000, "how late --threads threads wake from random sleeps" },
	{ "stuck-futex", bench_stuck_futex, 2, "a thread blocks in a raw futex call: until another one runs" },
	{ "stuck-read", bench_stuck_read, 2, "the same in a raw read" },
	{ "beside", bench_beside, 64, "computing beside --threads threads in fgets" },
};

struct bench_options bench_options = {
	.seconds = 0.3,
	.section_ns = 50,
	.conds = 2,
};

static void usage_error(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

static void usage_error(const char *format, ...)
{
	va_list args;

	fputs("umcg-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

void bench_fail(const char *format, ...)
{
	va_list args;

	fputs("umcg-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	/* Threads may hold whatever is broken: no exit handlers, no flushing. */
	_Exit(1);
}

void bench_check(int error, const char *what)
{
	if (error)
		bench_fail("%s: %s", what, strerror(error));
}

void bench_check_errno(long result, const char *what)
{
	if (result < 0)
		bench_fail("%s: %s", what, strerror(errno));
}

void *bench_alloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		bench_fail("out of memory");
	return memory;
}

static void help(void)
{
	puts("usage: umcg-bench NAME [--seconds S] [--threads N] [--section NS] [--conds 1|2] [--stack KB]\n"
	     "       umcg-bench --list\n");
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		printf("  %-12s %s (%u)\n", families[i].name, families[i].what, families[i].threads);
}

static void list(void)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		puts(families[i].name);
}

static double number(const char *option, const char *text, double low, double high)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= low && value <= high))
		usage_error("--%s takes a number from %g to %g, not '%s'", option, low, high, text);
	return value;
}

static unsigned whole(const char *option, const char *text, double low, double high)
{
	double value = number(option, text, low, high);

	if (value != (unsigned)value)
		usage_error("--%s takes a whole number, not '%s'", option, text);
	return (unsigned)value;
}

static const struct family *find_family(const char *name)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strcmp(families[i].name, name) == 0)
			return &families[i];
	usage_error("no benchmark is called '%s' (--list names them)", name);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "section", required_argument, NULL, 'c' },
		{ "conds", required_argument, NULL, 'k' },
		{ "stack", required_argument, NULL, 'm' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case 's': bench_options.seconds = number("seconds", optarg, 0.001, 600); break;
		case 't': bench_options.threads = whole("threads", optarg, 1, 1000000); break;
		case 'c': bench_options.section_ns = whole("section", optarg, 0, 1e9); break;
		case 'k': bench_options.conds = whole("conds", optarg, 1, 2); break;
		case 'm': bench_options.stack = 1024 * (size_t)whole("stack", optarg, 16, 1 << 20); break;
		case 'l': list(); exit(0);
		case 'h': help(); exit(0);
		case ':': usage_error("%s wants a value", argv[optind - 1]);
		default: usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
}

int main(int argc, char **argv)
{
	const struct family *family;

	parse(argc, argv);
	if (optind + 1 != argc)
		usage_error(optind == argc ? "give the name of a benchmark (--list names them)"
					   : "give one benchmark at a time");
	family = find_family(argv[optind]);
	if (!bench_options.threads)
		bench_options.threads = family->threads;
	family->run();
	return 0;
}
