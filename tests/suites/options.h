/* SPDX-License-Identifier: MIT */
/* The command line of the suite runner. */
#ifndef SUITES_OPTIONS_H
#define SUITES_OPTIONS_H

#include "manner.h"

struct options {
	const char *library;	/* absolute path, or NULL: no preload */
	const char *programs;	/* absolute directory of the built tests */
	const char *ours;	/* the same of those to compare with: linked with the library, or the same ones */
	const char *plain;	/* what the former run on, in words */
	const char *work;	/* absolute directory for working directories and outputs */
	const char *table;	/* write name, NPTL verdict, our verdict here, or NULL */
	unsigned jobs, times;
	int deadline;		/* seconds, each run */
	struct manners manners;
	char **name;
	unsigned count;
};

/* Prints one line and exits with 2 on a wrong option, list or library. */
void options_parse(struct options *options, int argc, char **argv);

#endif
