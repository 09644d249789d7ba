/* SPDX-License-Identifier: MIT */
/* Threads that are busy with each other until it is over. */
#ifndef TESTS_CLIENTS_CROWD_H
#define TESTS_CLIENTS_CROWD_H

#include "client.h"

#include <stdatomic.h>
#include <stdint.h>

static atomic_bool over;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn;

static void *alternate(void *arg)
{
	int me = (int)(intptr_t)arg % 2;

	while (!over) {
		pthread_mutex_lock(&m);
		while (turn % 2 != me && !over)
			pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

#endif
