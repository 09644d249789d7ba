/* SPDX-License-Identifier: MIT */
/*
 * umcg-api: what the calls of libumcg.h and umcg.h cost, against the bare
 * context switch and against their targets. One process measures all rows, one
 * after the other, several times over; the figure is the median of the runs.
 */
#include "api/api.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 99 };

static struct row {
	const char *name;
	struct figure (*run)(void);
	double target;			/* ns; 0: none */
	const char *what;
	double value[MAX_RUNS], tail[MAX_RUNS];
} rows[] = {
	{ "switch", cost_bare_switch, 0, "bare context switch with change of the FS base", {0}, {0} },
	{ "swap", cost_swap, 50, "umcg_swap() between two workers on one server", {0}, {0} },
	{ "swap-raw", cost_swap_raw, 0, "the same by umcg_wait() of umcg.h, transitions by hand", {0}, {0} },
	{ "run-raw", cost_run_raw, 90, "server, worker, server by umcg_wait() of umcg.h", {0}, {0} },
	{ "run-yield", cost_run_yield, 90, "umcg_poll_worker(), umcg_run_worker(); umcg_yield()", {0}, {0} },
	{ "run-wait", cost_run_wait, 0, "umcg_wake(), umcg_poll_worker(), umcg_run_worker(); umcg_wait()", {0}, {0} },
	{ "wake", cost_queued_wake, 15, "umcg_wake() of a task that does not wait", {0}, {0} },
	{ "wake-consume", cost_wake_consume, 0, "umcg_wake() of itself, umcg_wait()", {0}, {0} },
	{ "group", cost_group, 0, "create a group, register as its server, and the reverse", {0}, {0} },
	{ "worker", cost_worker, 0, "register a worker, poll, run, unregister it", {0}, {0} },
	{ "block", latency_block, 0, "worker calls nanosleep(): until its server goes on", {0}, {0} },
	{ "wake-call", latency_wake_call, 0, "worker's read() ends, it computes on: until umcg_poll_worker() returns it", {0}, {0} },
	{ "wake-point", latency_wake_point, 0, "the same, it calls umcg_yield()", {0}, {0} },
	{ "wake-poll", latency_wake, 0, "umcg_wake() by another thread: until umcg_poll_worker() returns it", {0}, {0} },
	{ "wake-plain", latency_plain_wake, 0, "read() of a thread that is no task ends, for comparison", {0}, {0} },
	{ "preempt", latency_preempt, 0, "umcg_preempt_worker(): until its server goes on", {0}, {0} },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static unsigned runs = 7;
static const char *only, *json;

static bool wanted(const struct row *row)
{
	const char *at = only ? only : row->name;
	size_t length = strlen(row->name);

	for (; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, row->name, length) == 0 && (!at[length] || at[length] == ','))
			return true;
	}
	return false;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static const struct row *row_of(const char *name)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	fail("no such row");
}

static double median(const struct row *row)
{
	return row->value[runs / 2];
}

static void print_row(const struct row *row)
{
	printf("%-13s %9.1f %9.1f - %-9.1f", row->name, median(row), row->value[0], row->value[runs - 1]);
	if (row->tail[runs / 2] > 0)
		printf(" %9.0f", row->tail[runs / 2]);
	else
		printf(" %9s", "");
	if (row->target > 0)
		printf(" %4.0f %-4s", row->target, median(row) <= row->target ? "kept" : "over");
	else
		printf(" %9s", "");
	printf("  %s\n", row->what);
}

static void print_ratio(const char *above, const char *below, double target)
{
	const struct row *a = row_of(above), *b = row_of(below);

	if (!wanted(a) || !wanted(b))
		return;
	printf("ratio %s / %s: %.2f", above, below, median(a) / median(b));
	if (target > 0)
		printf(", target %.1f: %s", target, median(a) / median(b) <= target ? "kept" : "over");
	printf("\n");
}

static void write_list(FILE *file, const char *key, const double *list)
{
	fprintf(file, ",\"%s\":[", key);
	for (unsigned i = 0; i < runs; i++)
		fprintf(file, "%s%.6g", i ? "," : "", list[i]);
	fputs("]", file);
}

static void write_json(const char *path)
{
	FILE *file = fopen(path, "we");
	const char *comma = "";

	must(file, path);
	fprintf(file, "{\"runs\":%u,\"unit\":\"ns\",\"rows\":[", runs);
	for (unsigned i = 0; i < ROWS; i++) {
		if (!wanted(&rows[i]))
			continue;
		fprintf(file, "%s\n{\"name\":\"%s\",\"median\":%.6g,\"target\":%.6g", comma, rows[i].name,
			median(&rows[i]), rows[i].target);
		write_list(file, "runs", rows[i].value);
		write_list(file, "p99", rows[i].tail);
		fputs("}", file);
		comma = ",";
	}
	fputs("\n]}\n", file);
	must(fclose(file) == 0, path);
}

static void help(void)
{
	puts("usage: umcg-api [--runs N] [--only ROW,ROW] [--json FILE]\n");
	for (unsigned i = 0; i < ROWS; i++)
		printf("  %-13s %s\n", rows[i].name, rows[i].what);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r': runs = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'o': only = optarg; break;
		case 'j': json = optarg; break;
		case 'h': help(); exit(0);
		default: exit(2);
		}
	}
	if (optind < argc || runs < 1 || runs > MAX_RUNS) {
		help();
		exit(2);
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	for (unsigned run = 0; run < runs; run++) {
		for (unsigned i = 0; i < ROWS; i++) {
			struct figure figure = { 0, 0 };

			if (wanted(&rows[i]))
				figure = rows[i].run();
			rows[i].value[run] = figure.value;
			rows[i].tail[run] = figure.tail;
		}
	}
	printf("%u runs, ns\n%-13s %9s %9s - %-9s %9s %-9s\n", runs, "row", "median", "min", "max", "p99", "target");
	for (unsigned i = 0; i < ROWS; i++) {
		qsort(rows[i].value, runs, sizeof(double), ascending);
		qsort(rows[i].tail, runs, sizeof(double), ascending);
		if (wanted(&rows[i]))
			print_row(&rows[i]);
	}
	print_ratio("swap", "switch", 2.2);
	print_ratio("swap-raw", "switch", 0);
	print_ratio("run-raw", "switch", 0);
	print_ratio("run-yield", "switch", 0);
	print_ratio("wake-call", "wake-plain", 0);
	print_ratio("wake-poll", "wake-plain", 0);
	if (json)
		write_json(json);
	return 0;
}
