/* SPDX-License-Identifier: MIT */
/* What /proc tells about a session: its threads and what each of them waits for, and CPU time used. */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void slurp(const char *path, char *text, size_t room)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, room - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	while (n && text[n - 1] == '\n')
		text[--n] = 0;
}

/* State and session of a stat line; the name before them may contain blanks and brackets. */
static char parse_stat(const char *stat, int *session)
{
	const char *end = strrchr(stat, ')');
	char state = '?';
	int parent, group;

	*session = -1;
	if (end)
		sscanf(end + 1, " %c %d %d %d", &state, &parent, &group, session);
	return state;
}

static void describe_thread(FILE *to, const char *pid, const char *tid)
{
	char path[600], comm[64], wchan[128], call[256], stat[1024];
	int session;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/comm", pid, tid);
	slurp(path, comm, sizeof(comm));
	snprintf(path, sizeof(path), "/proc/%s/task/%s/wchan", pid, tid);
	slurp(path, wchan, sizeof(wchan));
	snprintf(path, sizeof(path), "/proc/%s/task/%s/syscall", pid, tid);
	slurp(path, call, sizeof(call));
	snprintf(path, sizeof(path), "/proc/%s/task/%s/stat", pid, tid);
	slurp(path, stat, sizeof(stat));
	fprintf(to, "  %s/%s %-16s %c %-24s %s\n", pid, tid, comm, parse_stat(stat, &session), wchan, call);
}

static void describe_process(FILE *to, const char *pid)
{
	char path[600];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	d = opendir(path);
	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			describe_thread(to, pid, e->d_name);
	closedir(d);
}

char *child_describe(pid_t session)
{
	char *text = NULL, path[600], stat[1024];
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	DIR *d = opendir("/proc");
	struct dirent *e;
	int of;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		slurp(path, stat, sizeof(stat));
		parse_stat(stat, &of);
		if (of == session)
			describe_process(to, e->d_name);
	}
	if (d)
		closedir(d);
	fclose(to);
	return text;
}

long long child_cpu_us(pid_t pid)
{
	char path[600], text[128];
	long long total = 0, ns;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, e->d_name);
		slurp(path, text, sizeof(text));
		if (e->d_name[0] != '.' && sscanf(text, "%lld", &ns) == 1)
			total += ns / 1000;
	}
	if (d)
		closedir(d);
	return total;
}
