/* SPDX-License-Identifier: MIT */
/* Counting verdicts: see tally.h. */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find(const struct tally *tally, const char *verdict)
{
	for (unsigned i = 0; i < tally->kinds; i++)
		if (strcmp(tally->entry[i].verdict, verdict) == 0)
			return (int)i;
	return -1;
}

void tally_add(struct tally *tally, const char *verdict)
{
	int i = find(tally, verdict);
	if (i < 0) {
		/* Dropping a verdict could hide a difference. */
		if (tally->kinds == TALLY_KINDS) {
			fprintf(stderr, "more than %d different verdicts\n", TALLY_KINDS);
			abort();
		}
		i = (int)tally->kinds++;
		snprintf(tally->entry[i].verdict, VERDICT_SIZE, "%s", verdict);
	}
	tally->entry[i].times++;
}

unsigned tally_kinds(const struct tally *tally)
{
	return tally->kinds;
}

unsigned tally_total(const struct tally *tally)
{
	unsigned total = 0;
	for (unsigned i = 0; i < tally->kinds; i++)
		total += tally->entry[i].times;
	return total;
}

bool tally_within(const struct tally *inner, const struct tally *outer)
{
	for (unsigned i = 0; i < inner->kinds; i++)
		if (find(outer, inner->entry[i].verdict) < 0)
			return false;
	return inner->kinds > 0;
}

void tally_text(const struct tally *tally, char text[TALLY_TEXT])
{
	size_t used = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < tally->kinds; i++) {
		const char *space = i ? " " : "";
		unsigned times = tally->entry[i].times;
		int n = times > 1
			? snprintf(text + used, TALLY_TEXT - used, "%s%s*%u", space, tally->entry[i].verdict, times)
			: snprintf(text + used, TALLY_TEXT - used, "%s%s", space, tally->entry[i].verdict);
		if (n < 0 || (size_t)n >= TALLY_TEXT - used)
			return;
		used += (size_t)n;
	}
}
