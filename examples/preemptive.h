/* SPDX-License-Identifier: MIT */
/*
 * A preemptive scheduler on several servers, for the examples: of the runnable
 * workers those with the least keys run, and one that becomes runnable preempts
 * the one with the greatest key if that is greater than its own.
 */
#ifndef EXAMPLES_PREEMPTIVE_H
#define EXAMPLES_PREEMPTIVE_H

#include <umcg/libumcg.h>

#include <pthread.h>
#include <stdint.h>

enum { PREEMPTIVE_MAX_SERVERS = 8, PREEMPTIVE_MAX_WORKERS = 64 };

struct preemptive {
	umcg_t group;
	unsigned nservers;
	uint64_t (*key)(umcg_tid worker);
	/* Workers never take this lock: one that was preempted with it would stop the scheduler. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	umcg_tid ready[PREEMPTIVE_MAX_WORKERS];		/* oldest first */
	umcg_tid running[PREEMPTIVE_MAX_SERVERS];
	int asked[PREEMPTIVE_MAX_SERVERS];		/* running[] has been preempted and is about to come back */
	unsigned count, idle, preempted;
	int stop;
	pthread_t thread[PREEMPTIVE_MAX_SERVERS + 1];
};

/* Make a group and start its servers. 0, or -1 with errno. */
int preemptive_start(struct preemptive *s, unsigned nservers, uint64_t (*key)(umcg_tid worker));

/* When all workers have unregistered, but before their threads end: their ids are looked at until then. */
int preemptive_stop(struct preemptive *s);

#endif
