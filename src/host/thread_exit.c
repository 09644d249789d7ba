/* SPDX-License-Identifier: MIT */
/* Ends of threads, seen by a key of thread-specific data. */
#include "host/thread.h"
#include "base/atomic.h"
#include "base/compiler.h"

#include <limits.h>

/* Not one of the program's first keys: it may try one that it has not created. */
enum { EXIT_KEY_WANTED = 31 };		/* the last that a thread has room for from birth */

static pthread_key_t exit_key;
static void (*exit_hook)(struct task *t);
static uint32_t exit_users;		/* threads between a look at exit_gone and their last use of the key */
static uint32_t exit_gone;
static thread_data unsigned exit_rounds;
static thread_data bool ending;

static bool use_key(void)
{
	add_acq_rel(&exit_users, 1);
	fence_seq_cst();			/* pairs with host_thread_exit_give_up() */
	return !load_relaxed(&exit_gone);
}

static void leave_key(void)
{
	sub_acq_rel(&exit_users, 1);
}

/* Come again in each round of destructors but the last, so that others that lock and wait find the task alive. */
static void on_exit_round(void *value)
{
	if (++exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(exit_key, value);
		return;
	}
	exit_hook(value);
	if (ending)
		leave_key();
}

int host_thread_exit_init(key_create_fn *create, void (*on_exit)(struct task *t))
{
	pthread_key_t key[EXIT_KEY_WANTED + 1];
	int n = 0, err;

	exit_hook = on_exit;
	while (!(err = create(&key[n], on_exit_round)) && key[n] < EXIT_KEY_WANTED)
		n++;
	if (err)
		n--;
	exit_key = key[n < 0 ? 0 : n];
	for (int i = 0; i < n; i++)
		pthread_key_delete(key[i]);
	return n < 0 ? -err : 0;
}

void host_on_thread_exit(struct task *t)
{
	if (use_key())
		pthread_setspecific(exit_key, t);
	leave_key();
}

void host_thread_ends(struct task *t)
{
	ending = use_key();
	if (ending)
		return;
	leave_key();
	exit_hook(t);
}

bool host_thread_exit_given_up(void)
{
	return load_relaxed(&exit_gone);
}

bool host_thread_exit_give_up(void)
{
	if (swap_acq_rel(&exit_gone, 1))
		return false;
	fence_seq_cst();			/* pairs with use_key(): either it sees the key gone, or we see the user */
	if (load_relaxed(&exit_users)) {
		store_release(&exit_gone, 0);
		return false;
	}
	pthread_key_delete(exit_key);
	return true;
}

void host_thread_exit_after_fork(void)
{
	store_relaxed(&exit_users, ending);
}
