/* SPDX-License-Identifier: MIT */
/*
 * Input of the whole-program pairs: the same bytes on every machine, a mixture of
 * text-like words, binary records, runs and noise, so that a compressor's blocks
 * differ in cost and its threads really wait for each other. Files are unlinked
 * at once: a killed runner leaves nothing behind.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, WORDS = 2048, WORD = 12 };

static uint64_t state;
static char words[WORDS][WORD];

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void make_words(void)
{
	for (unsigned i = 0; i < WORDS; i++) {
		unsigned length = 2 + (unsigned)(next_random() % (WORD - 3));

		for (unsigned j = 0; j < length; j++)
			words[i][j] = (char)('a' + next_random() % 26);
	}
}

/* The lower of two draws: common words come often, as in a text. */
static void fill_text(unsigned char *block)
{
	size_t used = 0;

	while (used < BLOCK) {
		uint64_t a = next_random() % WORDS, b = next_random() % WORDS;

		for (const char *c = words[a < b ? a : b]; *c && used < BLOCK; c++)
			block[used++] = (unsigned char)*c;
		if (used < BLOCK)
			block[used++] = next_random() % 12 ? ' ' : '\n';
	}
}

static void fill_records(unsigned char *block)
{
	uint32_t serial = (uint32_t)next_random();

	for (size_t i = 0; i + 16 <= BLOCK; i += 16) {
		uint32_t record[4] = { serial++, 0x00010000, (uint32_t)(next_random() & 0xff), 0 };

		memcpy(block + i, record, sizeof record);
	}
}

static void fill_noise(unsigned char *block)
{
	for (size_t i = 0; i < BLOCK; i += 8) {
		uint64_t r = next_random();

		memcpy(block + i, &r, sizeof r);
	}
}

static void fill_block(unsigned char *block)
{
	switch (next_random() % 8) {
	case 0: memset(block, (int)(next_random() & 0xff), BLOCK); break;
	case 1: case 2: fill_noise(block); break;
	case 3: fill_records(block); break;
	default: fill_text(block); break;
	}
}

static void write_all(int fd, const unsigned char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0)
			pairs_fail("cannot write the test data: %s", strerror(errno));
		bytes += n;
		length -= (size_t)n;
	}
}

int data_scratch(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/umcg-pairs-XXXXXX", folder && *folder ? folder : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		pairs_fail("cannot make %s: %s", path, strerror(errno));
	unlink(path);
	return fd;
}

static int make_data(void)
{
	static unsigned char block[BLOCK];
	size_t blocks = (size_t)settings.program_mb * 1024 * 1024 / BLOCK;
	int fd = data_scratch();

	state = 0x9e3779b97f4a7c15u;
	make_words();
	for (size_t i = 0; i < blocks; i++) {
		fill_block(block);
		write_all(fd, block, BLOCK);
	}
	return fd;
}

/* Opened afresh through /proc, so that each child reads from its own offset. */
int data_open(void)
{
	static int made = -1;
	char path[64];
	int fd;

	if (made < 0)
		made = make_data();
	snprintf(path, sizeof path, "/proc/self/fd/%d", made);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		pairs_fail("cannot open the test data: %s", strerror(errno));
	return fd;
}

struct digest data_digest(int fd)
{
	static unsigned char block[BLOCK];
	struct digest digest = { 0, 0xcbf29ce484222325u };
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		pairs_fail("cannot read a program's output: %s", strerror(errno));
	while ((n = read(fd, block, sizeof block)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			digest.hash = (digest.hash ^ block[i]) * 0x100000001b3u;
		digest.length += (unsigned long long)n;
	}
	if (n < 0)
		pairs_fail("cannot read a program's output: %s", strerror(errno));
	return digest;
}
