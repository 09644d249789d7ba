/* SPDX-License-Identifier: MIT */
/* The signals that musl keeps to itself. */
#ifndef UMCG_HOST_SIGNALS_H
#define UMCG_HOST_SIGNALS_H

/* Cancellation: its handler must only ever run in its thread's own context. */
enum { HOST_SIGNAL_CANCEL = 33 };

/* What all threads are to do at once; see broadcast.c. No program can block or handle it. */
enum { HOST_SIGNAL_SYNCCALL = 34 };

#endif
