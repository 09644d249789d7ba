/* SPDX-License-Identifier: MIT */
/* Numbers out of a child's flat JSON line, and the runner's own JSON file. */
#include "pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

bool json_number(const char *text, const char *key, double *value)
{
	char pattern[64];
	const char *found;
	char *end;

	snprintf(pattern, sizeof pattern, "\"%s\":", key);
	found = strstr(text, pattern);
	if (!found)
		return false;
	found += strlen(pattern);
	*value = strtod(found, &end);
	/* A cut line or a word such as null must not pass for a figure. */
	while (*end == ' ')
		end++;
	return end != found && (*end == ',' || *end == '}');
}

static void write_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

static void write_environment(FILE *file)
{
	const char *separator = "";

	fputs("  \"environment\": {", file);
	for (char **entry = environ; *entry; entry++) {
		char name[64];
		const char *equals = strchr(*entry, '=');

		if (strncmp(*entry, "UMCG_", 5) != 0 || !equals)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(equals - *entry), *entry);
		fputs(separator, file);
		write_string(file, name);
		fputs(": ", file);
		write_string(file, equals + 1);
		separator = ", ";
	}
	fputs("},\n", file);
}

static void write_head(FILE *file)
{
	struct utsname host;
	char libc[64] = "unknown";

	uname(&host);
	confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc);
	fprintf(file, "{\n  \"kernel\": ");
	write_string(file, host.release);
	fprintf(file, ", \"machine\": ");
	write_string(file, host.machine);
	fprintf(file, ", \"libc\": ");
	write_string(file, libc);
	fprintf(file, ", \"cpus\": %ld,\n  \"library\": ", sysconf(_SC_NPROCESSORS_ONLN));
	write_string(file, settings.library);
	fprintf(file, ", \"runs\": %u, \"seconds\": %g, \"deadline\": %g,\n", settings.runs,
		settings.seconds, settings.deadline);
	write_environment(file);
}

static void write_figure(FILE *file, const struct cell *cell, const struct figure *figure,
			 unsigned index)
{
	struct summary summary = stats_summary(cell, index, figure->pick);

	fprintf(file, "\"%s\": {\"median\": %.9g, \"min\": %.9g, \"max\": %.9g, \"samples\": [",
		figure->key, summary.median, summary.min, summary.max);
	for (unsigned i = 0; i < cell->runs; i++)
		fprintf(file, "%s%.9g", i ? ", " : "", cell->samples[index][i]);
	fputs("]}", file);
}

static void write_cell(FILE *file, const struct line *line, enum variant v)
{
	const struct cell *cell = &line->cells[v];
	unsigned figures = suite_figures(line->row);

	fprintf(file, ",\n     \"%s\": {\"status\": ", variant_names[v]);
	write_string(file, child_outcome_text(cell->outcome, cell->detail));
	fprintf(file, ", \"runs\": %u", cell->runs);
	if (cell->errors[0]) {
		fputs(", \"stderr\": ", file);
		write_string(file, cell->errors);
	}
	if (cell->runs > 0)
		for (unsigned i = 0; i < figures; i++) {
			fputs(",\n       ", file);
			write_figure(file, cell, &line->row->figures[i], i);
		}
	fputc('}', file);
}

static void write_line(FILE *file, const struct line *line)
{
	fputs("    {\"name\": ", file);
	write_string(file, line->row->name);
	fprintf(file, ", \"kind\": \"%s\", \"affinity\": \"%s\", \"figure\": \"%s\", \"ratio\": ",
		suite_kind_name(line->row->kind), affinity_names[line->affinity],
		line->row->figures[0].key);
	if (stats_ratio(line) > 0)
		fprintf(file, "%.6g", stats_ratio(line));
	else
		fputs("null", file);
	fprintf(file, ", \"foreign_cpus\": %.3g", line->foreign);
	for (enum variant v = NPTL; v < VARIANTS; v++)
		if (line->cells[v].used)
			write_cell(file, line, v);
	fputc('}', file);
}

void json_write(const char *path, const struct line *lines, unsigned count)
{
	FILE *file = fopen(path, "we");

	if (!file)
		pairs_fail("cannot write %s: %s", path, strerror(errno));
	write_head(file);
	fputs("  \"results\": [\n", file);
	for (unsigned i = 0; i < count; i++) {
		write_line(file, &lines[i]);
		fputs(i + 1 < count ? ",\n" : "\n", file);
	}
	fputs("  ]\n}\n", file);
	if (ferror(file) | fclose(file))
		pairs_fail("cannot write %s: %s", path, strerror(errno));
}
