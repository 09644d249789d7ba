/* SPDX-License-Identifier: MIT */
/*
 * libumcg: tasks that wait for each other by name, and schedulers of one's own.
 *
 * A thread registers, gets an id, and from then on waits, is woken, or swaps: it
 * wakes another and waits in one step. For workers of a group, and under
 * libumcg-pthread.so for all, a wait costs no system call; else it is one in the kernel.
 *
 * Source: the core API of UMCG v0.1, with the timeouts it left out; groups are ours.
 */
#ifndef UMCG_LIBUMCG_H
#define UMCG_LIBUMCG_H

#include <umcg/umcg.h>

#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Id of a thread; valid until the thread ends, the same through several registrations. */
typedef intptr_t umcg_tid;

#define UMCG_NONE ((umcg_tid)0)

/**
 * umcg_register_core_task - make the calling thread a task
 * @tag: any value, see umcg_get_task_tag()
 *
 * Return: the thread's id, or UMCG_NONE with errno EINVAL (registered already)
 * or ENOMEM. Not async-signal-safe.
 */
umcg_tid umcg_register_core_task(intptr_t tag);

/**
 * umcg_unregister_task - the calling thread is no task any more
 *
 * Return: 0, or -1 with errno EINVAL (not registered). A wakeup that is queued
 * is dropped. Not async-signal-safe.
 */
int umcg_unregister_task(void);

/**
 * umcg_get_utid - the calling thread's id, registered or not
 *
 * Always succeeds. Async-signal-safe.
 */
umcg_tid umcg_get_utid(void);

/**
 * umcg_set_task_tag, umcg_get_task_tag - a value that goes with a task
 * @utid: id of a registered task
 *
 * Not synchronised: the callers order their accesses. A thread that is not
 * registered has tag 0.
 */
void umcg_set_task_tag(umcg_tid utid, intptr_t tag);
intptr_t umcg_get_task_tag(umcg_tid utid);

/**
 * umcg_task_wait - sleep until woken; umcg_wait(timeout)
 * @timeout: absolute, CLOCK_REALTIME; NULL waits for ever
 *
 * Consumes a queued wakeup at once.
 *
 * Return: 0 when woken; -1 with errno ETIMEDOUT, EINTR (a signal handler
 * without SA_RESTART ran, and no wakeup was consumed; libumcg-pthread.so only),
 * EOWNERDEAD (the task of another process that the caller has swapped to died
 * or unregistered, and no wakeup was consumed since), or EINVAL (not registered,
 * or a bad tv_nsec).
 */
int umcg_task_wait(const struct timespec *timeout);

/**
 * umcg_wake - wake a task
 * @next: its id
 *
 * A task that does not wait has the wakeup queued. Never blocks.
 * Async-signal-safe.
 *
 * Return: 0; -1 with errno EAGAIN (a wakeup is queued already), ESRCH (not
 * registered, or not any more), or, for a task of another process, EOWNERDEAD
 * (its thread ended while it was registered).
 */
int umcg_wake(umcg_tid next);

/**
 * umcg_swap - wake a task and wait
 * @next: its id
 * @timeout: as in umcg_wait()
 *
 * As umcg_wake(next), then umcg_wait(timeout); on a server of
 * libumcg-pthread.so next runs at once on the caller's CPU. A caller that swaps
 * to a task of another process is shared from then on, see umcg_share(), and
 * told when that one dies, now or in later waits, until a wakeup is consumed.
 *
 * Return: as umcg_wake() if that fails, else as umcg_wait().
 */
int umcg_swap(umcg_tid next, const struct timespec *timeout);

/**
 * umcg_share - give out a descriptor that stands for the calling task
 *
 * Whoever gets the descriptor, by inheritance or over a Unix socket, may wake
 * the task: umcg_attach(). Nobody else in another process can. It stands for
 * this registration: not for one that the thread makes after
 * umcg_unregister_task(). Further calls return further descriptors of the same.
 *
 * From now on, until it unregisters, the task waits in the kernel, on its own
 * kernel thread. The library keeps one more descriptor for itself. All are
 * close-on-exec. The child of a fork() does not own its parent's task; its
 * thread is not registered.
 *
 * Those who have the descriptor can do to the task what a bad waker could, and
 * hide its end from each other; they cannot do worse.
 *
 * Return: a descriptor, or -1 with errno EINVAL (not registered, or in a signal
 * handler), EMFILE, ENFILE, ENOMEM, EBADF (the library's own descriptor was
 * closed) or ENOSYS (no robust futexes or sealed memory files). Not
 * async-signal-safe.
 *
 * Source: shared futexes take their access control from the mapping, as the
 * review of UMCG v0.1 asks for.
 */
int umcg_share(void);

/**
 * umcg_attach - use another process's task by its descriptor
 * @fd: from umcg_share(); may be closed afterwards
 *
 * The id is for umcg_wake(), umcg_swap(), umcg_detach() and, with a value that
 * only this handle has, the tag functions, in this process and in the children
 * that it forks. A task with an id of this process may be attached to as well.
 *
 * A caller that is shared itself, or becomes so by swapping, guards the task:
 * when the caller dies the kernel tells the task directly. So a thread that
 * answers others does best to share itself first, then attach to them.
 *
 * The end of a task is seen however its thread ends, but for one way: if a
 * thread other than the first calls execve(), the kernel reports that it ended
 * for the other threads only.
 *
 * Return: an id, or UMCG_NONE with errno EBADF, EINVAL (not such a descriptor)
 * or ENOMEM. Not async-signal-safe.
 */
umcg_tid umcg_attach(int fd);

/**
 * umcg_detach - give an id from umcg_attach() back
 * @utid: the id; no thread may use it from now on
 *
 * Return: 0, or -1 with errno EINVAL (not from umcg_attach()). Not
 * async-signal-safe.
 */
int umcg_detach(umcg_tid utid);

/*
 * Groups: the application's own scheduler. A group has workers and servers. A
 * worker's code runs only while a server of its group runs it, on that server's
 * kernel thread, one at a time. umcg_wait(), umcg_wake() and umcg_swap() work for
 * workers too: a worker that waits gives its server back; one that is woken is
 * runnable; a swap gives the server straight to the other.
 */
typedef struct umcg_group *umcg_t;

/**
 * umcg_create_group, umcg_destroy_group - a set of workers and their servers
 * @flags: 0
 *
 * Return: the group, or NULL with errno EINVAL or ENOMEM; 0, or -1 with errno
 * EINVAL (NULL) or EBUSY (it has members). Not async-signal-safe.
 */
umcg_t umcg_create_group(uint32_t flags);
int umcg_destroy_group(umcg_t group);

/**
 * umcg_register_worker - the calling thread becomes a worker of group
 * @group: from umcg_create_group()
 * @tag: as in umcg_register_core_task()
 *
 * It is runnable, and returns when a server runs it. umcg_unregister_task() makes
 * it an ordinary thread again, and gives its server back.
 *
 * Return: its id, or UMCG_NONE with errno EINVAL (no group, or a task already) or
 * ENOMEM. Not async-signal-safe.
 */
umcg_tid umcg_register_worker(umcg_t group, intptr_t tag);

/**
 * umcg_register_server - the calling thread becomes a server of group
 *
 * As umcg_register_worker(), but goes on at once.
 */
umcg_tid umcg_register_server(umcg_t group, intptr_t tag);

/**
 * umcg_poll_worker - take the worker that has been runnable for longest
 * @timeout: absolute, CLOCK_REALTIME; NULL waits for ever, a past one not at all
 *
 * Workers become runnable when they register, yield, are woken or preempted, and
 * when a call in which they were blocked ends. Each comes out once; from then on
 * it is the caller's to run, at once or later.
 *
 * Return: the worker; UMCG_NONE with errno ETIMEDOUT or EINVAL (the caller is no
 * server, or a bad tv_nsec). Not async-signal-safe.
 */
umcg_tid umcg_poll_worker(const struct timespec *timeout);

/**
 * umcg_run_worker - give the caller's CPU to a worker until it comes back
 * @worker: from umcg_poll_worker()
 *
 * Comes back when the worker waits, yields, is preempted, blocks in the kernel or
 * unregisters; umcg_get_task_state() tells which, unless it has gone on already.
 *
 * Return: the worker that ran last, another than @worker if there was a swap;
 * UMCG_NONE with errno EINVAL (the caller is no server) or EBUSY (@worker is not
 * from umcg_poll_worker(), or has been run since). Not async-signal-safe.
 */
umcg_tid umcg_run_worker(umcg_tid worker);

/**
 * umcg_preempt_worker - make a running worker come back to its server
 * @worker: its id
 *
 * It becomes runnable, with UMCG_TF_PREEMPTED in its state until it runs again.
 *
 * Return: 0; -1 with errno EAGAIN (it does not run, or has been asked already) or
 * ESRCH (not a worker). Any thread may call it. Async-signal-safe.
 */
int umcg_preempt_worker(umcg_tid worker);

/**
 * umcg_yield - the calling worker goes behind the other runnable ones
 *
 * Return: 0 when it runs again; -1 with errno EINVAL (not a group's worker).
 * Not async-signal-safe.
 */
int umcg_yield(void);

/**
 * umcg_get_task_state - UMCG_TASK_* and UMCG_TF_* of a task
 * @utid: its id
 *
 * Of a task that others run or wake it may have changed when the call returns.
 * Async-signal-safe.
 */
uint32_t umcg_get_task_state(umcg_tid utid);

#ifdef __cplusplus
}
#endif

/*
 * umcg_wait(timeout) is that function, umcg_wait(flags, abs_timeout) the one of
 * umcg.h: two seeds of UMCG use one name. C++ overloads it, C counts the arguments.
 */
#ifdef __cplusplus
static inline int umcg_wait(const struct timespec *timeout)
{
	return umcg_task_wait(timeout);
}
#else
#define UMCG_WAIT_OF(first, second, name, ...) name
#define umcg_wait(...) UMCG_WAIT_OF(__VA_ARGS__, umcg_wait, umcg_task_wait, )(__VA_ARGS__)
#endif

#endif
