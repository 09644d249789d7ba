/* SPDX-License-Identifier: MIT */
/* Waiting for several descriptors: for the functions that not every libc has. */
#ifndef UMCG_INTERPOSE_POLLING_H
#define UMCG_INTERPOSE_POLLING_H

#include "sync/waitq.h"

#include <sys/epoll.h>

#pragma GCC visibility push(hidden)
/* Whether to leave a look at descriptors to the libc: then the caller is at home. */
bool umcg_looks_at_home(void);

bool umcg_valid_timeout(const struct timespec *ts);
struct wait_until umcg_until_after(uint64_t ns);

/* What is left until then; NULL: for ever. */
struct timespec *umcg_left_timespec(const struct wait_until *until, struct timespec *ts);

/* The number of events, 0, or -errno; -ENOSYS: the libc is to wait for what time is left, and the caller is at home. */
int umcg_epoll_until(int epfd, struct epoll_event *events, int max, const struct wait_until *until);
#pragma GCC visibility pop

#endif
