/* SPDX-License-Identifier: MIT */
/* CPUs that the process may use: its affinity mask and its cgroup's quota. */
#include "host/cpus.h"
#include "base/text.h"
#include "host/sys.h"

#include <string.h>

enum { MAX_CPUS = 4096 };

static unsigned cpus_in_mask(void)
{
	unsigned long mask[MAX_CPUS / (8 * sizeof(long))] = { 0 };
	long bytes = syscall3(SYS_sched_getaffinity, 0, sizeof(mask), (long)mask);
	unsigned n = 0;

	for (long i = 0; i < bytes / (long)sizeof(long); i++)
		n += (unsigned)__builtin_popcountl(mask[i]);
	return n;
}

static const char *parse(const char *s, uint64_t *v)
{
	*v = 0;
	while (*s >= '0' && *s <= '9')
		*v = *v * 10 + (uint64_t)(*s++ - '0');
	return s;
}

/* "quota period" of one cgroup v2 folder; "max" stands for no quota. */
static unsigned quota_of(const char *dir, size_t len, unsigned limit)
{
	struct text path = { 0 };
	char buf[64];
	const char *s;
	uint64_t quota, period;

	text_str(&path, "/sys/fs/cgroup");
	for (size_t i = 0; i < len && path.len < sizeof(path.buf) - 16; i++)
		path.buf[path.len++] = dir[i];
	text_str(&path, "/cpu.max");
	path.buf[path.len] = 0;
	if (!sys_read_file(path.buf, buf, sizeof(buf)))
		return limit;
	s = parse(buf, &quota);
	if (s == buf || *s != ' ')
		return limit;
	parse(s + 1, &period);
	if (!period || !quota)
		return limit;
	quota = (quota + period - 1) / period;
	return quota < limit ? (unsigned)quota : limit;
}

/* The quotas of the process's cgroup and of those above it all bind. */
static unsigned limit_by_quota(unsigned cpus)
{
	char groups[2048];
	const char *dir;
	size_t len;

	if (!sys_read_file("/proc/self/cgroup", groups, sizeof(groups)))
		return cpus;
	dir = strstr(groups, "0::/");
	if (!dir)
		return cpus;
	dir += 3;
	for (len = strcspn(dir, "\n"); len; len--)
		if (dir[len] == '/' || dir[len] == '\n' || !dir[len])
			cpus = quota_of(dir, len, cpus);
	return cpus;
}

unsigned host_usable_cpus(void)
{
	unsigned cpus = limit_by_quota(cpus_in_mask());

	return cpus ? cpus : 1;
}
