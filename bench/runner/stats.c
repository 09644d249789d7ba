/* SPDX-License-Identifier: MIT */
/* Medians and ranges of a cell's samples. */
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary stats_summary(const struct cell *cell, unsigned figure, enum pick pick)
{
	double sorted[MAX_RUNS];
	unsigned n = cell->runs;
	struct summary summary = { 0 };

	if (n == 0)
		return summary;
	memcpy(sorted, cell->samples[figure], n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], ascending);
	summary.min = sorted[0];
	summary.max = sorted[n - 1];
	summary.median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	summary.picked = pick == PICK_MAX ? summary.max :
			 pick == PICK_MIN ? summary.min : summary.median;
	return summary;
}

bool stats_good(const struct cell *cell)
{
	return cell->used && cell->outcome == OUTCOME_OK && cell->runs > 0;
}

double stats_ratio(const struct line *line)
{
	const struct cell *nptl = &line->cells[NPTL], *ours = &line->cells[UMCG];
	double below;

	if (!stats_good(nptl) || !stats_good(ours))
		return 0;
	below = stats_summary(ours, 0, PICK_MEDIAN).median;
	return below > 0 ? stats_summary(nptl, 0, PICK_MEDIAN).median / below : 0;
}
