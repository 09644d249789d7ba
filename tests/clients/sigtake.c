/* SPDX-License-Identifier: MIT */
/*
 * Numbered signals queued to a thread whose handler takes more of them than it was called for: all in order, each
 * with what its sender said, whichever way it came.
 */
#include "client.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { ROUNDS = 300, BURST = 6 };

static sem_t begun;
static atomic_bool over;
static atomic_int seen, wrong;
static pthread_t receiver;
static int fd = -1;
static sigset_t own;

/* Takes up to n signals that are pending. */
static void (*take_more)(int n);

static void saw(int code, int pid, int value)
{
	int number = atomic_fetch_add(&seen, 1);

	if (code != SI_QUEUE || pid != getpid() || value != number)
		atomic_fetch_add(&wrong, 1);
}

static bool is_pending(void)
{
	sigset_t s;

	CHECK_EQ(sigpending(&s), 0);
	return sigismember(&s, SIGRTMIN);
}

static void by_sigtimedwait(int n)
{
	static const struct timespec none;
	siginfo_t info;

	while (n-- > 0 && sigtimedwait(&own, &info, &none) == SIGRTMIN)
		saw(info.si_code, info.si_pid, info.si_value.sival_int);
}

static void by_syscall(int n)
{
	static const struct timespec none;
	siginfo_t info;

	while (n-- > 0 && syscall(SYS_rt_sigtimedwait, &own, &info, &none, 8) == SIGRTMIN)
		saw(info.si_code, info.si_pid, info.si_value.sival_int);
}

static void by_sigwaitinfo(int n)
{
	siginfo_t info;

	while (n-- > 0 && is_pending()) {
		CHECK_EQ(sigwaitinfo(&own, &info), SIGRTMIN);
		saw(info.si_code, info.si_pid, info.si_value.sival_int);
	}
}

/* It does not say what it takes: the rest has to be in order all the same. */
static void by_sigwait(int n)
{
	int sig;

	while (n-- > 0 && is_pending()) {
		CHECK_EQ(sigwait(&own, &sig), 0);
		CHECK_EQ(sig, SIGRTMIN);
		atomic_fetch_add(&seen, 1);
	}
}

static void saw_read(const struct signalfd_siginfo *info, ssize_t size)
{
	CHECK_EQ(size % (ssize_t)sizeof(*info), 0);
	for (; size > 0; size -= (ssize_t)sizeof(*info), info++) {
		if (info->ssi_signo != (unsigned)SIGRTMIN || info->ssi_uid != getuid())
			atomic_fetch_add(&wrong, 1);
		saw(info->ssi_code, (int)info->ssi_pid, info->ssi_int);
	}
}

static void by_signalfd(int n)
{
	struct signalfd_siginfo info;

	while (n-- > 0 && read(fd, &info, sizeof(info)) == sizeof(info))
		saw_read(&info, sizeof(info));
}

static void by_signalfd_at_once(int n)
{
	struct signalfd_siginfo info[BURST];
	ssize_t size = read(fd, info, (size_t)n * sizeof(*info));

	if (size > 0)
		saw_read(info, size);
}

static void by_readv(int n)
{
	struct signalfd_siginfo info[BURST];
	struct iovec v = { info, (size_t)n * sizeof(*info) };
	ssize_t size = readv(fd, &v, 1);

	if (size > 0)
		saw_read(info, size);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int kept = errno;

	if (!pthread_equal(pthread_self(), receiver))
		atomic_fetch_add(&wrong, 1);
	saw(info->si_code, info->si_pid, info->si_value.sival_int);
	take_more(seen % 3 + 1);
	errno = kept;
}

/* Takes them, too. */
static void on_other(int sig)
{
	int kept = errno;

	take_more(BURST);
	errno = kept;
}

static void *receive(void *arg)
{
	receiver = pthread_self();
	CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &own, NULL), 0);
	sem_post(&begun);
	for (int i = 0; !over; i++) {
		if (i % 3 == 0)
			burn(20000);
		else if (i % 3 == 1)
			sched_yield();
		else
			usleep(50);
	}
	return NULL;
}

static void set_handlers(void)
{
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	/* Neither comes between what the other takes and notes. */
	a.sa_mask = own;
	sigaddset(&a.sa_mask, SIGUSR1);
	CHECK_EQ(sigaction(SIGRTMIN, &a, NULL), 0);
	a.sa_handler = on_other;
	a.sa_flags = SA_RESTART;
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
}

static void send_bursts(bool to_process)
{
	for (int round = 0, number = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BURST; i++, number++) {
			union sigval v = { .sival_int = number };

			if (to_process)
				CHECK_EQ(sigqueue(getpid(), SIGRTMIN, v), 0);
			else
				CHECK_EQ(pthread_sigqueue(receiver, SIGRTMIN, v), 0);
			if (i == round % (2 * BURST))
				CHECK_EQ(pthread_kill(receiver, SIGUSR1), 0);
		}
		while (seen < number)
			usleep(20);
	}
}

static void run(void (*take)(int n), bool to_process)
{
	pthread_t t;

	take_more = take;
	sigemptyset(&own);
	sigaddset(&own, SIGRTMIN);
	set_handlers();
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &own, NULL), 0);
	fd = signalfd(-1, &own, SFD_NONBLOCK | SFD_CLOEXEC);
	CHECK(fd >= 0);
	sem_init(&begun, 0, 0);
	start_thread(&t, receive, NULL);
	sem_wait(&begun);
	send_bursts(to_process);
	over = true;
	join_thread(t);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(seen, ROUNDS * BURST);
}

static void sigtimedwait_takes(void) { run(by_sigtimedwait, false); }
static void sigtimedwait_takes_of_process(void) { run(by_sigtimedwait, true); }
static void syscall_takes(void) { run(by_syscall, false); }
static void sigwaitinfo_takes(void) { run(by_sigwaitinfo, false); }
static void sigwait_takes(void) { run(by_sigwait, false); }
static void signalfd_takes(void) { run(by_signalfd, false); }
static void signalfd_takes_at_once(void) { run(by_signalfd_at_once, false); }
static void signalfd_takes_of_process(void) { run(by_signalfd_at_once, true); }
static void readv_takes(void) { run(by_readv, false); }

const struct check checks[] = {
	{ "sigtimedwait_takes", sigtimedwait_takes, NULL },
	{ "sigtimedwait_takes_of_process", sigtimedwait_takes_of_process, NULL },
	{ "syscall_takes", syscall_takes, NULL },
	{ "sigwaitinfo_takes", sigwaitinfo_takes, NULL },
	{ "sigwait_takes", sigwait_takes, NULL },
	{ "signalfd_takes", signalfd_takes, NULL },
	{ "signalfd_takes_at_once", signalfd_takes_at_once, NULL },
	{ "signalfd_takes_of_process", signalfd_takes_of_process, NULL },
	{ "readv_takes", readv_takes, NULL },
	{ 0 },
};
