/* SPDX-License-Identifier: MIT */
/*
 * Strict priorities: the tag of a worker is its priority. On one server a low
 * one computes without end, a middle one computes and sleeps by turns, a high
 * one waits for events. Whoever becomes runnable preempts whoever is lower.
 */
#include "common.h"
#include "preemptive.h"

#include <stdatomic.h>

enum { LOW, MIDDLE, HIGH, CLASSES, EVENTS = 300 };

static struct preemptive scheduler;
static _Atomic umcg_tid high;
static atomic_bool over, stopped, active[CLASSES];
static atomic_uint alive = CLASSES, inversions, served;
static atomic_ulong steps[CLASSES];
static _Atomic uint64_t woken_at;
static uint64_t latency[EVENTS];

/* The scheduler runs the least key first. */
static uint64_t key_of(umcg_tid worker)
{
	return CLASSES - (uint64_t)umcg_get_task_tag(worker);
}

/* Compute for a while. No worker of a higher priority may be doing that meanwhile. */
static void compute(int priority, unsigned long count)
{
	atomic_store(&active[priority], true);
	for (unsigned long i = 0; i < count; i++) {
		steps[priority]++;
		for (int other = priority + 1; other < CLASSES; other++)
			inversions += active[other];
	}
	atomic_store(&active[priority], false);
}

static void act(int priority)
{
	switch (priority) {
	case LOW:
		compute(LOW, 1000);
		break;
	case MIDDLE:
		nap_us(3000);
		umcg_yield();	/* it has lost its server in that call: queue up again */
		compute(MIDDLE, 20000);
		break;
	case HIGH:
		umcg_wait(NULL);
		if (served == EVENTS)
			return;
		latency[served] = now() - woken_at;
		compute(HIGH, 1000);
		served++;
	}
}

static void *work(void *arg)
{
	int priority = (int)(intptr_t)arg;

	must(umcg_register_worker(scheduler.group, priority) != UMCG_NONE, "umcg_register_worker");
	if (priority == HIGH)
		high = umcg_get_utid();
	while (!over)
		act(priority);
	umcg_unregister_task();
	alive--;
	while (!stopped)
		nap_us(1000);
	return NULL;
}

/* What happens outside. */
static void raise_events(void)
{
	while (!high)
		nap_us(1000);
	for (unsigned i = 0; i < EVENTS; i++) {
		nap_us(2000);
		while (served < i)
			nap_us(100);
		woken_at = now();
		must(umcg_wake(high) == 0, "umcg_wake");
	}
	while (served < EVENTS)
		nap_us(1000);
	over = true;
	umcg_wake(high);
	while (alive)
		nap_us(1000);
}

int main(void)
{
	pthread_t thread[CLASSES];

	must(preemptive_start(&scheduler, 1, key_of) == 0, "preemptive_start");
	for (intptr_t i = 0; i < CLASSES; i++)
		must(pthread_create(&thread[i], NULL, work, (void *)i) == 0, "pthread_create");
	raise_events();
	must(preemptive_stop(&scheduler) == 0, "preemptive_stop");
	stopped = true;
	for (int i = 0; i < CLASSES; i++)
		pthread_join(thread[i], NULL);
	qsort(latency, EVENTS, sizeof(latency[0]), ascending);
	printf("high: %u events, from wake to run median %.0f us, longest %.0f us\n", EVENTS,
	       (double)latency[EVENTS / 2] / 1e3, (double)latency[EVENTS - 1] / 1e3);
	printf("steps: low %lu, middle %lu, high %lu\n", steps[LOW], steps[MIDDLE], steps[HIGH]);
	printf("%u preemptions, %u steps of a lower priority during a higher one's turn\n",
	       scheduler.preempted, inversions);
	return !(inversions == 0 && scheduler.preempted && steps[LOW] && steps[MIDDLE]);
}
