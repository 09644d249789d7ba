/* SPDX-License-Identifier: MIT */
/* How much of the machine this process may use. */
#ifndef UMCG_HOST_CPUS_H
#define UMCG_HOST_CPUS_H

/* CPUs in the affinity mask, but no more than the CPU quota of the cgroup, rounded up; at least 1. */
unsigned host_usable_cpus(void);

#endif
