/* SPDX-License-Identifier: MIT */
/*
 * The transitions of UMCG v0.4, for clients that are schedulers: each in the order that the document prescribes,
 * each change of a state by compare-and-swap. A transition that does not find the state it starts from ends the
 * client, unless its name begins with try_.
 */
#ifndef TESTS_CLIENTS_STEPS_H
#define TESTS_CLIENTS_STEPS_H

#include "client.h"

#include <stdint.h>
#include <umcg/umcg.h>

#define RUNNING UMCG_TASK_RUNNING
#define IDLE UMCG_TASK_IDLE
#define BLOCKED UMCG_TASK_BLOCKED
#define LOCKED UMCG_TF_LOCKED
#define PREEMPTED UMCG_TF_PREEMPTED

enum { STEP_DEADLINE_MS = 10000 };	/* of waits that must end otherwise */

/* What a group of workers and servers shares. */
struct pool {
	uint64_t idle;		/* head of the idle list */
	uint32_t idle_server;
};

/* A server or a worker. */
struct party {
	struct umcg_task ut;	/* first: idle lists lead here */
	struct pool *pool;
	uint32_t tid;
	pthread_t thread;
	void (*act)(struct party *self);
	struct party *ready;	/* servers: taken from the idle list, oldest first */
	struct party *after;	/* workers: the next in such a queue */
	int number;
};

/* State and flags, without the user's bits. */
uint32_t state_of(struct party *p);
bool try_step(struct party *p, uint32_t from, uint32_t to);
void step_at(const char *file, int line, struct party *p, uint32_t from, uint32_t to);
#define STEP(p, from, to) step_at(__FILE__, __LINE__, p, from, to)

/* Wait until p's state is this; false after ms. Sleeps in between, so not for workers. */
bool becomes(struct party *p, uint32_t state, unsigned ms);
bool flag_rises(int *flag, unsigned ms);
void raise_flag(int *flag);
bool flag_is_up(int *flag);

/* umcg_wait()'s timeout, ms from now. */
uint64_t in_ms(long ms);
struct party *party_of(uint32_t tid);

void server_begin(struct party *s, struct pool *pool);
void server_end(struct party *s);
void start_server(struct party *s, struct pool *pool, void (*act)(struct party *));
/* The thread registers, acts, unregisters. */
void start_worker(struct party *w, struct pool *pool, void (*act)(struct party *));
void join_party(struct party *p);

/* S:RUNNING+W:IDLE => S:IDLE+W:RUNNING, up to the call. */
void link_worker(struct party *s, struct party *w);
/* The same with the call: 0 or errno. */
int server_run(struct party *s, struct party *w, uint64_t timeout);
/* The oldest worker of the idle list; sleeps until there is one. NULL after ms. */
struct party *server_take(struct party *s, unsigned ms);
/* That and nobody else. */
void server_expect(struct party *s, struct party *w);
bool list_is_empty(struct pool *pool);

/* S:IDLE+W:RUNNING => S:RUNNING+W:IDLE */
void worker_yield(struct party *w);
/* W1:RUNNING+W2:IDLE => W1:IDLE+W2:RUNNING */
void worker_switch(struct party *w, struct party *to);
/* The worker gives its server back and is none any more. */
void worker_end(struct party *w);

/* next_tid and WAKE_ONLY. The caller has made the change of state. */
void server_wake(struct party *s, struct party *whom, uint32_t flags);
/* The same from a worker: IDLE|LOCKED meanwhile. */
void worker_wake(struct party *w, struct party *whom);

#endif
