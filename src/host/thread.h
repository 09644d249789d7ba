/* SPDX-License-Identifier: MIT */
/* What the runtime must know and change of a libc thread. */
#ifndef UMCG_HOST_THREAD_H
#define UMCG_HOST_THREAD_H

#include "arch/context.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct task;

/* What this machine or libc lacks for the runtime to work, in words; NULL if nothing. */
const char *host_missing_feature(void);
enum tp_switch host_tp_switch(void);

/* The part of it that is this libc's to say. */
const char *host_libc_unfit(void);

/* Whether all code of the process finds thread-local data by the pointer at fs:0, as -mno-tls-direct-seg-refs makes it. */
bool host_tls_by_pointer(void);

/*
 * Take the calling thread's rseq area out of service: the area would travel
 * with the thread pointer, the kernel's registration would not. Threads that
 * it creates are then not registered either.
 */
void host_release_rseq(void);

/* Bounds of the calling thread's stack, as the libc has them; false if it does not say. Not async-signal-safe. */
bool host_own_stack(uintptr_t *lo, uintptr_t *hi);

/* comm of the calling kernel thread. */
void host_thread_name(char name[16]);

/* The address, in thread's TLS, of the variable whose address here is ours. thread must be alive or unjoined. */
void *host_tls_of(pthread_t thread, void *ours);

/*
 * Once, before the others: reserve, by the libc's own pthread_key_create(), the key by which thread ends are seen;
 * on_exit runs last among destructors.
 */
typedef int key_create_fn(pthread_key_t *key, void (*destructor)(void *));
int host_thread_exit_init(key_create_fn *create, void (*on_exit)(struct task *t));
/* Have on_exit(t) called when the calling thread ends. */
void host_on_thread_exit(struct task *t);
/* The calling thread has nothing left to run but destructors. */
void host_thread_ends(struct task *t);
/*
 * The program wants the key. From then on on_exit runs before the destructors, and only in threads that
 * call host_thread_ends(). False: it is gone already, or in use at this moment.
 */
bool host_thread_exit_give_up(void);
bool host_thread_exit_given_up(void);
/* In a fork's child: the others that used the key are not there. */
void host_thread_exit_after_fork(void);

/* Bounds of the libc's code. */
void host_libc_text(uintptr_t *lo, uintptr_t *hi);

#endif
