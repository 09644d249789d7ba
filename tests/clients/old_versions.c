/* SPDX-License-Identifier: MIT */
/* Symbols that differ between versions of the libc, as programs from before are linked to them. */
#include "client.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LINKED(ours, name, version) __asm__(".symver " #ours ", " #name "@GLIBC_" version)

int timer_create_225(clockid_t clock, struct sigevent *event, int *timer);
int timer_settime_225(int timer, int flags, const struct itimerspec *to, struct itimerspec *old);
int timer_gettime_225(int timer, struct itimerspec *left);
int timer_getoverrun_225(int timer);
int timer_delete_225(int timer);
LINKED(timer_create_225, timer_create, "2.2.5");
LINKED(timer_settime_225, timer_settime, "2.2.5");
LINKED(timer_gettime_225, timer_gettime, "2.2.5");
LINKED(timer_getoverrun_225, timer_getoverrun, "2.2.5");
LINKED(timer_delete_225, timer_delete, "2.2.5");

__typeof__(timer_create) timer_create_233;
__typeof__(timer_settime) timer_settime_233;
__typeof__(timer_delete) timer_delete_233;
LINKED(timer_create_233, timer_create, "2.3.3");
LINKED(timer_settime_233, timer_settime, "2.3.3");
LINKED(timer_delete_233, timer_delete, "2.3.3");

__typeof__(posix_spawn) posix_spawn_225;
__typeof__(posix_spawnp) posix_spawnp_225;
LINKED(posix_spawn_225, posix_spawn, "2.2.5");
LINKED(posix_spawnp_225, posix_spawnp, "2.2.5");

__typeof__(pthread_kill) pthread_kill_225;
LINKED(pthread_kill_225, pthread_kill, "2.2.5");

int sched_setaffinity_233(pid_t pid, const cpu_set_t *cpus);
int sched_getaffinity_233(pid_t pid, cpu_set_t *cpus);
int pthread_setaffinity_np_233(pthread_t thread, const cpu_set_t *cpus);
int pthread_getaffinity_np_233(pthread_t thread, cpu_set_t *cpus);
__typeof__(pthread_setaffinity_np) pthread_setaffinity_np_234;
LINKED(sched_setaffinity_233, sched_setaffinity, "2.3.3");
LINKED(sched_getaffinity_233, sched_getaffinity, "2.3.3");
LINKED(pthread_setaffinity_np_233, pthread_setaffinity_np, "2.3.3");
LINKED(pthread_getaffinity_np_233, pthread_getaffinity_np, "2.3.3");
LINKED(pthread_setaffinity_np_234, pthread_setaffinity_np, "2.3.4");

static void in_thread(void *(*what)(void *))
{
	pthread_t t;

	start_thread(&t, what, NULL);
	join_thread(t);
}

/* On the servers, if there are any. */
static void go_away(void)
{
	usleep(100);
}

static const struct itimerspec soon = { .it_value = { 0, 2000000 } };

static void expires(int value)
{
	struct timespec later = { 10, 0 };
	siginfo_t info;
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	CHECK_EQ(sigtimedwait(&s, &info, &later), SIGRTMIN);
	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK_EQ(info.si_value.sival_int, value);
}

static struct sigevent queued(int value)
{
	return (struct sigevent){ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = value };
}

static void *use_timers(void *arg)
{
	/* What follows a timer is its neighbours'. */
	struct { int before, id, after; } t[3];
	struct sigevent event = queued(3);
	struct itimerspec left;
	timer_t first, newer;

	go_away();
	/* The older functions take the kernel's timer 0 for none. */
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &first), 0);
	memset(t, 0x55, sizeof(t));
	for (int i = 0; i < 3; i++) {
		event = queued(i);
		CHECK_EQ(timer_create_225(CLOCK_MONOTONIC, &event, &t[i].id), 0);
		CHECK(t[i].before == 0x55555555 && t[i].after == 0x55555555);
		CHECK(t[i].id >= 0 && t[i].id < 256);
	}
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(timer_settime_225(t[i].id, 0, &soon, NULL), 0);
		expires(i);
		CHECK_EQ(timer_getoverrun_225(t[i].id), 0);
		CHECK_EQ(timer_gettime_225(t[i].id, &left), 0);
		CHECK_EQ(left.it_value.tv_sec + left.it_value.tv_nsec, 0);
		CHECK_EQ(timer_delete_225(t[i].id), 0);
	}
	event = queued(3);
	CHECK_EQ(timer_create_233(CLOCK_MONOTONIC, &event, &newer), 0);
	CHECK_EQ(timer_settime_233(newer, 0, &soon, NULL), 0);
	expires(3);
	CHECK_EQ(timer_delete_233(newer), 0);
	return NULL;
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	handled++;
}

/* Its own CPU time. */
static void *use_cpu_timer(void *arg)
{
	struct sigevent event = queued(7);
	long long end = now_us(CLOCK_MONOTONIC) + 20000000;
	int timer;

	go_away();
	CHECK_EQ(timer_create_225(CLOCK_THREAD_CPUTIME_ID, &event, &timer), 0);
	CHECK_EQ(timer_settime_225(timer, 0, &soon, NULL), 0);
	while (!handled && now_us(CLOCK_MONOTONIC) < end)
		burn(100000);
	CHECK(now_us(CLOCK_MONOTONIC) < end);
	CHECK_EQ(timer_delete_225(timer), 0);
	return NULL;
}

static void timers(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
	in_thread(use_timers);
}

static void cpu_timer(void)
{
	CHECK(signal(SIGRTMIN, on_signal) != SIG_ERR);
	in_thread(use_cpu_timer);
}

static char script[64];

static void exits_with(pid_t pid, int code)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), code);
}

/* A script that does not say of which interpreter: once the shell's, now an error. */
static void *spawn_script(void *arg)
{
	char *argv[] = { script, NULL }, *envp[] = { NULL };
	pid_t pid;

	go_away();
	CHECK_EQ(posix_spawn_225(&pid, script, NULL, NULL, argv, envp), 0);
	exits_with(pid, 42);
	go_away();
	CHECK_EQ(posix_spawnp_225(&pid, script, NULL, NULL, argv, envp), 0);
	exits_with(pid, 42);
	go_away();
	CHECK_EQ(posix_spawn(&pid, script, NULL, NULL, argv, envp), ENOEXEC);
	CHECK_EQ(posix_spawnp(&pid, script, NULL, NULL, argv, envp), ENOEXEC);
	CHECK_EQ(posix_spawn_225(&pid, "/no/such/file", NULL, NULL, argv, envp), ENOENT);
	return NULL;
}

static void spawning(void)
{
	int fd;

	strcpy(script, "/tmp/old_versions.XXXXXX");
	fd = mkstemp(script);
	CHECK(fd >= 0);
	dprintf(fd, "exit 42\n");
	CHECK_EQ(fchmod(fd, 0700), 0);
	close(fd);
	in_thread(spawn_script);
	unlink(script);
}

static volatile int ended_tid;

static void *kill_oneself(void *arg)
{
	go_away();
	CHECK_EQ(pthread_kill_225(pthread_self(), SIGUSR1), 0);
	CHECK_EQ(handled, 1);
	ended_tid = gettid();
	return NULL;
}

static void killing(void)
{
	pthread_t t;

	CHECK(signal(SIGUSR1, on_signal) != SIG_ERR);
	start_thread(&t, kill_oneself, NULL);
	while (!ended_tid || tgkill(getpid(), ended_tid, 0) == 0)
		usleep(1000);
	/* Ended, not joined. */
	CHECK_EQ(pthread_kill_225(t, 0), ESRCH);
	CHECK_EQ(pthread_kill(t, 0), 0);
	join_thread(t);
	CHECK_EQ(handled, 1);
}

static cpu_set_t one;

static void is_on_one(void)
{
	struct { cpu_set_t set; char after[64]; } got;

	go_away();
	memset(&got, 0x55, sizeof(got));
	CHECK_EQ(sched_getaffinity_233(0, &got.set), 0);
	CHECK(CPU_EQUAL(&got.set, &one));
	CHECK(got.after[0] == 0x55 && got.after[63] == 0x55);
	CHECK_EQ(pthread_getaffinity_np_233(pthread_self(), &got.set), 0);
	CHECK(CPU_EQUAL(&got.set, &one));
	CHECK(CPU_ISSET(sched_getcpu(), &one));
}

static void *by_sched(void *arg)
{
	go_away();
	CHECK_EQ(sched_setaffinity_233(0, &one), 0);
	is_on_one();
	return NULL;
}

static void *by_pthread(void *arg)
{
	go_away();
	CHECK_EQ(pthread_setaffinity_np_233(pthread_self(), &one), 0);
	is_on_one();
	return NULL;
}

static void *by_pthread_with_size(void *arg)
{
	go_away();
	CHECK_EQ(pthread_setaffinity_np_234(pthread_self(), sizeof(one), &one), 0);
	is_on_one();
	return NULL;
}

static void affinity(void)
{
	cpu_set_t all, after;
	int cpu = 0;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	in_thread(by_sched);
	in_thread(by_pthread);
	in_thread(by_pthread_with_size);
	CHECK_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
	CHECK(CPU_EQUAL(&after, &all));
}

const struct check checks[] = {
	{ "timers", timers, NULL },
	{ "cpu_timer", cpu_timer, NULL },
	{ "spawning", spawning, NULL },
	{ "killing", killing, NULL },
	{ "affinity", affinity, NULL },
	{ 0 },
};
