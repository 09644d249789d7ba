/* SPDX-License-Identifier: MIT */
/* The two signals that the libc keeps for itself. */
#ifndef GLIBC_STUBS_INTERNAL_SIGNALS_H
#define GLIBC_STUBS_INTERNAL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#define SIGCANCEL __SIGRTMIN
#define SIGSETXID (__SIGRTMIN + 1)

static inline bool is_internal_signal(int sig)
{
	return sig == SIGCANCEL || sig == SIGSETXID;
}

#endif
