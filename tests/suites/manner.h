/* SPDX-License-Identifier: MIT */
/* How a program of a suite is started and ended, where that is not simply "run it until it ends". */
#ifndef SUITES_MANNER_H
#define SUITES_MANNER_H

enum { MANNER_ARGUMENTS = 4 };

struct manner {
	char *name;
	int stop_after;		/* seconds until SIGUSR1 asks it to end; 0: it ends by itself */
	char *argument[MANNER_ARGUMENTS + 1];	/* ends with NULL */
};

struct manners {
	struct manner *entry;
	unsigned count;
};

/* Reads lines of name, seconds and arguments, apart by blanks, "…" being one; '#' starts a comment. Returns 0 or the bad line. */
int manners_read(struct manners *manners, const char *path);
/* The manner of NAME; one that ends by itself and takes no arguments when nothing is known. */
const struct manner *manners_find(const struct manners *manners, const char *name);

#endif
