/* SPDX-License-Identifier: MIT */
/* The rows of the suite. */
#include "suite.h"

#include <string.h>

#define PER_OP { "ns_per_op", NULL, UNIT_NS, PICK_MEDIAN }
#define FAIRNESS { "jain", "Jain index, worst run", UNIT_NONE, PICK_MIN }
#define WAITS \
	{ "wait_p50_ns", "wait p50", UNIT_NS, PICK_MEDIAN }, \
	{ "wait_p99_ns", "wait p99", UNIT_NS, PICK_MEDIAN }, \
	{ "wait_max_ns", "longest wait, worst run", UNIT_NS, PICK_MAX }

#define BENCH(name, more, ...) { name, KIND_BENCH, { __VA_ARGS__ }, 0, { PER_OP, more } }
#define SIMPLE(name, ...) { name, KIND_BENCH, { __VA_ARGS__ }, 0, { PER_OP } }
#define MUTEX(threads, section) \
	{ "mutex-" threads "-" section, KIND_BENCH, \
	  { "mutex", "--threads", threads, "--section", section }, 0, \
	  { PER_OP, WAITS, FAIRNESS, \
	    { "unserved", "threads unserved, worst run", UNIT_NONE, PICK_MAX } } }
#define BLOCKED(threads) \
	{ "blocked-" threads, KIND_BENCH, { "blocked", "--threads", threads }, 0, \
	  { PER_OP, \
	    { "create_ns", "create, per thread", UNIT_NS, PICK_MEDIAN }, \
	    { "wake_join_ns", "wake and join, per thread", UNIT_NS, PICK_MEDIAN }, \
	    { "resident_kb", "resident, per thread", UNIT_KB, PICK_MEDIAN } } }
#define STUCK(where) \
	{ "stuck-" where, KIND_BENCH, { "stuck-" where }, 1, \
	  { { "p50_ns", NULL, UNIT_NS, PICK_MEDIAN }, \
	    { "p99_ns", "p99", UNIT_NS, PICK_MEDIAN }, \
	    { "max_ns", "longest, worst run", UNIT_NS, PICK_MAX } } }
#define TCP(connections) \
	{ "tcp-" connections, KIND_SERVER, { "--connections", connections }, 0, \
	  { PER_OP, \
	    { "p50_ns", "answer p50", UNIT_NS, PICK_MEDIAN }, \
	    { "p99_ns", "answer p99", UNIT_NS, PICK_MEDIAN }, \
	    { "p999_ns", "answer p99.9", UNIT_NS, PICK_MEDIAN }, \
	    { "max_ns", "longest answer, worst run", UNIT_NS, PICK_MAX }, FAIRNESS } }
#define PROGRAM(name, ...) \
	{ name, KIND_PROGRAM, { __VA_ARGS__ }, 0, \
	  { { "seconds", NULL, UNIT_S, PICK_MEDIAN }, \
	    { "cpu_seconds", "CPU time", UNIT_S, PICK_MEDIAN } } }

const struct row suite[] = {
	SIMPLE("yield-2", "yield", "--threads", "2"),
	SIMPLE("yield-64", "yield", "--threads", "64"),
	SIMPLE("condvar-2", "condvar", "--conds", "2"),
	SIMPLE("condvar-1", "condvar", "--conds", "1"),
	SIMPLE("semaphore", "semaphore"),
	SIMPLE("pipe", "pipe"),
	MUTEX("2", "50"),
	MUTEX("8", "50"),
	MUTEX("64", "50"),
	MUTEX("512", "50"),
	MUTEX("2", "1000"),
	MUTEX("8", "1000"),
	MUTEX("64", "1000"),
	MUTEX("512", "1000"),
	{ "rwlock", KIND_BENCH, { "rwlock", "--threads", "8", "--section", "50" }, 0,
	  { PER_OP, WAITS, FAIRNESS,
	    { "write_share", "share of writes, worst run", UNIT_NONE, PICK_MIN } } },
	SIMPLE("create-join", "create-join"),
	SIMPLE("create-1000", "create-many", "--threads", "1000"),
	SIMPLE("barrier-8", "barrier", "--threads", "8"),
	SIMPLE("barrier-64", "barrier", "--threads", "64"),
	SIMPLE("prodcons-4", "prodcons", "--threads", "4"),
	SIMPLE("prodcons-64", "prodcons", "--threads", "64"),
	BENCH("echo-64", FAIRNESS, "echo", "--threads", "64"),
	BENCH("echo-1000", FAIRNESS, "echo", "--threads", "1000"),
	BENCH("echo-pipes-64", FAIRNESS, "echo-pipes", "--threads", "64"),
	TCP("64"),
	TCP("1000"),
	TCP("5000"),
	BLOCKED("1000"),
	BLOCKED("10000"),
	{ "asleep-10000", KIND_BENCH, { "asleep", "--threads", "10000" }, 0,
	  { { "cpu_us_per_second", NULL, UNIT_US, PICK_MEDIAN } } },
	{ "sleepers-1000", KIND_BENCH, { "sleepers", "--threads", "1000" }, 0,
	  { { "late_p50_ns", NULL, UNIT_NS, PICK_MEDIAN },
	    { "late_p99_ns", "late p99", UNIT_NS, PICK_MEDIAN },
	    { "late_max_ns", "latest, worst run", UNIT_NS, PICK_MAX } } },
	STUCK("futex"),
	STUCK("read"),
	{ "beside-64", KIND_BENCH, { "beside", "--threads", "64" }, 1,
	  { PER_OP,
	    { "alone_ns", "alone", UNIT_NS, PICK_MEDIAN },
	    { "speed_of_alone", "share of the speed alone", UNIT_NONE, PICK_MEDIAN } } },
	{ "python-event", KIND_PYTHON, { "event_pingpong.py" }, 0,
	  { { "us_per_round_trip", NULL, UNIT_US, PICK_MEDIAN } } },
	{ "python-queue8", KIND_PYTHON, { "queue8.py" }, 0,
	  { { "seconds", NULL, UNIT_S, PICK_MEDIAN } } },
	{ "python-gil-io", KIND_PYTHON, { "gil_io.py" }, 0,
	  { { "p99_us", NULL, UNIT_US, PICK_MEDIAN },
	    { "p50_us", "round trip p50", UNIT_US, PICK_MEDIAN },
	    { "max_us", "longest, worst run", UNIT_US, PICK_MAX },
	    { "us_per_loop", "computing, per 1000 rounds", UNIT_US, PICK_MEDIAN } } },
	PROGRAM("pigz", "pigz", "-p4", "-c"),
	PROGRAM("zstd", "zstd", "-T4", "-q", "-c"),
	/* The lowest level: the most hand-overs between threads for a given time. */
	PROGRAM("xz", "xz", "-T4", "-1", "-c"),
};

const unsigned suite_rows = sizeof suite / sizeof suite[0];

bool suite_matches(const struct row *row, const char *item)
{
	size_t length = strlen(item);

	return length && strncmp(row->name, item, length) == 0 &&
	       (row->name[length] == '\0' || row->name[length] == '-');
}

bool suite_knows(const char *item)
{
	for (unsigned i = 0; i < suite_rows; i++)
		if (suite_matches(&suite[i], item))
			return true;
	return false;
}

unsigned suite_figures(const struct row *row)
{
	unsigned count = 0;

	while (count < MAX_FIGURES && row->figures[count].key)
		count++;
	return count;
}

const char *suite_kind_name(enum kind kind)
{
	static const char *const names[] = {
		[KIND_BENCH] = "benchmark", [KIND_PYTHON] = "python", [KIND_SERVER] = "server", [KIND_PROGRAM] = "program",
	};

	return names[kind];
}
