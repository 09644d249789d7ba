/* SPDX-License-Identifier: MIT */
/*
 * User Managed Concurrency Groups: task states.
 *
 * The values are those of UMCG v0.4: the low byte of a task's state is one of
 * UMCG_TASK_*, the next bits are flags, bits 24 to 31 belong to the user.
 */
#ifndef UMCG_UMCG_H
#define UMCG_UMCG_H

#define UMCG_TASK_NONE		0	/* not registered */
#define UMCG_TASK_RUNNING	1	/* executing */
#define UMCG_TASK_IDLE		2	/* parked, or queued to run */
#define UMCG_TASK_BLOCKED	3	/* in the kernel: coupled to its own kernel thread */

#define UMCG_TASK_STATE_MASK	0xffu

#define UMCG_TF_LOCKED		(1u << 8)	/* inside a scheduler: not to be preempted */
#define UMCG_TF_PREEMPTED	(1u << 9)	/* asked to give the CPU away */

#endif
