/* SPDX-License-Identifier: MIT */
/*
 * The runs of one line: A, B, A, B, … so that a slow change of the machine's
 * state touches all variants alike. The first bad run of a variant ends that
 * variant: a benchmark that hangs once in five has no median worth showing.
 */
#include "pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whole programs and their check run for seconds, not for a fraction of one. */
enum { PROGRAM_DEADLINE_FACTOR = 5, PATH_SIZE = 4096 };
/* Thousands of connections take so much longer until each has had several answers. */
enum { SERVER_LENGTH_FACTOR = 3 };

static struct child_result result;

static const char *preload_of(enum variant variant)
{
	return variant == UMCG && settings.library[0] && !settings.ours ? settings.library : NULL;
}

static bool variant_runs(const struct row *row, enum variant variant)
{
	if (variant == MUSL)
		return settings.musl && row->kind == KIND_BENCH;
	return true;
}

static const char *bench_of(enum variant variant)
{
	if (variant == UMCG && settings.ours)
		return settings.ours;
	return variant == MUSL ? settings.musl : settings.bench;
}

static unsigned append(const char **argv, unsigned count, const char *const *more)
{
	while (*more)
		argv[count++] = *more++;
	return count;
}

static void run(const struct line *line, enum variant variant, int input, int output)
{
	const struct row *row = line->row;
	const char *argv[MAX_ARGS + 8] = { NULL };
	char script[PATH_SIZE], seconds[32];
	unsigned count = 0;
	struct child child = {
		.argv = argv,
		.preload = preload_of(variant),
		.servers = row->servers,
		.pinned = line->affinity == PINNED,
		.input = input,
		.output = output,
		.deadline = settings.deadline,
	};

	switch (row->kind) {
	case KIND_BENCH:
		argv[count++] = bench_of(variant);
		count = append(argv, count, row->args);
		break;
	case KIND_PYTHON:
		snprintf(script, sizeof script, "%s/%s", settings.scripts, row->args[0]);
		argv[count++] = "/usr/bin/python3";
		argv[count++] = "-I";
		argv[count++] = script;
		count = append(argv, count, row->args + 1);
		break;
	case KIND_SERVER:
		argv[count++] = settings.load;
		argv[count++] = "--server";
		argv[count++] = settings.server;
		if (child.preload) {
			argv[count++] = "--preload";
			argv[count++] = child.preload;
		}
		child.preload = NULL;
		count = append(argv, count, row->args);
		break;
	case KIND_PROGRAM:
		append(argv, 0, row->args);
		child.deadline *= PROGRAM_DEADLINE_FACTOR;
		child_run(&child, &result);
		return;
	}
	snprintf(seconds, sizeof seconds, "%g",
		 settings.seconds * (row->kind == KIND_SERVER ? SERVER_LENGTH_FACTOR : 1));
	argv[count++] = "--seconds";
	argv[count++] = seconds;
	child_run(&child, &result);
}

static void cell_end(struct cell *cell, enum outcome outcome)
{
	cell->outcome = outcome;
	cell->detail = result.detail;
	memcpy(cell->errors, result.errors, sizeof cell->errors);
}

static void take_sample(const struct row *row, struct cell *cell)
{
	unsigned figures = suite_figures(row);
	double value[MAX_FIGURES];

	if (result.outcome != OUTCOME_OK) {
		cell_end(cell, result.outcome);
		return;
	}
	/* A program says nothing: its time is taken from outside. */
	if (row->kind == KIND_PROGRAM)
		snprintf(result.output, sizeof result.output,
			 "{\"seconds\":%.6f,\"cpu_seconds\":%.6f}", result.seconds,
			 result.cpu_seconds);
	for (unsigned i = 0; i < figures; i++) {
		if (!json_number(result.output, row->figures[i].key, &value[i])) {
			cell_end(cell, OUTCOME_BAD_OUTPUT);
			return;
		}
	}
	for (unsigned i = 0; i < figures; i++)
		cell->samples[i][cell->runs] = value[i];
	cell->runs++;
}

static void run_sample(struct line *line, enum variant variant)
{
	bool program = line->row->kind == KIND_PROGRAM;
	int input = program ? data_open() : -1;
	int output = program ? data_scratch() : -1;

	run(line, variant, input, output);
	if (program) {
		close(input);
		close(output);
	}
	take_sample(line->row, &line->cells[variant]);
}

/* An unmeasured run of each variant: warms the caches and must produce the same bytes. */
static void check_program(struct line *line)
{
	struct digest expected = { 0 };

	for (enum variant v = NPTL; v <= UMCG; v++) {
		int input = data_open(), output = data_scratch();
		struct digest digest;

		run(line, v, input, output);
		digest = data_digest(output);
		close(input);
		close(output);
		if (v == NPTL)
			expected = digest;
		if (result.outcome != OUTCOME_OK)
			cell_end(&line->cells[v], result.outcome);
		else if (digest.length == 0 || digest.length != expected.length ||
			 digest.hash != expected.hash)
			cell_end(&line->cells[v], OUTCOME_BAD_OUTPUT);
	}
}

void measure_line(struct line *line)
{
	for (enum variant v = NPTL; v < VARIANTS; v++)
		line->cells[v].used = variant_runs(line->row, v);
	if (line->row->kind == KIND_PROGRAM)
		check_program(line);
	load_begin();
	for (unsigned i = 0; i < settings.runs; i++)
		for (enum variant v = NPTL; v < VARIANTS; v++)
			if (line->cells[v].used && line->cells[v].outcome == OUTCOME_OK)
				run_sample(line, v);
	line->foreign = load_foreign();
}
