/* SPDX-License-Identifier: MIT */
/* The signals that glibc keeps to itself. */
#ifndef UMCG_HOST_SIGNALS_H
#define UMCG_HOST_SIGNALS_H

/* Cancellation: its handler must only ever run in its thread's own context. */
enum { HOST_SIGNAL_CANCEL = 32 };

#endif
