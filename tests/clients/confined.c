/* SPDX-License-Identifier: MIT */
/* A program that confines itself by a seccomp filter: what its threads did not need before, none may need from then on. */
#include "crowd.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000u
#endif

#define KILLS(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* Ends the process at calls that no thread of this program makes by itself. */
static void confine(bool all)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILLS(SYS_arch_prctl),
#ifdef __GLIBC__			/* musl makes it for the first thread */
		KILLS(SYS_membarrier),
#endif
		KILLS(SYS_rt_tgsigqueueinfo),
		KILLS(SYS_sched_setaffinity),
		KILLS(SYS_sched_setattr),
		KILLS(SYS_epoll_ctl),
		KILLS(441 /* epoll_pwait2 */),
		KILLS(SYS_pread64),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	if (all)
		CHECK_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program), 0);
	else
		CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int ends[2];
static sem_t wanted;
static atomic_int handled;

static void *compute(void *arg)
{
	for (volatile unsigned n = 0; !over;)
		n++;
	return arg;
}

static void *yield(void *arg)
{
	while (!over)
		sched_yield();
	return arg;
}

static void *sleep_often(void *arg)
{
	while (!over)
		usleep(300);
	return arg;
}

static void *read_one(void *arg)
{
	char got = 0;

	CHECK_EQ(read(ends[0], &got, 1), 1);
	CHECK_EQ(got, 'x');
	return arg;
}

static void *take(void *arg)
{
	while (sem_wait(&wanted))
		CHECK_EQ(errno, EINTR);
	return arg;
}

static void count_signal(int sig)
{
	handled++;
}

static void *(*const kinds[])(void *) = { alternate, alternate, compute, yield, sleep_often, read_one, take };
enum { KINDS = sizeof(kinds) / sizeof(*kinds), TAKER = KINDS - 1 };

static int turns_now(void)
{
	int now;

	pthread_mutex_lock(&m);
	now = turn;
	pthread_mutex_unlock(&m);
	return now;
}

static void crowd_goes_on(void)
{
	int before = turns_now();

	while (turns_now() < before + 100)
		sleep_ms(1);
}

static void start_crowd(pthread_t *t)
{
	sem_init(&wanted, 0, 0);
	CHECK_EQ(pipe(ends), 0);
	signal(SIGUSR1, count_signal);
	for (intptr_t i = 0; i < KINDS; i++)
		start_thread(&t[i], kinds[i], (void *)i);
	crowd_goes_on();
}

static void end_crowd(pthread_t *t)
{
	int before = handled;

	crowd_goes_on();
	CHECK_EQ(pthread_kill(t[TAKER], SIGUSR1), 0);
	while (handled == before)
		sleep_ms(1);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK_EQ(sem_post(&wanted), 0);
	over = true;
	pthread_mutex_lock(&m);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	join_threads(t, KINDS);
	over = false;
}

static void live(void)
{
	pthread_t t[KINDS];

	start_crowd(t);
	end_crowd(t);
}

/* All threads at once, whatever they are doing. */
static void all_threads(void)
{
	pthread_t t[KINDS];

	start_crowd(t);
	confine(true);
	end_crowd(t);
	live();
}

static void before_any_thread(void)
{
	confine(false);
	live();
}

static void when_threads_have_ended(void)
{
	live();
	confine(false);
	live();
}

static void *confine_itself(void *arg)
{
	confine(false);
	crowd_goes_on();
	return arg;
}

/* One thread only: the others are as they were. */
static void one_thread(void)
{
	pthread_t t[KINDS], one;

	start_crowd(t);
	start_thread(&one, confine_itself, NULL);
	join_thread(one);
	end_crowd(t);
	live();
}

static void live_in_child(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		live();
		_exit(3);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 3 << 8);
}

static void children(void)
{
	live();
	confine(true);
	live_in_child();
	live();
	live_in_child();
}

/* Without a filter they only ask whether there are any. */
static void questions(void)
{
	pthread_t t[KINDS];

	start_crowd(t);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL), -1);
		CHECK_EQ(errno, EFAULT);
		CHECK_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL), -1);
		CHECK_EQ(errno, EFAULT);
	}
	end_crowd(t);
	live();
}

const struct check checks[] = {
	{ "all_threads", all_threads, NULL },
	{ "before_any_thread", before_any_thread, NULL },
	{ "when_threads_have_ended", when_threads_have_ended, NULL },
	{ "one_thread", one_thread, NULL },
	{ "children", children, NULL },
	{ "questions", questions, NULL },
	{ 0 },
};
