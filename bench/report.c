/* SPDX-License-Identifier: MIT */
/*
 * The result of a benchmark: one flat JSON object on one line. Written in one
 * piece at the end, so that a benchmark which dies half-way reports nothing.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static char line[2048];
static size_t used;

static void append(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void append(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line + used, sizeof line - used, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof line - used)
		bench_fail("the report is too long");
	used += (size_t)length;
}

void bench_report(const char *name)
{
	used = 0;
	append("{\"bench\":\"%s\",\"threads\":%u", name, bench_options.threads);
}

void bench_figure(const char *key, double value)
{
	append(",\"%s\":%.6g", key, value);
}

void bench_count(const char *key, uint64_t value)
{
	append(",\"%s\":%" PRIu64, key, value);
}

void bench_report_scaled(const char *name, struct bench_scaled scaled)
{
	bench_report(name);
	bench_figure("ns_per_op", (double)scaled.ns / (double)scaled.operations);
	bench_count("operations", scaled.operations);
	bench_figure("seconds", (double)scaled.ns / 1e9);
}

void bench_report_end(void)
{
	append("}\n");
	if (fputs(line, stdout) < 0 || fflush(stdout) != 0)
		bench_fail("cannot write the report");
}
