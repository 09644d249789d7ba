/* SPDX-License-Identifier: MIT */
/* Reading and finding manners: see manner.h. */
#include "manner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next word of *REST, which is moved past it; double quotes make one word of several. NULL at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\n");
	const char *stop = *word == '"' ? "\"\n" : " \t\n";
	if (*word == '\0')
		return NULL;
	word += *word == '"';
	char *end = word + strcspn(word, stop);
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

static int parse(struct manner *manner, char *line)
{
	char *end;
	char *name = next_word(&line);
	char *seconds = next_word(&line);
	*manner = (struct manner){ 0 };
	if (!seconds)
		return -1;
	manner->name = strdup(name);
	manner->stop_after = (int)strtol(seconds, &end, 10);
	for (int i = 0; i <= MANNER_ARGUMENTS; i++) {
		char *word = next_word(&line);
		if (!word)
			return *end || manner->stop_after < 0 ? -1 : 0;
		if (i < MANNER_ARGUMENTS)
			manner->argument[i] = strdup(word);
	}
	return -1;
}

int manners_read(struct manners *manners, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	int number = 0, bad = 0;
	FILE *in = fopen(path, "r");
	if (!in)
		return -1;
	while (!bad && getline(&line, &size, in) >= 0) {
		number++;
		if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#')
			continue;
		manners->entry = realloc(manners->entry, (manners->count + 1) * sizeof *manners->entry);
		if (!manners->entry || parse(&manners->entry[manners->count++], line) != 0)
			bad = number;
	}
	free(line);
	fclose(in);
	return bad;
}

const struct manner *manners_find(const struct manners *manners, const char *name)
{
	static const struct manner plain;
	for (unsigned i = 0; i < manners->count; i++)
		if (strcmp(manners->entry[i].name, name) == 0)
			return &manners->entry[i];
	return &plain;
}
