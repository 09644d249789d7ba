/* SPDX-License-Identifier: MIT */
/* Tasks: type-stable allocation, reference counts, the table of homes. */
#include "core/task.h"
#include "base/lock.h"

#include <sys/mman.h>

thread_data struct task *umcg_self;

enum { SLAB_TASKS = 64, PID_LIMIT = 1 << 22 };

struct slab {
	struct slab *next;
	struct task tasks[SLAB_TASKS];
};

static struct {
	struct lock lock;
	struct task *free;		/* guarded by lock */
	struct slab *slabs;		/* all; written under lock */
	struct task **by_tid;		/* PID_LIMIT entries, resident as far as touched */
} tasks;

static void grow_locked(void)
{
	struct slab *slab = sys_map(sizeof(*slab));

	if (!slab)
		return;
	for (int i = 0; i < SLAB_TASKS; i++) {
		slab->tasks[i].next_free = tasks.free;
		tasks.free = &slab->tasks[i];
	}
	slab->next = tasks.slabs;
	store_release(&tasks.slabs, slab);	/* pairs with tasks_each() */
}

struct task *task_alloc(enum task_kind kind)
{
	struct task *t;

	lock_acquire(&tasks.lock);
	if (!tasks.by_tid)
		tasks.by_tid = sys_map(PID_LIMIT * sizeof(*tasks.by_tid));
	if (!tasks.free && tasks.by_tid)
		grow_locked();
	t = tasks.free;
	if (t)
		tasks.free = t->next_free;
	lock_release(&tasks.lock);
	if (!t)
		return NULL;

	/* Not the run word: a late unpark may be at it. It is RUNNING or NOTIFIED in a free task. */
	*t = (struct task){ .kind = (uint8_t)kind, .refs = 1, .run = load_relaxed(&t->run) };
	t->ut = &t->own_ut;
	list_init(&t->rq);
	return t;
}

void task_unref(struct task *t)
{
	if (sub_acq_rel(&t->refs, 1) != 1)
		return;
	lock_acquire(&tasks.lock);
	t->next_free = tasks.free;
	tasks.free = t;
	lock_release(&tasks.lock);
}

void tasks_each(void (*visit)(struct task *t, void *arg), void *arg)
{
	for (struct slab *slab = load_acquire(&tasks.slabs); slab; slab = slab->next)
		for (int i = 0; i < SLAB_TASKS; i++)
			if (load_relaxed(&slab->tasks[i].refs))
				visit(&slab->tasks[i], arg);
}

void task_publish_tid(struct task *t)
{
	if (t->tid > 0 && t->tid < PID_LIMIT)
		store_release(&tasks.by_tid[t->tid], t);	/* pairs with task_of_tid() */
}

void task_retract_tid(struct task *t)
{
	if (t->tid > 0 && t->tid < PID_LIMIT)
		store_relaxed(&tasks.by_tid[t->tid], NULL);
}

struct task *task_of_tid(int tid)
{
	if (tid <= 0 || tid >= PID_LIMIT || !tasks.by_tid)
		return NULL;
	return load_acquire(&tasks.by_tid[tid]);	/* pairs with task_publish_tid() */
}

/* Only the forking thread is left, and it may have been forked off while another held the lock. */
void tasks_after_fork_child(void)
{
	tasks = (__typeof__(tasks)){ 0 };
}
