/* SPDX-License-Identifier: MIT */
/* Text to stderr without the libc, and the end of the process on an impossible state. */
#include "base/text.h"
#include "host/sys.h"

#include <signal.h>

void text_str(struct text *t, const char *s)
{
	while (*s && t->len < sizeof(t->buf))
		t->buf[t->len++] = *s++;
}

void text_dec(struct text *t, uint64_t v)
{
	char digits[21];
	int n = sizeof(digits) - 1;

	digits[n] = 0;
	do
		digits[--n] = '0' + v % 10;
	while (v /= 10);
	text_str(t, digits + n);
}

void text_flush(struct text *t)
{
	sys_write(2, t->buf, t->len);
	t->len = 0;
}

bool text_parse_dec(const char *s, uint64_t *value)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > UINT32_MAX)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*value = v;
	return true;
}

_Noreturn void umcg_panic(const char *literal)
{
	struct text t = { 0 };

	text_str(&t, "libumcg: panic: ");
	text_str(&t, literal);
	text_str(&t, "\n");
	text_flush(&t);
	sys_die(SIGABRT);
}
