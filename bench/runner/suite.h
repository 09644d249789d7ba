/* SPDX-License-Identifier: MIT */
/*
 * What there is to run: each row names a benchmark, its command and the figures
 * of its report that are worth showing. Rows are data; the runner knows no names.
 */
#ifndef RUNNER_SUITE_H
#define RUNNER_SUITE_H

#include <stdbool.h>

enum { MAX_FIGURES = 6, MAX_ARGS = 8 };

enum unit { UNIT_NS, UNIT_US, UNIT_S, UNIT_KB, UNIT_NONE };
/* How several runs become one number: a tail or a fairness index is judged by its worst run. */
enum pick { PICK_MEDIAN, PICK_MAX, PICK_MIN };
enum kind { KIND_BENCH, KIND_PYTHON, KIND_SERVER, KIND_PROGRAM };

struct figure {
	const char *key;	/* in the child's JSON line */
	const char *label;	/* in the table; NULL for the main figure */
	enum unit unit;
	enum pick pick;
};

struct row {
	const char *name;
	enum kind kind;
	/* KIND_BENCH: arguments of umcg-bench; KIND_PYTHON: script and arguments;
	   KIND_SERVER: arguments of load, which starts the server;
	   KIND_PROGRAM: a command that compresses its standard input to its output. */
	const char *args[MAX_ARGS];
	unsigned servers;	/* UMCG_SERVERS, unless the environment has it; 0: not set */
	struct figure figures[MAX_FIGURES];	/* the first is the main one; smaller is better */
};

extern const struct row suite[];
extern const unsigned suite_rows;

/* `item` is the name of a row or the front part of some, cut at a '-'. */
bool suite_matches(const struct row *row, const char *item);
bool suite_knows(const char *item);
unsigned suite_figures(const struct row *row);
const char *suite_kind_name(enum kind kind);

#endif
