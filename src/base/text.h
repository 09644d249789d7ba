/* SPDX-License-Identifier: MIT */
/*
 * Text to stderr without the libc: usable in any context of any process.
 */
#ifndef UMCG_BASE_TEXT_H
#define UMCG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line under construction; what does not fit is cut. */
struct text {
	size_t len;
	char buf[512];
};

void text_str(struct text *t, const char *s);
void text_dec(struct text *t, uint64_t v);
void text_flush(struct text *t);		/* write(2) to stderr, then empty */

/* Decimal number that fills the whole string; false otherwise. */
bool text_parse_dec(const char *s, uint64_t *value);

/* An impossible state: say so and end the process by SIGABRT. Allocates nothing. */
_Noreturn void umcg_panic(const char *literal);

#endif
