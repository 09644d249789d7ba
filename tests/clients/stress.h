/* SPDX-License-Identifier: MIT */
/*
 * Random calls from many threads with a model beside them, for as many calls or as long as asked for. Two halves:
 * stress_group.c calls libumcg.h, stress_contract.c is a scheduler by the contract of UMCG v0.4.
 */
#ifndef TESTS_CLIENTS_STRESS_H
#define TESTS_CLIENTS_STRESS_H

#include "steps.h"

enum { HALF_MAX = 40 };		/* threads of one half */

/* What a thread of a half is, for one registration after the other. */
enum life { LIFE_SERVER, LIFE_WORKER, LIFE_CORE, LIFE_ANY };

struct half {
	void (*begin)(void);
	void (*live)(int me, enum life as);	/* one life */
	void (*serve_last)(int me);		/* the first server, until all others have ended */
	void (*preempt)(void);			/* somebody; the watchdog's */
	void (*end)(void);
};

extern const struct half group_half, contract_half;

/* Of the calling thread: a number below n. */
unsigned pick(unsigned n);
static inline bool one_in(unsigned n)
{
	return pick(n) == 0;
}

/* A call has been made. */
void count_call(void);
#define CALL(call) (count_call(), (call))
bool over(void);

/* Threads of this half that may still be workers. */
int others_alive(const struct half *h);

void sleep_us(unsigned us);

#endif
