/* SPDX-License-Identifier: MIT */
/*
 * The runner's settings and results. A line of the table is one row of the suite
 * at one affinity; it has a cell for each variant: plain NPTL, the preload, musl.
 */
#ifndef RUNNER_PAIRS_H
#define RUNNER_PAIRS_H

#include "child.h"
#include "suite.h"

enum variant { NPTL, UMCG, MUSL, VARIANTS };
enum affinity { DEFAULT_AFFINITY, PINNED, AFFINITIES };
enum { MAX_RUNS = 99 };

struct settings {
	char *library;		/* absolute path; empty: NPTL against itself */
	char *bench;		/* the umcg-bench program */
	char *ours;		/* the same linked with the library, which then stands for the preload, or NULL */
	const char *plain;	/* whose threads the former has, in words */
	char *load, *server;	/* the client of the servers, and the server */
	char *scripts;		/* folder of the Python programs */
	char *musl;		/* statically linked umcg-bench, or NULL */
	const char *json;	/* file, or NULL */
	const char *only;	/* comma-separated items, or NULL */
	unsigned runs;
	double seconds, deadline;
	unsigned program_mb;
	bool programs;
	bool affinity[AFFINITIES];
};

struct cell {
	bool used;
	enum outcome outcome;	/* of the last run: the first bad one ends the cell */
	int detail;
	unsigned runs;		/* good runs, each with a sample of every figure */
	double samples[MAX_FIGURES][MAX_RUNS];
	char errors[1024];	/* what the bad run wrote to standard error */
};

struct line {
	const struct row *row;
	enum affinity affinity;
	double foreign;		/* CPUs that other work used meanwhile, on average */
	struct cell cells[VARIANTS];
};

struct summary {
	double picked, median, min, max;
};

extern struct settings settings;
extern const char *const variant_names[VARIANTS];
extern const char *const affinity_names[AFFINITIES];

/* Failure of the runner itself: one line, exit status 1. */
void pairs_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* options.c */
void options_parse(int argc, char **argv);
bool options_select(const struct row *row);

/* measure.c: every run of every variant, alternating. */
void measure_line(struct line *line);

/* load.c: CPU time that was spent by others than this process and its children. */
void load_begin(void);
double load_foreign(void);

/* stats.c */
struct summary stats_summary(const struct cell *cell, unsigned figure, enum pick pick);
bool stats_good(const struct cell *cell);
/* NPTL over ours: above 1 ours is faster. 0 when either has no result. */
double stats_ratio(const struct line *line);

/* table.c */
void table_head(void);
void table_line(const struct line *line);

/* json.c */
bool json_number(const char *text, const char *key, double *value);
void json_write(const char *path, const struct line *lines, unsigned count);

/* data.c: the input of the whole programs, an unlinked file; made at the first call. */
int data_open(void);
int data_scratch(void);
/* Length and FNV-1a hash of a file's content. */
struct digest {
	unsigned long long length, hash;
};
struct digest data_digest(int fd);

#endif
