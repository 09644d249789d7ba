/* SPDX-License-Identifier: MIT */
/* Sleeping: a park with a deadline that nobody ends early but a signal. */
#ifndef UMCG_BLOCK_SLEEP_H
#define UMCG_BLOCK_SLEEP_H

#include "sync/waitq.h"

/* Sleep as u says: 0, or -EINTR when a signal handler has run. */
int sleep_until(struct task *t, const struct wait_until *u);

/* Sleep for a time on CLOCK_MONOTONIC; -EINTR leaves the rest in *remaining unless that is NULL. */
int sleep_for(struct task *t, uint64_t ns, uint64_t *remaining);

#endif
