/* SPDX-License-Identifier: MIT */
/*
 * Histogram of durations on a logarithmic scale: eight buckets per power of
 * two, so a quantile is right to about 6 % over the whole range of 64 bits.
 * One writer; merge after the writer has been joined.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_SUB_BITS = 3,
	HISTOGRAM_SUB = 1 << HISTOGRAM_SUB_BITS,
	HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB,
};

struct histogram {
	uint64_t total, max;
	uint32_t count[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value)
{
	unsigned exponent;

	if (value < HISTOGRAM_SUB)
		return (unsigned)value;
	exponent = 63 - (unsigned)__builtin_clzll(value);
	return (exponent - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB +
	       ((unsigned)(value >> (exponent - HISTOGRAM_SUB_BITS)) & (HISTOGRAM_SUB - 1));
}

static inline void histogram_record(struct histogram *h, uint64_t value)
{
	h->count[histogram_bucket(value)]++;
	h->total++;
	if (value > h->max)
		h->max = value;
}

void histogram_merge(struct histogram *into, const struct histogram *from);
/* The middle of the bucket that holds the quantile `q` (0 to 1), never above the maximum. */
uint64_t histogram_quantile(const struct histogram *h, double q);

#endif
