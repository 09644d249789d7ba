/* SPDX-License-Identifier: MIT */
/* The rare side of the histogram: merging and quantiles. */
#include "histogram.h"

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->count[i] += from->count[i];
	into->total += from->total;
	if (from->max > into->max)
		into->max = from->max;
}

static uint64_t bucket_middle(unsigned bucket)
{
	unsigned octave = bucket / HISTOGRAM_SUB, sub = bucket % HISTOGRAM_SUB;
	uint64_t width;

	if (octave == 0)
		return bucket;
	width = (uint64_t)1 << (octave - 1);
	return (HISTOGRAM_SUB + sub) * width + width / 2;
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t rank = (uint64_t)(q * (double)h->total), seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->count[i];
		if (seen > rank) {
			uint64_t middle = bucket_middle(i);

			return middle < h->max ? middle : h->max;
		}
	}
	return h->max;
}
