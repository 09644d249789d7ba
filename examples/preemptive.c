/* SPDX-License-Identifier: MIT */
/*
 * The scheduler of preemptive.h. Each server takes whom it runs from one common
 * list. One more server never runs anybody: it sleeps in umcg_poll_worker(), so
 * that somebody learns of a runnable worker while all others lie beneath theirs.
 */
#include "preemptive.h"
#include "common.h"

#include <sched.h>

static void add_locked(struct preemptive *s, umcg_tid worker)
{
	s->ready[s->count++] = worker;
}

static umcg_tid take_least_locked(struct preemptive *s)
{
	unsigned least = 0;
	umcg_tid worker;

	if (!s->count)
		return UMCG_NONE;
	for (unsigned i = 1; i < s->count; i++)
		if (s->key(s->ready[i]) < s->key(s->ready[least]))
			least = i;
	worker = s->ready[least];
	memmove(&s->ready[least], &s->ready[least + 1], (--s->count - least) * sizeof(worker));
	return worker;
}

/* The server to be taken from its worker in favour of one with this key, or -1. */
static int victim_locked(struct preemptive *s, uint64_t key)
{
	int victim = -1;

	for (unsigned i = 0; i < s->nservers; i++) {
		if (s->running[i] && !s->asked[i] && s->key(s->running[i]) > key) {
			victim = (int)i;
			key = s->key(s->running[i]);
		}
	}
	return victim;
}

static int is_ready_locked(const struct preemptive *s, umcg_tid worker)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->ready[i] == worker)
			return 1;
	return 0;
}

static void preempt_for_locked(struct preemptive *s, umcg_tid worker)
{
	int i;

	while (!s->idle && is_ready_locked(s, worker) && (i = victim_locked(s, s->key(worker))) >= 0) {
		s->asked[i] = umcg_preempt_worker(s->running[i]) == 0;
		if (s->asked[i]) {
			s->preempted++;
			return;
		}
		/* It was chosen and does not run yet, or has just come back: then look again. */
		pthread_mutex_unlock(&s->lock);
		sched_yield();
		pthread_mutex_lock(&s->lock);
	}
}

static void *look_out(void *arg)
{
	struct preemptive *s = arg;

	umcg_register_server(s->group, 0);
	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		struct timespec limit = in_a_second();
		umcg_tid worker;

		pthread_mutex_unlock(&s->lock);
		worker = umcg_poll_worker(&limit);
		pthread_mutex_lock(&s->lock);
		if (!worker)
			continue;
		add_locked(s, worker);
		pthread_cond_signal(&s->changed);
		preempt_for_locked(s, worker);
	}
	pthread_mutex_unlock(&s->lock);
	umcg_unregister_task();
	return NULL;
}

static void *serve(void *arg)
{
	static const struct timespec past;
	struct preemptive *s = arg;
	unsigned self = 0;
	umcg_tid worker;

	umcg_register_server(s->group, 0);
	pthread_mutex_lock(&s->lock);
	while (!pthread_equal(s->thread[self], pthread_self()))
		self++;
	while (!s->stop) {
		while ((worker = umcg_poll_worker(&past)))
			add_locked(s, worker);
		s->asked[self] = 0;
		s->running[self] = worker = take_least_locked(s);
		if (!worker) {
			s->idle++;
			pthread_cond_wait(&s->changed, &s->lock);
			s->idle--;
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		umcg_run_worker(worker);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	umcg_unregister_task();
	return NULL;
}

int preemptive_start(struct preemptive *s, unsigned nservers, uint64_t (*key)(umcg_tid worker))
{
	int err = 0;

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->nservers = nservers < PREEMPTIVE_MAX_SERVERS ? nservers : PREEMPTIVE_MAX_SERVERS;
	s->key = key;
	s->group = umcg_create_group(0);
	if (!s->group)
		return -1;
	pthread_mutex_lock(&s->lock);	/* serve() looks itself up */
	for (unsigned i = 0; i <= s->nservers && !err; i++)
		err = pthread_create(&s->thread[i], NULL, i < s->nservers ? serve : look_out, s);
	pthread_mutex_unlock(&s->lock);
	errno = err;
	return err ? -1 : 0;
}

int preemptive_stop(struct preemptive *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = 1;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i <= s->nservers; i++)
		pthread_join(s->thread[i], NULL);
	return umcg_destroy_group(s->group);
}
