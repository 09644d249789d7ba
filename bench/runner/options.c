/* SPDX-License-Identifier: MIT */
/* Command line of the runner. Anything it cannot use is one line and exit status 2. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "pairs.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings settings = {
	.plain = "NPTL",
	.runs = 5,
	.seconds = 0.3,
	.deadline = 60,
	.program_mb = 200,
	.affinity = { true, true },
};

static const char help_text[] =
	"usage: pairs [options]\n"
	"  --lib PATH        the library to preload; '' compares NPTL with itself\n"
	"  --only NAME,...   these rows only (mutex-64-50), or a family (mutex)\n"
	"  --list            print the names of all rows\n"
	"  --programs        the whole-program pairs (pigz, zstd, xz) as well\n"
	"  --program-mb N    size of their input (200)\n"
	"  --runs N          runs of each variant (5)\n"
	"  --seconds S       length of each measurement (0.3)\n"
	"  --deadline S      a child that runs longer is killed: 'hang' (60; programs: five times that)\n"
	"  --affinity A      default, pinned or both (both)\n"
	"  --musl PATH       a statically linked umcg-bench for a third column\n"
	"  --ours PATH       an umcg-bench linked with the library: benchmarks only, compared with that of --bench\n"
	"  --plain WORD      whose threads that of --bench has (NPTL)\n"
	"  --json FILE       write all samples as JSON\n"
	"  --bench PATH      the umcg-bench program (beside this one)\n"
	"  --scripts PATH    folder of the Python programs ('python' beside this one)\n";

static void usage_error(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

static void usage_error(const char *format, ...)
{
	va_list args;

	fputs("pairs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static double number(const char *option, const char *text, double low, double high)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= low && value <= high))
		usage_error("%s takes a number from %g to %g, not '%s'", option, low, high, text);
	return value;
}

static unsigned whole(const char *option, const char *text, double low, double high)
{
	double value = number(option, text, low, high);

	if (value != (unsigned)value)
		usage_error("%s takes a whole number, not '%s'", option, text);
	return (unsigned)value;
}

/* The folder of this program, or a path below or beside it. */
static char *beside(const char *relative)
{
	char self[4096], *slash, *path;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length < 0)
		pairs_fail("cannot find this program's folder: %s", strerror(errno));
	self[length] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	if (asprintf(&path, "%s/%s", self, relative) < 0)
		pairs_fail("out of memory");
	return path;
}

static char *existing(const char *option, const char *path, int access_mode)
{
	char *absolute = realpath(path, NULL);

	if (!absolute || access(absolute, access_mode) != 0)
		usage_error("%s: cannot use '%s': %s", option, path, strerror(errno));
	return absolute;
}

static void set_affinity(const char *text)
{
	bool both = strcmp(text, "both") == 0;

	settings.affinity[DEFAULT_AFFINITY] = both || strcmp(text, "default") == 0;
	settings.affinity[PINNED] = both || strcmp(text, "pinned") == 0;
	if (!settings.affinity[DEFAULT_AFFINITY] && !settings.affinity[PINNED])
		usage_error("--affinity is default, pinned or both, not '%s'", text);
}

static void list(void)
{
	for (unsigned i = 0; i < suite_rows; i++)
		printf("%-16s %s\n", suite[i].name, suite_kind_name(suite[i].kind));
}

/* Next item of a comma-separated list into `item`; false at the end. */
static bool next_item(const char **rest, char item[64])
{
	size_t length = strcspn(*rest, ",");

	if (**rest == '\0')
		return false;
	snprintf(item, 64, "%.*s", (int)length, *rest);
	*rest += length + ((*rest)[length] == ',');
	return true;
}

static void check_only(void)
{
	const char *rest = settings.only;
	char item[64];
	unsigned items = 0;

	while (next_item(&rest, item)) {
		if (!suite_knows(item))
			usage_error("--only: nothing is called '%s' (--list names all)", item);
		items++;
	}
	if (!items)
		usage_error("--only wants at least one name");
}

bool options_select(const struct row *row)
{
	const char *rest = settings.only;
	char item[64];

	if (settings.ours && row->kind != KIND_BENCH)
		return false;
	if (!rest)
		return row->kind != KIND_PROGRAM || settings.programs;
	while (next_item(&rest, item))
		if (suite_matches(row, item))
			return true;
	return row->kind == KIND_PROGRAM && settings.programs;
}

static void fill_paths(const char *library)
{
	char *guess;

	if (!settings.bench)
		settings.bench = existing("--bench", beside("umcg-bench"), X_OK);
	settings.load = beside("load");
	settings.server = beside("server");
	if (!settings.scripts)
		settings.scripts = beside("python");
	if (library) {
		settings.library = *library ? existing("--lib", library, R_OK) : strdup("");
		return;
	}
	guess = beside("../.libs/libumcg-pthread.so");
	if (access(guess, R_OK) != 0)
		usage_error("no library at %s: build it, or name it with --lib", guess);
	settings.library = existing("--lib", guess, R_OK);
	free(guess);
}

void options_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "lib", required_argument, NULL, 'l' }, { "only", required_argument, NULL, 'o' },
		{ "runs", required_argument, NULL, 'r' }, { "seconds", required_argument, NULL, 's' },
		{ "deadline", required_argument, NULL, 'd' }, { "json", required_argument, NULL, 'j' },
		{ "musl", required_argument, NULL, 'm' }, { "ours", required_argument, NULL, 'O' },
		{ "plain", required_argument, NULL, 'P' }, { "bench", required_argument, NULL, 'b' },
		{ "scripts", required_argument, NULL, 'p' }, { "affinity", required_argument, NULL, 'a' },
		{ "program-mb", required_argument, NULL, 'n' }, { "programs", no_argument, NULL, 'g' },
		{ "list", no_argument, NULL, 'L' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *library = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case 'l': library = optarg; break;
		case 'o': settings.only = optarg; break;
		case 'r': settings.runs = whole("--runs", optarg, 1, MAX_RUNS); break;
		case 's': settings.seconds = number("--seconds", optarg, 0.01, 60); break;
		case 'd': settings.deadline = number("--deadline", optarg, 0.1, 3600); break;
		case 'j': settings.json = optarg; break;
		case 'm': settings.musl = existing("--musl", optarg, X_OK); break;
		case 'O': settings.ours = existing("--ours", optarg, X_OK); break;
		case 'P': settings.plain = optarg; break;
		case 'b': settings.bench = existing("--bench", optarg, X_OK); break;
		case 'p': settings.scripts = existing("--scripts", optarg, X_OK); break;
		case 'a': set_affinity(optarg); break;
		case 'n': settings.program_mb = whole("--program-mb", optarg, 1, 4096); break;
		case 'g': settings.programs = true; break;
		case 'L': list(); exit(0);
		case 'h': fputs(help_text, stdout); exit(0);
		case ':': usage_error("%s wants a value", argv[optind - 1]);
		default: usage_error("unknown option '%s' (--help lists all)", argv[optind - 1]);
		}
	}
	if (optind < argc)
		usage_error("unexpected argument '%s'", argv[optind]);
	if (settings.only)
		check_only();
	fill_paths(library);
}
