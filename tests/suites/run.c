/* SPDX-License-Identifier: MIT */
/*
 * Runs the programs of a list on NPTL (or another libc's threads) and under the preload (or linked with the
 * library), and prints every program whose verdict there is not one that NPTL gives too. When the two disagree,
 * NPTL is asked three times: only a program that varies there may vary under the preload, within the same
 * verdicts, and is then run three times as well. One that does not seem to vary is asked ten times, as its race may
 * be a narrow one; one that varies in still other ways may have rare ones: thirty times. The jobs take their
 * programs from one shared counter.
 */
#include "isolate.h"
#include "options.h"
#include "tally.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS_WHEN_VARYING = 3, RUNS_WHEN_STILL_APART = 10, RUNS_FOR_RARE = 30 };

enum outcome { OUTCOME_NONE, OUTCOME_SAME, OUTCOME_DIFFERS, OUTCOME_NOT_RUN };

struct result {
	enum outcome outcome;
	struct tally nptl, ours;
};

struct shared {
	atomic_uint next;
	struct result result[];
};

/* One of the two sides of the comparison. */
struct side {
	const char *kind, *programs, *preload;
};

static int one_run(const struct options *options, const char *name, const struct side *side, struct tally *tally)
{
	char program[4096], directory[4096], flat[512];
	snprintf(flat, sizeof flat, "%s", name);
	for (char *c = flat; *c; c++)
		if (*c == '/')
			*c = '_';
	snprintf(program, sizeof program, "%s/%s", side->programs, name);
	int n = snprintf(directory, sizeof directory, "%s/%s.%s", options->work, flat, side->kind);
	if (n >= (int)sizeof directory)
		return -ENAMETOOLONG;
	if (access(program, X_OK) != 0 || (mkdir(directory, 0777) != 0 && errno != EEXIST))
		return -errno;
	const struct manner *manner = manners_find(&options->manners, name);
	const struct isolate_run run = {
		.program = program, .preload = side->preload, .directory = directory,
		.arguments = manner->argument, .stop_after = manner->stop_after,
		.deadline = options->deadline,
	};
	char verdict[VERDICT_SIZE];
	int error = isolate_run(&run, verdict);
	if (error == 0)
		tally_add(tally, verdict);
	return error;
}

static int more_runs(const struct options *options, const char *name, const struct side *side, struct tally *tally,
		     unsigned total)
{
	int error = 0;
	while (error == 0 && tally_total(tally) < total)
		error = one_run(options, name, side, tally);
	return error;
}

/* One round more, or several of each side when their verdicts do not fit together. */
static int compare_round(const struct options *options, const char *name, struct result *result, unsigned round)
{
	const struct side plain = { "nptl", options->programs, NULL }, ours = { "umcg", options->ours, options->library };
	int error = more_runs(options, name, &plain, &result->nptl, round);
	if (error == 0)
		error = more_runs(options, name, &ours, &result->ours, round);
	if (error == 0 && !tally_within(&result->ours, &result->nptl))
		error = more_runs(options, name, &plain, &result->nptl, RUNS_WHEN_VARYING);
	if (error == 0 && !tally_within(&result->ours, &result->nptl))
		error = more_runs(options, name, &plain, &result->nptl, RUNS_WHEN_STILL_APART);
	while (error == 0 && tally_kinds(&result->nptl) > 1 && !tally_within(&result->ours, &result->nptl) &&
	       tally_total(&result->nptl) < RUNS_FOR_RARE)
		error = one_run(options, name, &plain, &result->nptl);
	if (error == 0 && tally_kinds(&result->nptl) > 1 && tally_within(&result->ours, &result->nptl))
		error = more_runs(options, name, &ours, &result->ours, RUNS_WHEN_VARYING);
	return error;
}

/* Ends at the first difference, so that the output kept is that of the run which showed it. */
static int compare(const struct options *options, const char *name, struct result *result)
{
	for (unsigned round = 1; round <= options->times; round++) {
		int error = compare_round(options, name, result, round);
		if (error != 0)
			return error;
		if (!tally_within(&result->ours, &result->nptl))
			return 0;
	}
	return 0;
}

static void report(const struct options *options, const char *name, const struct result *result, int error)
{
	char nptl[TALLY_TEXT], ours[TALLY_TEXT], line[1024];
	if (error != 0) {
		snprintf(line, sizeof line, "NOT RUN  %s: %s\n", name, strerror(-error));
	} else {
		tally_text(&result->nptl, nptl);
		tally_text(&result->ours, ours);
		snprintf(line, sizeof line, "%s %-52s %s %-24s libumcg %s\n",
			 result->outcome == OUTCOME_DIFFERS ? "DIFFERS " : "varies  ", name, options->plain, nptl, ours);
	}
	/* One write, so that the lines of parallel jobs do not mix. */
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(2);
}

static void job(const struct options *options, struct shared *shared)
{
	for (unsigned i; (i = atomic_fetch_add(&shared->next, 1)) < options->count;) {
		struct result *result = &shared->result[i];
		int error = compare(options, options->name[i], result);
		if (error != 0)
			result->outcome = OUTCOME_NOT_RUN;
		else if (tally_within(&result->ours, &result->nptl))
			result->outcome = OUTCOME_SAME;
		else
			result->outcome = OUTCOME_DIFFERS;
		if (result->outcome != OUTCOME_SAME || tally_kinds(&result->nptl) > 1)
			report(options, options->name[i], result, error);
	}
	_exit(0);
}

static void write_table(const struct options *options, const struct shared *shared)
{
	FILE *out = fopen(options->table, "w");
	if (!out) {
		perror(options->table);
		exit(2);
	}
	for (unsigned i = 0; i < options->count; i++) {
		char nptl[TALLY_TEXT], ours[TALLY_TEXT];
		tally_text(&shared->result[i].nptl, nptl);
		tally_text(&shared->result[i].ours, ours);
		fprintf(out, "%s\t%s\t%s\n", options->name[i], nptl, ours);
	}
	fclose(out);
}

static int summary(const struct options *options, const struct shared *shared)
{
	unsigned passed = 0, varies = 0;
	for (unsigned i = 0; i < options->count; i++) {
		passed += shared->result[i].outcome == OUTCOME_SAME;
		varies += tally_kinds(&shared->result[i].nptl) > 1;
	}
	printf("%u programs, %u vary on %s itself", options->count, varies, options->plain);
	if (passed != options->count)
		printf("; what they printed: %s/NAME.{nptl,umcg}.out", options->work);
	printf("\n%u passed, %u failed\n", passed, options->count - passed);
	return passed == options->count ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options options;
	options_parse(&options, argc, argv);
	size_t size = sizeof(struct shared) + options.count * sizeof(struct result);
	struct shared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	printf("%s against %s; isolation: %s\n", options.plain,
	       options.library ? options.library : options.ours != options.programs ? options.ours : options.plain, isolate_kind());
	fflush(stdout);
	for (unsigned i = 0; i < options.jobs; i++) {
		pid_t pid = fork();
		if (pid == 0)
			job(&options, shared);
		if (pid < 0)
			perror("fork");
	}
	while (wait(NULL) > 0)
		;
	if (options.table)
		write_table(&options, shared);
	return summary(&options, shared);
}
