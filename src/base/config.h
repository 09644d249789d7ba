/* SPDX-License-Identifier: MIT */
/* Settings from the environment. Ignored in secure-execution processes. */
#ifndef UMCG_BASE_CONFIG_H
#define UMCG_BASE_CONFIG_H

#include <stdbool.h>

struct config {
	unsigned servers;	/* UMCG_SERVERS; 0: one per CPU that the process may use */
	unsigned slice_ms;	/* UMCG_SLICE_MS */
	bool disable;		/* UMCG_DISABLE */
	bool verbose;		/* UMCG_VERBOSE */
	bool stats;		/* UMCG_STATS */
	bool futex;		/* UMCG_FUTEX: private futexes by syscall() wait in the parking lot */
};

enum { MAX_SERVERS = 256, MAX_SLICE_MS = 10000, DEFAULT_SLICE_MS = 2 };

/* Read it from envp; a bad value is named once on stderr and the default stays. */
void config_read(struct config *c, char **envp, bool secure);

#endif
