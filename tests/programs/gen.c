/* SPDX-License-Identifier: MIT */
/*
 * Writes the same bytes on every machine: gen mixed|lines MEGABYTES. "mixed" alternates stretches that
 * compress well, a little and not at all, so that the workers of a parallel compressor finish out of order;
 * "lines" are text lines in no order, with many equal prefixes and some duplicates, for sorting.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 96 * 1024, MEGABYTE = 1000 * 1000 };

static uint64_t state = 0x9e3779b97f4a7c15u;

/* Marsaglia's xorshift64. */
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void noise(char *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (char)(draw() >> 24);
}

/* Words of a small made-up vocabulary, in the proportions of a natural text: few of them very often. */
static void prose(char *out, size_t size)
{
	static const char syllables[16][4] = { "ka", "lo", "mi", "ter", "un", "sa", "ro", "pel",
					       "i", "da", "ven", "gu", "sto", "ne", "fa", "wir" };
	for (size_t i = 0; i < size;) {
		uint64_t bits = draw();
		unsigned rank = (unsigned)(bits & 0xff) * (unsigned)(bits >> 8 & 0xff) >> 8;
		for (unsigned word = rank * 2654435761u | 1; word > 15 && i < size; word >>= 9)
			for (const char *c = syllables[word & 15]; *c && i < size; c++)
				out[i++] = *c;
		if (i < size)
			out[i++] = bits >> 40 & 15 ? ' ' : '\n';
	}
}

static void repeated(char *out, size_t size)
{
	size_t period = 64 + draw() % 1024;
	prose(out, period);
	for (size_t i = period; i < size; i++)
		out[i] = out[i - period];
}

static void mixed(char *out, size_t size)
{
	static void (*const fill[])(char *, size_t) = { prose, repeated, prose, noise, prose };
	for (size_t i = 0, n = 0; i < size; i += STRETCH, n++)
		fill[n % (sizeof fill / sizeof fill[0])](out + i, size - i < STRETCH ? size - i : STRETCH);
}

static void lines(char *out, size_t size)
{
	char line[64];
	for (size_t i = 0; i < size;) {
		uint64_t bits = draw();
		int n = snprintf(line, sizeof line, "%s-%05u %x\n", bits & 1 ? "common/prefix" : "other",
				 (unsigned)(bits >> 8) % 60000, (unsigned)(bits >> 32) & 0xfff);
		size_t take = size - i < (size_t)n ? size - i : (size_t)n;
		memcpy(out + i, line, take);
		i += take;
	}
	out[size - 1] = '\n';
}

int main(int argc, char **argv)
{
	long megabytes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	if (megabytes < 1 || megabytes > 4000 || (strcmp(argv[1], "mixed") && strcmp(argv[1], "lines"))) {
		fprintf(stderr, "usage: %s mixed|lines MEGABYTES (1 to 4000)\n", argv[0]);
		return 2;
	}
	size_t size = (size_t)megabytes * MEGABYTE;
	char *out = malloc(size);
	if (!out) {
		perror("malloc");
		return 1;
	}
	(argv[1][0] == 'm' ? mixed : lines)(out, size);
	return fwrite(out, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : 1;
}
