/* SPDX-License-Identifier: MIT */
/* For state that the kernel keeps per thread. */
#ifndef TESTS_CLIENTS_KTHREAD_H
#define TESTS_CLIENTS_KTHREAD_H

#include "client.h"

#include <sched.h>
#include <semaphore.h>

enum { ROUNDS = 20 };

static sem_t changed, looked;

/* One thread changes its state and keeps looking; another, which was there before, and a later one must not see it. */
struct state {
	void (*change)(void);
	void (*is_changed)(void);
	void (*is_original)(void);
};

static void *change_and_look(void *arg)
{
	struct state *s = arg;

	s->is_original();
	s->change();
	for (int i = 0; i < ROUNDS; i++) {
		s->is_changed();
		if (i % 2)
			sched_yield();
		else
			usleep(100);
	}
	sem_post(&changed);
	sem_wait(&looked);
	s->is_changed();
	return NULL;
}

static void *look_before_and_after(void *arg)
{
	struct state *s = arg;

	s->is_original();
	sem_wait(&changed);
	for (int i = 0; i < ROUNDS; i++) {
		s->is_original();
		sched_yield();
	}
	return NULL;
}

static void *look_only(void *arg)
{
	((struct state *)arg)->is_original();
	return NULL;
}

static void belongs_to_one(struct state s)
{
	pthread_t t, u, later;

	sem_init(&changed, 0, 0);
	sem_init(&looked, 0, 0);
	start_thread(&u, look_before_and_after, &s);
	start_thread(&t, change_and_look, &s);
	join_thread(u);
	start_thread(&later, look_only, &s);
	join_thread(later);
	s.is_original();
	sem_post(&looked);
	join_thread(t);
	s.is_original();
}

#endif
