/* SPDX-License-Identifier: MIT */
/* Settings from the environment. */
#include "base/config.h"
#include "base/text.h"

static const char *value_of(char **envp, const char *name)
{
	for (; envp && *envp; envp++) {
		const char *e = *envp, *n = name;

		while (*n && *e == *n)
			e++, n++;
		if (!*n && *e == '=')
			return e + 1;
	}
	return NULL;
}

static void complain(const char *name, const char *value, unsigned min, unsigned max, const char *instead)
{
	struct text t = { 0 };

	text_str(&t, "libumcg: ");
	text_str(&t, name);
	text_str(&t, "=");
	text_str(&t, value);
	text_str(&t, ": not a number from ");
	text_dec(&t, min);
	text_str(&t, " to ");
	text_dec(&t, max);
	text_str(&t, "; using ");
	text_str(&t, instead);
	text_str(&t, "\n");
	text_flush(&t);
}

static unsigned number(char **envp, const char *name, unsigned min, unsigned max,
		       unsigned otherwise, const char *instead)
{
	const char *value = value_of(envp, name);
	uint64_t v;

	if (!value)
		return otherwise;
	if (text_parse_dec(value, &v) && v >= min && v <= max)
		return (unsigned)v;
	complain(name, value, min, max, instead);
	return otherwise;
}

void config_read(struct config *c, char **envp, bool secure)
{
	if (secure)
		envp = NULL;
	c->servers = number(envp, "UMCG_SERVERS", 1, MAX_SERVERS, 0, "one per CPU");
	c->slice_ms = number(envp, "UMCG_SLICE_MS", 1, MAX_SLICE_MS, DEFAULT_SLICE_MS, "2");
	c->disable = number(envp, "UMCG_DISABLE", 0, 1, 0, "0");
	c->verbose = number(envp, "UMCG_VERBOSE", 0, 1, 0, "0");
	c->stats = number(envp, "UMCG_STATS", 0, 1, 0, "0");
	c->futex = number(envp, "UMCG_FUTEX", 0, 1, 1, "1");
}
