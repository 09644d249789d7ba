/* SPDX-License-Identifier: MIT */
/* The verdicts that one program gave, each with how often. */
#ifndef SUITES_TALLY_H
#define SUITES_TALLY_H

#include "isolate.h"

#include <stdbool.h>

enum { TALLY_KINDS = 8, TALLY_TEXT = TALLY_KINDS * (VERDICT_SIZE + 8) };

struct tally {
	unsigned kinds;
	struct {
		char verdict[VERDICT_SIZE];
		unsigned times;
	} entry[TALLY_KINDS];
};

void tally_add(struct tally *tally, const char *verdict);
unsigned tally_kinds(const struct tally *tally);
unsigned tally_total(const struct tally *tally);
/* Is every verdict of INNER also one of OUTER? An empty INNER never is: nothing was seen. */
bool tally_within(const struct tally *inner, const struct tally *outer);
void tally_text(const struct tally *tally, char text[TALLY_TEXT]);

#endif
