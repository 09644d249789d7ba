/* SPDX-License-Identifier: MIT */
/*
 * pairs: runs each benchmark alternately on plain NPTL and under the preload and
 * compares medians. Exit status: 0 all were measured, 1 one hung, died or gave
 * wrong output (or the runner failed), 2 bad options.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const char *const variant_names[VARIANTS] = { "nptl", "umcg", "musl" };
const char *const affinity_names[AFFINITIES] = { "default", "pinned" };

extern char **environ;

void pairs_fail(const char *format, ...)
{
	va_list args;

	fputs("pairs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Held until this process ends. Children never inherit it. */
static void take_lock(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/umcg-pairs.lock", folder && *folder ? folder : "/tmp");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	/* In a sticky folder the kernel may refuse O_CREAT on another user's file. */
	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		pairs_fail("cannot open the lock file %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return;
	fprintf(stderr, "pairs: waiting for another measurement to end (%s)\n", path);
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			pairs_fail("cannot lock %s: %s", path, strerror(errno));
}

/*
 * The dynamic linker only warns about a preload that it cannot load and goes on
 * without: the pair would then compare NPTL with itself and look fair.
 */
static void check_preload(void)
{
	static struct child_result result;
	const char *argv[] = { settings.bench, "--list", NULL };
	struct child child = {
		.argv = argv, .preload = settings.library, .trace_objects = true,
		.input = -1, .output = -1, .deadline = settings.deadline,
	};

	if (!settings.library[0])
		return;
	child_run(&child, &result);
	if (result.outcome != OUTCOME_OK || !strstr(result.output, settings.library))
		pairs_fail("%s cannot be preloaded: %.*s", settings.library,
			   (int)strcspn(result.errors, "\n"), result.errors);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");

	for (const char *at = path ? path : ""; *at;) {
		size_t length = strcspn(at, ":");
		char file[4096];

		snprintf(file, sizeof file, "%.*s/%s", (int)length, at, program);
		if (access(file, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

/* Only a program that is not installed is left out, and said so. */
static bool available(const struct row *row)
{
	const char *program = row->kind == KIND_PYTHON ? "/usr/bin/python3" : row->args[0];
	bool found = row->kind == KIND_BENCH || row->kind == KIND_SERVER ? true :
		     row->kind == KIND_PYTHON ? access(program, X_OK) == 0 : in_path(program);

	if (!found)
		printf("%-34s skipped: %s is not installed\n", row->name, program);
	return found;
}

static void print_settings(void)
{
	printf("%s against %s; %u runs, %g s each, medians; ratio above 1: ours is faster\n",
	       settings.plain, settings.ours ? settings.ours : settings.library[0] ? settings.library : "itself", settings.runs, settings.seconds);
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, "UMCG_", 5) == 0)
			printf("environment: %s\n", *entry);
}

static bool line_bad(const struct line *line)
{
	for (enum variant v = NPTL; v < VARIANTS; v++)
		if (line->cells[v].used && line->cells[v].outcome != OUTCOME_OK)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct line *lines;
	unsigned count = 0, bad = 0;

	options_parse(argc, argv);
	lines = calloc((size_t)suite_rows * AFFINITIES, sizeof *lines);
	if (!lines)
		pairs_fail("out of memory");
	take_lock();
	check_preload();
	print_settings();
	table_head();
	for (unsigned i = 0; i < suite_rows; i++) {
		if (!options_select(&suite[i]) || !available(&suite[i]))
			continue;
		for (enum affinity a = DEFAULT_AFFINITY; a < AFFINITIES; a++) {
			struct line *line = &lines[count];

			if (!settings.affinity[a])
				continue;
			line->row = &suite[i];
			line->affinity = a;
			measure_line(line);
			table_line(line);
			bad += line_bad(line);
			count++;
		}
	}
	if (settings.json)
		json_write(settings.json, lines, count);
	if (bad)
		printf("%u of %u lines could not be measured\n", bad, count);
	free(lines);
	return bad ? 1 : 0;
}
