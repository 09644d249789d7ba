/* SPDX-License-Identifier: MIT */
/* The table on standard output, a line at a time as results come in. */
#include "pairs.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 64 };

/* Below this share of a CPU, other work is the machine's own housekeeping. */
#define FOREIGN_NOISE 0.10

static void scaled(char *text, double value, const char *unit)
{
	int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;

	snprintf(text, TEXT, "%.*f %s", decimals, value, unit);
}

static void format_time(char *text, double ns)
{
	if (ns < 1e3)
		scaled(text, ns, "ns");
	else if (ns < 1e6)
		scaled(text, ns / 1e3, "us");
	else if (ns < 1e9)
		scaled(text, ns / 1e6, "ms");
	else
		scaled(text, ns / 1e9, "s");
}

static void format_value(char *text, double value, enum unit unit)
{
	switch (unit) {
	case UNIT_NS: format_time(text, value); break;
	case UNIT_US: format_time(text, value * 1e3); break;
	case UNIT_S: format_time(text, value * 1e9); break;
	case UNIT_KB: scaled(text, value, "kB"); break;
	case UNIT_NONE: snprintf(text, TEXT, "%.3g", value); break;
	}
}

static void format_cell(char *text, const struct cell *cell, const struct figure *figure,
			unsigned index)
{
	if (!cell->used)
		snprintf(text, TEXT, "-");
	else if (cell->outcome != OUTCOME_OK)
		snprintf(text, TEXT, "%s", index ? "-" : child_outcome_text(cell->outcome, cell->detail));
	else
		format_value(text, stats_summary(cell, index, figure->pick).picked, figure->unit);
}

static void format_spread(char *text, const struct cell *cell, const struct figure *figure)
{
	struct summary summary = stats_summary(cell, 0, PICK_MEDIAN);
	char low[TEXT], high[TEXT];

	if (!stats_good(cell)) {
		snprintf(text, TEXT, "-");
		return;
	}
	format_value(low, summary.min, figure->unit);
	format_value(high, summary.max, figure->unit);
	snprintf(text, TEXT, "%.28s - %.28s", low, high);
}

static void print_columns(const char *name, const char *affinity, const char *const values[VARIANTS],
			  const char *ratio, const char *const spreads[VARIANTS])
{
	printf("%-31s %-8s %14s %14s", name, affinity, values[NPTL], values[UMCG]);
	if (settings.musl)
		printf(" %14s", values[MUSL]);
	if (*ratio)
		printf(" %8s  %20s  %20s", ratio, spreads[NPTL], spreads[UMCG]);
	if (*ratio && settings.musl)
		printf("  %20s", spreads[MUSL]);
	putchar('\n');
}

void table_head(void)
{
	const char *values[VARIANTS] = { settings.plain, "ours", "musl static" };
	const char *spreads[VARIANTS] = { "NPTL min - max", "ours min - max", "musl min - max" };

	print_columns("benchmark", "affinity", values, "ratio", spreads);
	fflush(stdout);
}

static void print_figure(const struct line *line, unsigned index)
{
	const struct figure *figure = &line->row->figures[index];
	char values[VARIANTS][TEXT], spreads[VARIANTS][TEXT], name[TEXT], ratio[TEXT] = "";
	const char *value_list[VARIANTS], *spread_list[VARIANTS];

	for (enum variant v = NPTL; v < VARIANTS; v++) {
		format_cell(values[v], &line->cells[v], figure, index);
		format_spread(spreads[v], &line->cells[v], figure);
		value_list[v] = values[v];
		spread_list[v] = index ? "" : spreads[v];
	}
	if (index == 0)
		snprintf(ratio, sizeof ratio, stats_ratio(line) > 0 ? "%.2fx" : "-", stats_ratio(line));
	snprintf(name, sizeof name, "%s%s", index ? "  " : "", index ? figure->label : line->row->name);
	print_columns(name, index ? "" : affinity_names[line->affinity], value_list, ratio, spread_list);
}

static void print_failure(const struct line *line, enum variant v)
{
	const struct cell *cell = &line->cells[v];
	const char *errors = cell->errors;

	if (!cell->used || cell->outcome == OUTCOME_OK)
		return;
	printf("  ! %s: %s in run %u of %u", variant_names[v],
	       child_outcome_text(cell->outcome, cell->detail), cell->runs + 1, settings.runs);
	if (errors[0])
		printf(": %.*s", (int)strcspn(errors, "\n"), errors);
	putchar('\n');
}

void table_line(const struct line *line)
{
	unsigned figures = suite_figures(line->row);

	for (unsigned i = 0; i < figures; i++)
		print_figure(line, i);
	for (enum variant v = NPTL; v < VARIANTS; v++)
		print_failure(line, v);
	if (line->foreign >= FOREIGN_NOISE)
		printf("  ~ noisy: other work used %.0f %% of a CPU meanwhile\n", 100 * line->foreign);
	fflush(stdout);
}
