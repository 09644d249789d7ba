/* SPDX-License-Identifier: MIT */
/*
 * Signals that a thread sends to itself, or to a process where nobody else takes them: handled before the call returns.
 * Those that it sends to another: handled before that one sees what the sender does next.
 */
#include "client.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>

enum { ROUNDS = 50 };

static volatile sig_atomic_t handled, value;
static pthread_t receiver;
static int pidfd;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	if (pthread_equal(pthread_self(), receiver))
		handled++;
	value = info->si_value.sival_int;
}

static siginfo_t *queued(int n)
{
	static siginfo_t info;

	info = (siginfo_t){ .si_signo = SIGRTMIN, .si_code = SI_QUEUE };
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = n;
	return &info;
}

static int by_raise(int n) { return raise(SIGRTMIN); }
static int by_kill(int n) { return kill(getpid(), SIGRTMIN); }
static int by_tgkill(int n) { return tgkill(getpid(), gettid(), SIGRTMIN); }
static int by_pthread_kill(int n) { return pthread_kill(pthread_self(), SIGRTMIN); }
static int by_sigqueue(int n) { return sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = n }); }

static int by_pthread_sigqueue(int n)
{
	return pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){ .sival_int = n });
}

static int by_pidfd(int n)
{
	/* glibc 2.36 */
	int (*send)(int, int, siginfo_t *, unsigned) = (int (*)(int, int, siginfo_t *, unsigned))
		dlsym(RTLD_DEFAULT, "pidfd_send_signal");

	if (!send)
		return raise(SIGRTMIN);
	return send(pidfd, SIGRTMIN, queued(n), 0);
}

static int raw_kill(int n) { return (int)syscall(SYS_kill, getpid(), SIGRTMIN); }
static int raw_tkill(int n) { return (int)syscall(SYS_tkill, gettid(), SIGRTMIN); }
static int raw_tgkill(int n) { return (int)syscall(SYS_tgkill, getpid(), gettid(), SIGRTMIN); }
static int raw_sigqueueinfo(int n) { return (int)syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, queued(n)); }

static int raw_tgsigqueueinfo(int n)
{
	return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN, queued(n));
}

static int raw_pidfd(int n) { return (int)syscall(SYS_pidfd_send_signal, pidfd, SIGRTMIN, queued(n), 0); }

static int (*send)(int n);
static bool says_value;

static void *send_to_oneself(void *arg)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	receiver = pthread_self();
	CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &s, NULL), 0);
	for (int i = 1; i <= ROUNDS; i++) {
		usleep(100);
		CHECK_EQ(send(i), 0);
		CHECK_EQ(handled, i);
		if (says_value)
			CHECK_EQ(value, i);
	}
	return NULL;
}

static void check(int (*by)(int), bool queues)
{
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t s;
	pthread_t t;

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(SIGRTMIN, &a, NULL), 0);
	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &s, NULL), 0);
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	send = by;
	says_value = queues;
	start_thread(&t, send_to_oneself, NULL);
	join_thread(t);
	printf("%d handled\n", (int)handled);
}

static void libc_plain(void)
{
	static int (*const ways[])(int) = { by_raise, by_kill, by_tgkill, by_pthread_kill };

	for (int i = 0; i < 4; i++, handled = 0)
		check(ways[i], false);
}

static void libc_queued(void)
{
	static int (*const ways[])(int) = { by_sigqueue, by_pthread_sigqueue };

	for (int i = 0; i < 2; i++, handled = 0)
		check(ways[i], true);
}

static void libc_pidfd(void) { check(by_pidfd, false); }

static void raw_plain(void)
{
	static int (*const ways[])(int) = { raw_kill, raw_tkill, raw_tgkill };

	for (int i = 0; i < 3; i++, handled = 0)
		check(ways[i], false);
}

static void raw_queued(void) { check(raw_sigqueueinfo, true); }
static void raw_queued_to_thread(void) { check(raw_tgsigqueueinfo, true); }
static void raw_by_pidfd(void) { check(raw_pidfd, true); }

static sem_t ready, go;

static int to_process(void) { return kill(getpid(), SIGRTMIN); }
static int to_process_queued(void) { return sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }); }
static int to_thread(void) { return pthread_kill(receiver, SIGRTMIN); }
static int to_thread_queued(void) { return pthread_sigqueue(receiver, SIGRTMIN, (union sigval){ 0 }); }
static int to_tid(void) { return tgkill(getpid(), getpid(), SIGRTMIN); }
static int raw_to_process(void) { return (int)syscall(SYS_kill, getpid(), SIGRTMIN); }
static int raw_to_tid(void) { return (int)syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN); }

static int (*const to_another[])(void) = { to_process, to_process_queued, to_thread, to_thread_queued,
					   to_tid, raw_to_process, raw_to_tid };
enum { WAYS = sizeof(to_another) / sizeof(to_another[0]), WAKES = 10 * WAYS };

static void *send_and_wake(void *arg)
{
	for (int i = 0; i < WAKES; i++) {
		sem_wait(&ready);
		usleep(200);
		CHECK_EQ(to_another[i % WAYS](), 0);
		sem_post(&go);
	}
	return NULL;
}

/* They want the CPU, too. */
static void *hinder(void *arg)
{
	usleep(100);
	while (handled < WAKES)
		burn(10000);
	return NULL;
}

/* By the main thread, the only one that does not block the signal. */
static void handled_before_a_wake(void)
{
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_t sender, others[4];
	sigset_t s;

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(SIGRTMIN, &a, NULL), 0);
	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
	receiver = pthread_self();
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	start_thread(&sender, send_and_wake, NULL);
	start_threads(others, 4, hinder);
	CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &s, NULL), 0);
	for (int i = 1; i <= WAKES; i++) {
		sem_post(&ready);
		CHECK_EQ(sem_wait(&go), 0);
		CHECK_EQ(handled, i);
	}
	join_thread(sender);
	join_threads(others, 4);
}

const struct check checks[] = {
	{ "libc_plain", libc_plain, NULL },
	{ "libc_queued", libc_queued, NULL },
	{ "libc_pidfd", libc_pidfd, NULL },
	{ "raw_plain", raw_plain, NULL },
	{ "raw_queued", raw_queued, NULL },
	{ "raw_queued_to_thread", raw_queued_to_thread, NULL },
	{ "raw_by_pidfd", raw_by_pidfd, NULL },
	{ "handled_before_a_wake", handled_before_a_wake, NULL },
	{ 0 },
};
