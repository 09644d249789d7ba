/* SPDX-License-Identifier: MIT */
/* The command line of the suite runner: see options.h. */
#include "options.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
	"usage: run --programs DIR --work DIR [--lib FILE] [--ours DIR] [--plain WORD] [--list FILE] [--jobs N]\n"
	"           [--times N] [--manners FILE] [--deadline SECONDS] [--table FILE] [NAME...]\n"
	"Compares the programs in DIR as they are with themselves under the preload FILE, or with those of the same\n"
	"names in the DIR of --ours. WORD names the former's threads (NPTL). NAMEs, if given, are run instead of the list.\n";

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("run: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static unsigned number(const char *option, const char *text, unsigned most)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (errno || *end || end == text || value < 1 || value > most)
		die("%s '%s' is not a number from 1 to %u", option, text, most);
	return (unsigned)value;
}

static const char *absolute(const char *what, const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;
	if (!real)
		die("%s '%s': %s", what, path ? path : "", path ? strerror(errno) : "required");
	return real;
}

/* A real-time spin that starves the machine, and fork bombs. Named aloud, not dropped in silence. */
static int dangerous(const char *name)
{
	return fnmatch("*pi_test*", name, 0) == 0 || fnmatch("stress/threads/*/s-c*", name, 0) == 0;
}

static void add_name(struct options *options, const char *name)
{
	if (dangerous(name)) {
		printf("NEVER RUN %s: it would take the machine down\n", name);
		return;
	}
	options->name = realloc(options->name, (options->count + 1) * sizeof *options->name);
	char *copy = strdup(name);
	if (!options->name || !copy)
		die("out of memory");
	options->name[options->count++] = copy;
}

/* One name a line; what follows a tab or a space is of no interest here. */
static void read_list(struct options *options, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "r");
	if (!in)
		die("list '%s': %s", path, strerror(errno));
	while (getline(&line, &size, in) >= 0) {
		line[strcspn(line, " \t\n")] = '\0';
		if (line[0] && line[0] != '#')
			add_name(options, line);
	}
	free(line);
	fclose(in);
}

static void read_manners(struct options *options, const char *path)
{
	int line = manners_read(&options->manners, path);
	if (line < 0)
		die("manners '%s': %s", path, strerror(errno));
	if (line > 0)
		die("%s:%d: not a name, seconds and at most %d arguments", path, line, MANNER_ARGUMENTS);
}

/* The loader only warns about a library that it cannot preload, and then NPTL would be tested twice. */
static void check_library(const char *library)
{
	char command[4096], complaint[512];
	snprintf(command, sizeof command, "LD_PRELOAD='%s' /bin/true 2>&1", library);
	FILE *in = popen(command, "r");
	size_t n = in ? fread(complaint, 1, sizeof complaint - 1, in) : 0;
	complaint[n] = '\0';
	complaint[strcspn(complaint, "\n")] = '\0';
	if (!in || pclose(in) != 0 || n)
		die("cannot preload %s: %s", library, complaint);
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "programs", required_argument, NULL, 'p' }, { "work", required_argument, NULL, 'w' },
		{ "lib", required_argument, NULL, 'l' }, { "list", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'j' }, { "times", required_argument, NULL, 'n' },
		{ "deadline", required_argument, NULL, 'd' }, { "table", required_argument, NULL, 't' },
		{ "manners", required_argument, NULL, 'm' }, { "ours", required_argument, NULL, 'o' },
		{ "plain", required_argument, NULL, 'a' }, { 0 },
	};
	const char *programs = NULL, *work = NULL, *list = NULL;
	*options = (struct options){ .jobs = 4, .times = 1, .deadline = 30, .plain = "NPTL" };
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'p': programs = optarg; break;
		case 'w': work = optarg; break;
		case 'l': options->library = absolute("library", optarg); break;
		case 'f': list = optarg; break;
		case 'j': options->jobs = number("--jobs", optarg, 64); break;
		case 'n': options->times = number("--times", optarg, 10000); break;
		case 'd': options->deadline = (int)number("--deadline", optarg, 3600); break;
		case 't': options->table = optarg; break;
		case 'm': read_manners(options, optarg); break;
		case 'o': options->ours = absolute("--ours", optarg); break;
		case 'a': options->plain = optarg; break;
		default: fputs(usage, stderr); exit(2);
		}
	}
	options->programs = absolute("--programs", programs);
	if (!options->ours)
		options->ours = options->programs;
	if (work && mkdir(work, 0777) != 0 && errno != EEXIST)
		die("--work '%s': %s", work, strerror(errno));
	options->work = absolute("--work", work);
	if (options->library)
		check_library(options->library);
	for (int i = optind; i < argc; i++)
		add_name(options, argv[i]);
	if (optind == argc && list)
		read_list(options, list);
	if (options->count == 0)
		die("no programs to run: give --list or names");
}
