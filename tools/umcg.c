/* SPDX-License-Identifier: MIT */
/* umcg: run a program with libumcg-pthread.so preloaded. Documented in umcg(1). */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127, MAX_SERVERS = 256 };

#define PRELOAD "libumcg-pthread.so"

static const char usage_text[] =
	"usage: umcg run [--servers N] [--stats] [--] PROGRAM [ARG...]\n"
	"       umcg --help | --version\n";

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "umcg: %s%s%s; try 'umcg --help'\n", what, *value ? ": " : "", value);
	return EXIT_USAGE;
}

/* The library: $UMCG_LIBRARY, beside the tool in a build directory, or where it was installed. */
static const char *find_library(char *buf, size_t size)
{
	const char *named = getenv("UMCG_LIBRARY");
	ssize_t len = readlink("/proc/self/exe", buf, size - 64);
	char *slash;

	if (named)
		return access(named, R_OK) == 0 ? named : NULL;
	if (len > 0) {
		static const char *const beside[] = { "/.libs/" PRELOAD, "/" PRELOAD, "/../lib/" PRELOAD };

		buf[len] = 0;
		slash = strrchr(buf, '/');
		for (size_t i = 0; slash && i < sizeof(beside) / sizeof(*beside); i++) {
			strcpy(slash, beside[i]);
			if (access(buf, R_OK) == 0)
				return buf;
		}
	}
	return access(LIBDIR "/" PRELOAD, R_OK) == 0 ? LIBDIR "/" PRELOAD : NULL;
}

/* Ours goes before what the user preloads. */
static void set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;

	if (!others || !*others) {
		setenv("LD_PRELOAD", library, 1);
		return;
	}
	if (asprintf(&list, "%s:%s", library, others) < 0)
		exit(EXIT_CANNOT_EXECUTE);
	setenv("LD_PRELOAD", list, 1);
}

static bool set_servers(const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (end == value || *end || n < 1 || n > MAX_SERVERS)
		return false;
	setenv("UMCG_SERVERS", value, 1);
	return true;
}

static int run(char **argv)
{
	char buf[4096];
	const char *library;

	for (; *argv && **argv == '-'; argv++) {
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if (strcmp(*argv, "--stats") == 0) {
			setenv("UMCG_STATS", "1", 1);
		} else if (strcmp(*argv, "--servers") == 0) {
			if (!argv[1])
				return usage_error("--servers wants a number from 1 to 256", "");
			if (!set_servers(*++argv))
				return usage_error("--servers wants a number from 1 to 256", *argv);
		} else if (strncmp(*argv, "--servers=", 10) == 0) {
			if (!set_servers(*argv + 10))
				return usage_error("--servers wants a number from 1 to 256", *argv + 10);
		} else {
			return usage_error("unknown option", *argv);
		}
	}
	if (!*argv)
		return usage_error("run wants a program", "");
	library = find_library(buf, sizeof(buf));
	if (!library) {
		fprintf(stderr, "umcg: cannot find " PRELOAD " (looked in " LIBDIR "; set UMCG_LIBRARY)\n");
		return EXIT_NOT_FOUND;
	}
	set_preload(library);
	execvp(*argv, argv);
	fprintf(stderr, "umcg: %s: %s\n", *argv, strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage_error("a command is wanted", "");
	if (strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (strcmp(argv[1], "--help") == 0)
		return fputs(usage_text, stdout) < 0;
	if (strcmp(argv[1], "--version") == 0)
		return puts("umcg " VERSION) < 0;
	return usage_error("unknown command", argv[1]);
}
