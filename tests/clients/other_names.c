/* SPDX-License-Identifier: MIT */
/* Further names that the libc has for its functions, as programs from before call them. */
#include "client.h"

#include <asm/prctl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

__typeof__(sched_yield) __sched_yield;
__typeof__(pthread_rwlock_rdlock) __pthread_rwlock_rdlock, __pthread_rwlock_tryrdlock, __pthread_rwlock_wrlock;
__typeof__(pthread_rwlock_rdlock) __pthread_rwlock_trywrlock, __pthread_rwlock_unlock;
/* New programs cannot be linked to these any more. */
__asm__(".symver __pthread_rwlock_rdlock, __pthread_rwlock_rdlock@GLIBC_2.2.5");
__asm__(".symver __pthread_rwlock_tryrdlock, __pthread_rwlock_tryrdlock@GLIBC_2.2.5");
__asm__(".symver __pthread_rwlock_wrlock, __pthread_rwlock_wrlock@GLIBC_2.2.5");
__asm__(".symver __pthread_rwlock_trywrlock, __pthread_rwlock_trywrlock@GLIBC_2.2.5");
__asm__(".symver __pthread_rwlock_unlock, __pthread_rwlock_unlock@GLIBC_2.2.5");
__typeof__(nanosleep) __nanosleep;
__typeof__(poll) __poll;
__typeof__(select) __select;
__typeof__(connect) __connect;
__typeof__(sigaction) __sigaction;
__typeof__(sigsuspend) __sigsuspend;
__typeof__(fork) __fork;
__typeof__(clone) __clone;
__typeof__(wait) __wait;
__typeof__(waitpid) __waitpid;
__typeof__(sched_setscheduler) __sched_setscheduler;
int __arch_prctl(int code, unsigned long *address);

enum { THREADS = 4, TURNS = 200 };

static void in_thread(void *(*what)(void *))
{
	pthread_t t;

	start_thread(&t, what, NULL);
	join_thread(t);
}

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int count;

/* One name takes it, the other lets it go, and somebody else waits by either. */
static void *lock_by_both(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		bool other = (i + (int)(intptr_t)arg) % 2;

		CHECK_EQ(other ? __pthread_rwlock_wrlock(&lock) : pthread_rwlock_wrlock(&lock), 0);
		count++;
		__sched_yield();
		CHECK_EQ(other ? pthread_rwlock_unlock(&lock) : __pthread_rwlock_unlock(&lock), 0);
		CHECK_EQ(other ? __pthread_rwlock_rdlock(&lock) : pthread_rwlock_rdlock(&lock), 0);
		__sched_yield();
		CHECK_EQ(__pthread_rwlock_unlock(&lock), 0);
	}
	return NULL;
}

static void rwlocks(void)
{
	pthread_t t[THREADS];

	start_threads(t, THREADS, lock_by_both);
	join_threads(t, THREADS);
	CHECK_EQ(count, THREADS * TURNS);
	CHECK_EQ(__pthread_rwlock_trywrlock(&lock), 0);
	CHECK_EQ(__pthread_rwlock_tryrdlock(&lock), EBUSY);
	CHECK_EQ(__pthread_rwlock_unlock(&lock), 0);
}

static void *wait_by_them(void *arg)
{
	struct timespec t = { 0, 1000000 };
	struct timeval v = { 0, 1000 };
	struct sockaddr_un nobody = { .sun_family = AF_UNIX, .sun_path = "/no/such/socket" };
	struct pollfd p = { -1, POLLIN, 0 };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_EQ(__nanosleep(&t, NULL), 0);
	CHECK_EQ(__poll(&p, 1, 1), 0);
	CHECK_EQ(__select(0, NULL, NULL, NULL, &v), 0);
	CHECK_EQ(__connect(s, (struct sockaddr *)&nobody, sizeof(nobody)), -1);
	CHECK_EQ(errno, ENOENT);
	close(s);
	return NULL;
}

static void waits(void) { in_thread(wait_by_them); }

static pthread_t target;
static volatile sig_atomic_t handled;
static sem_t begun;

static void on_signal(int sig)
{
	CHECK(pthread_equal(pthread_self(), target));
	handled++;
}

static void *suspend(void *arg)
{
	sigset_t open;

	target = pthread_self();
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &open), 0);
	sigdelset(&open, SIGUSR1);
	usleep(100);
	sem_post(&begun);
	for (int i = 1; i <= 2; i++) {
		CHECK_EQ(__sigsuspend(&open), -1);
		CHECK_EQ(errno, EINTR);
		CHECK_EQ(handled, i);
		usleep(100);
		sem_post(&begun);
	}
	return NULL;
}

static void signals(void)
{
	struct sigaction a = { .sa_handler = on_signal }, got;
	pthread_t t;

	sigemptyset(&a.sa_mask);
	CHECK_EQ(__sigaction(SIGUSR1, &a, NULL), 0);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &got), 0);
	CHECK(got.sa_handler == on_signal);
	sigaddset(&a.sa_mask, SIGUSR1);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &a.sa_mask, NULL), 0);
	sem_init(&begun, 0, 0);
	start_thread(&t, suspend, NULL);
	for (int i = 0; i < 2; i++) {
		sem_wait(&begun);
		CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
	}
	join_thread(t);
}

static int in_clone(void *arg)
{
	return 6;
}

static void *make_processes(void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));
	unsigned long address;
	int status;
	pid_t pid;

	usleep(100);
	CHECK_EQ(__arch_prctl(ARCH_GET_FS, &address), 0);
	CHECK_EQ(address, pthread_self());
	pid = __fork();
	if (!pid)
		_exit(5);
	CHECK_EQ(__waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 5);
	usleep(100);
	pid = __clone(in_clone, stack + sizeof(stack), SIGCHLD, NULL);
	CHECK(pid > 0);
	CHECK_EQ(__wait(&status), pid);
	CHECK_EQ(WEXITSTATUS(status), 6);
	return NULL;
}

static void processes(void) { in_thread(make_processes); }

static void *be_batch(void *arg)
{
	struct sched_param none = { 0 };

	usleep(100);
	CHECK_EQ(__sched_setscheduler(0, SCHED_BATCH, &none), 0);
	usleep(100);
	CHECK_EQ(sched_getscheduler(gettid()), SCHED_BATCH);
	return NULL;
}

static void policy(void) { in_thread(be_batch); }

static void *lock_file(void *arg)
{
	FILE *f = tmpfile();

	usleep(100);
	CHECK_EQ(lockf64(fileno(f), F_LOCK, 0), 0);
	CHECK_EQ(lockf64(fileno(f), F_ULOCK, 0), 0);
	fclose(f);
	return NULL;
}

static void files(void) { in_thread(lock_file); }

const struct check checks[] = {
	{ "rwlocks", rwlocks, NULL },
	{ "waits", waits, NULL },
	{ "signals", signals, NULL },
	{ "processes", processes, NULL },
	{ "policy", policy, NULL },
	{ "files", files, NULL },
	{ 0 },
};
