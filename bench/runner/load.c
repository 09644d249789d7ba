/* SPDX-License-Identifier: MIT */
/*
 * How much of the machine others used during a line: all busy time of all CPUs,
 * less what this process and its children used. A pair measured beside somebody
 * else's build is worth little, and only a figure tells afterwards.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "pairs.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double begin_wall, begin_busy, begin_own;

static double wall(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* User, nice, system and stolen time; interrupts belong to nobody. */
static double busy(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
	FILE *file = fopen("/proc/stat", "re");
	int got = 0;

	if (file) {
		got = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
			     &system, &idle, &iowait, &irq, &softirq, &steal);
		fclose(file);
	}
	return got == 8 ? (double)(user + nice + system + steal) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static double cpu_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double own(void)
{
	return cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
}

void load_begin(void)
{
	begin_wall = wall();
	begin_busy = busy();
	begin_own = own();
}

double load_foreign(void)
{
	double elapsed = wall() - begin_wall;
	double foreign = busy() - begin_busy - (own() - begin_own);

	return elapsed > 0 && foreign > 0 ? foreign / elapsed : 0;
}
