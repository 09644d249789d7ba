/* SPDX-License-Identifier: MIT */
/*
 * State that the kernel keeps per thread: what one thread sets it finds again, at once and after every switch, and no
 * other thread does.
 */
#include "kthread.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

extern int arch_prctl(int, unsigned long *);

static cpu_set_t all, one;

static void pin(void) { CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0); }

static void affinity_is(const cpu_set_t *wanted)
{
	cpu_set_t got;

	CHECK_EQ(sched_getaffinity(0, sizeof(got), &got), 0);
	CHECK(CPU_EQUAL(&got, wanted));
	CHECK_EQ(sched_getaffinity(gettid(), sizeof(got), &got), 0);
	CHECK(CPU_EQUAL(&got, wanted));
}

static void pinned(void)
{
	affinity_is(&one);
	CHECK(CPU_ISSET(sched_getcpu(), &one));
}

static void not_pinned(void) { affinity_is(&all); }

static void affinity(void)
{
	int cpu = CPU_SETSIZE - 1;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	if (CPU_COUNT(&all) < 2)
		client_skip("a single CPU: nothing to choose");
	while (!CPU_ISSET(cpu, &all))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	belongs_to_one((struct state){ pin, pinned, not_pinned });
}

static void get_nicer(void)
{
	errno = 0;
	CHECK_EQ(nice(3), 3);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 5), 0);
}

static void nice_is_5(void) { CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5); }
static void nice_is_0(void) { CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0); }

static void niceness(void)
{
	if (getpriority(PRIO_PROCESS, 0))
		client_skip("not of ordinary priority");
	belongs_to_one((struct state){ get_nicer, nice_is_5, nice_is_0 });
}

static void set_batch(void)
{
	struct sched_param p = { 0 };

	CHECK_EQ(sched_setscheduler(0, SCHED_BATCH, &p), 0);
	CHECK_EQ(sched_setparam(0, &p), 0);
	CHECK_EQ(pthread_setschedprio(pthread_self(), 0), 0);
}

static void is_batch(void)
{
	struct sched_param p;
	int policy;

	CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
	CHECK_EQ(pthread_getschedparam(pthread_self(), &policy, &p), 0);
}

static void is_other(void) { CHECK_EQ(sched_getscheduler(0), SCHED_OTHER); }

static void policy(void)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		client_skip("not of ordinary policy");
	belongs_to_one((struct state){ set_batch, is_batch, is_other });
}

static sem_t told;
static cpu_set_t told_cpus;

/* Whatever it is at when it is told: it computes, waits or yields. */
static void *be_told(void *arg)
{
	cpu_set_t mine;
	bool is_told;

	sem_post(&changed);
	do {
		is_told = sem_trywait(&told) == 0;
		if ((intptr_t)arg == 0)
			burn(1000);
		else if ((intptr_t)arg == 1)
			usleep(200);
		else
			sched_yield();
	} while (!is_told);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(sched_getaffinity(0, sizeof(mine), &mine), 0);
		CHECK(CPU_EQUAL(&mine, &told_cpus));
		CHECK(CPU_ISSET(sched_getcpu(), &mine));
		CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
		if (i % 2)
			sched_yield();
		else
			usleep(100);
	}
	return NULL;
}

static void by_others(void)
{
	struct sched_param p = { 0 };
	cpu_set_t all, seen;
	int cpu = CPU_SETSIZE - 1, policy;
	pthread_t t;

	if (sched_getscheduler(0) != SCHED_OTHER)
		client_skip("not of ordinary policy");
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu--;
	CPU_ZERO(&told_cpus);
	CPU_SET(cpu, &told_cpus);
	sem_init(&changed, 0, 0);
	sem_init(&told, 0, 0);
	for (intptr_t kind = 0; kind < 3; kind++) {
		start_thread(&t, be_told, (void *)kind);
		sem_wait(&changed);
		sleep_ms(3);
		CHECK_EQ(pthread_setaffinity_np(t, sizeof(told_cpus), &told_cpus), 0);
		CHECK_EQ(pthread_getaffinity_np(t, sizeof(seen), &seen), 0);
		CHECK(CPU_EQUAL(&seen, &told_cpus));
		CHECK_EQ(pthread_setschedparam(t, SCHED_BATCH, &p), 0);
		CHECK_EQ(pthread_getschedparam(t, &policy, &p), 0);
		CHECK_EQ(policy, SCHED_BATCH);
		CHECK_EQ(pthread_setschedprio(t, 0), 0);
		CHECK_EQ(pthread_setschedprio(t, 1), EINVAL);
		sem_post(&told);
		join_thread(t);
		CHECK_EQ(sched_getaffinity(0, sizeof(seen), &seen), 0);
		CHECK(CPU_EQUAL(&seen, &all));
		CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	}
	CHECK_EQ(pthread_getconcurrency(), 0);
	/* musl knows one value only. */
	CHECK_EQ(pthread_setconcurrency(3), BY_LIBC(0, EAGAIN));
	CHECK_EQ(pthread_getconcurrency(), BY_LIBC(3, 0));
	CHECK_EQ(pthread_setconcurrency(-1), EINVAL);
}

/* What the kernel tells about a thread by its tid, or about the one that asks. */
static void look_into_proc(const char *directory, const char *wanted_name)
{
	char path[100], text[100];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/comm", directory);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(n > 0);
	text[n - 1] = '\0';
	if (strcmp(text, wanted_name))
		client_fail(__FILE__, __LINE__, text);
}

static void *be_in_proc(void *arg)
{
	char directory[50], name[16];

	snprintf(name, sizeof(name), "thread %d", (int)(intptr_t)arg);
	CHECK_EQ(pthread_setname_np(pthread_self(), name), 0);
	snprintf(directory, sizeof(directory), "/proc/self/task/%d", (int)gettid());
	for (int i = 0; i < ROUNDS; i++) {
		look_into_proc(directory, name);
		sched_yield();
		CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);	/* coupled */
		look_into_proc(directory, name);
		usleep(100);
	}
	return NULL;
}

static void in_proc(void)
{
	pthread_t t[6];

	start_threads(t, 6, be_in_proc);
	join_threads(t, 6);
}

static void *set_own_param(void *arg)
{
	struct sched_param p = { .sched_priority = 1 };
	int e = pthread_setschedparam(pthread_self(), SCHED_FIFO, &p), got;

	printf("SCHED_FIFO: %s\n", strerror(e));
	if (!e) {
		CHECK_EQ(pthread_getschedparam(pthread_self(), &got, &p), 0);
		CHECK_EQ(got, SCHED_FIFO);
		CHECK_EQ(sched_getscheduler(0), SCHED_FIFO);
		p.sched_priority = 0;
		CHECK_EQ(pthread_setschedparam(pthread_self(), SCHED_OTHER, &p), 0);
	}
	CHECK_EQ(pthread_setschedparam(pthread_self(), SCHED_OTHER, &(struct sched_param){ 5 }), EINVAL);
	return NULL;
}

static void real_time(void)
{
	pthread_t t;

	start_thread(&t, set_own_param, NULL);
	join_thread(t);
}

static void set_privs(void) { CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0); }
static void privs_are_set(void) { CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1); }
static void privs_are_not(void) { CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0); }
static void no_new_privileges(void) { belongs_to_one((struct state){ set_privs, privs_are_set, privs_are_not }); }

static void set_slack(void) { CHECK_EQ(prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0), 0); }
static void slack_is_set(void) { CHECK_EQ(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 123456); }
static void slack_is_not(void) { CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) != 123456); }
static void timer_slack(void) { belongs_to_one((struct state){ set_slack, slack_is_set, slack_is_not }); }

static void set_personality(void) { CHECK(personality(ADDR_NO_RANDOMIZE) >= 0); }
static void personality_is_set(void) { CHECK_EQ(personality(0xffffffff) & ADDR_NO_RANDOMIZE, ADDR_NO_RANDOMIZE); }
static void personality_is_not(void) { CHECK_EQ(personality(0xffffffff) & ADDR_NO_RANDOMIZE, 0); }

static void own_personality(void)
{
	belongs_to_one((struct state){ set_personality, personality_is_set, personality_is_not });
}

static void set_fsids(void)
{
	setfsgid(NOBODY);
	setfsuid(NOBODY);
}

static void fsids_are_set(void)
{
	CHECK_EQ(open("/etc/shadow", O_RDONLY), -1);	/* first: asking for them changes the kernel thread */
	CHECK_EQ(setfsuid(-1), NOBODY);
	CHECK_EQ(setfsgid(-1), NOBODY);
}

static void fsids_are_not(void)
{
	CHECK_EQ(setfsuid(-1), 0);
	CHECK_EQ(setfsgid(-1), 0);
}

static void file_ids(void)
{
	if (geteuid())
		client_skip("only root can take other ids");
	belongs_to_one((struct state){ set_fsids, fsids_are_set, fsids_are_not });
}

/* The system call, unlike the libc's function, changes the one thread. */
static void set_own_ids(void) { CHECK_EQ(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY), 0); }

static void own_ids_are(uid_t wanted)
{
	uid_t real, effective, saved;

	CHECK_EQ(open("/etc/shadow", O_RDONLY) < 0, wanted != 0);
	CHECK_EQ(getresuid(&real, &effective, &saved), 0);
	CHECK(real == wanted && effective == wanted && saved == wanted);
}

static void own_ids_are_set(void) { own_ids_are(NOBODY); }
static void own_ids_are_not(void) { own_ids_are(0); }

static void own_ids(void)
{
	if (geteuid())
		client_skip("only root can take other ids");
	belongs_to_one((struct state){ set_own_ids, own_ids_are_set, own_ids_are_not });
}

extern int capset(struct __user_cap_header_struct *, const struct __user_cap_data_struct *);
extern int capget(struct __user_cap_header_struct *, struct __user_cap_data_struct *);

static struct __user_cap_header_struct cap_header = { .version = _LINUX_CAPABILITY_VERSION_3 };

static void give_up_chroot(void)
{
	struct __user_cap_data_struct caps[2];

	CHECK_EQ(capget(&cap_header, caps), 0);
	caps[0].effective &= ~(1u << CAP_SYS_CHROOT);
	CHECK_EQ(capset(&cap_header, caps), 0);
}

static void may_not_chroot(void) { CHECK_EQ(chroot("/"), -1); }
static void may_chroot(void) { CHECK_EQ(chroot("/"), 0); }

static void capabilities(void)
{
	if (chroot("/"))
		client_skip("needs a capability to give up");
	belongs_to_one((struct state){ give_up_chroot, may_not_chroot, may_chroot });
}

static char original[4096];

static void move_away(void)
{
	CHECK_EQ(unshare(CLONE_FS), 0);
	CHECK_EQ(chdir("/proc"), 0);
}

static void directory_is(const char *wanted)
{
	char got[4096];

	CHECK(getcwd(got, sizeof(got)));
	CHECK(!strcmp(got, wanted));
}

static void is_away(void) { directory_is("/proc"); }
static void is_here(void) { directory_is(original); }

static void own_directory(void)
{
	CHECK(getcwd(original, sizeof(original)));
	belongs_to_one((struct state){ move_away, is_away, is_here });
}

/* Refuses getppid() by an error that it never has. */
static void filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void is_filtered(void)
{
	CHECK_EQ(syscall(SYS_getppid), -1);
	CHECK_EQ(errno, ENOTTY);
}

static void is_not_filtered(void) { CHECK(syscall(SYS_getppid) >= 0); }
static void own_filter(void) { belongs_to_one((struct state){ filter, is_filtered, is_not_filtered }); }

static void set_death_signal(void) { CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGUSR2), 0); }

static int death_signal(void)
{
	int sig = -1;

	CHECK_EQ(prctl(PR_GET_PDEATHSIG, &sig), 0);
	return sig;
}

static void death_signal_is_set(void) { CHECK_EQ(death_signal(), SIGUSR2); }
static void death_signal_is_not(void) { CHECK(death_signal() != SIGUSR2); }

static void parent_death(void)
{
	belongs_to_one((struct state){ set_death_signal, death_signal_is_set, death_signal_is_not });
}

static void *join_namespace(void *arg)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	char name[256];

	CHECK(fd >= 0);
	CHECK_EQ(setns(fd, CLONE_NEWUTS), 0);
	CHECK_EQ(unshare(CLONE_NEWUTS), 0);
	CHECK_EQ(sethostname("elsewhere", 9), 0);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(gethostname(name, sizeof(name)), 0);
		CHECK(!strcmp(name, "elsewhere"));
		sched_yield();
	}
	return NULL;
}

static void namespaces(void)
{
	char before[256], after[256];
	pthread_t t;

	if (geteuid())
		client_skip("only root can enter namespaces");
	CHECK_EQ(gethostname(before, sizeof(before)), 0);
	start_thread(&t, join_namespace, NULL);
	join_thread(t);
	CHECK_EQ(gethostname(after, sizeof(after)), 0);
	CHECK(!strcmp(before, after));
}

static void *thread_pointer(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long fs = 0;

		/* On x86-64 the thread's own control block: pthread_self(). */
		CHECK_EQ(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs), 0);
		CHECK_EQ(fs, pthread_self());
		fs = 0;
		CHECK_EQ(arch_prctl(ARCH_GET_FS, &fs), 0);
		CHECK_EQ(fs, pthread_self());
		sched_yield();
	}
	return NULL;
}

static void thread_pointers(void)
{
	pthread_t t[8];

	start_threads(t, 8, thread_pointer);
	join_threads(t, 8);
}

/*
 * What is done to a thread before it has begun: on one CPU, where the others keep the servers busy, its creator goes
 * on first.
 */

static volatile sig_atomic_t expired;

static void on_expiry(int sig)
{
	expired = 1;
}

static void *keep_busy(void *arg)
{
	usleep(1000);
	while (!expired)
		burn(10000);
	return NULL;
}

static void *compute_until_expiry(void *arg)
{
	while (!expired)
		burn(10000);
	return NULL;
}

static void *say_name(void *name)
{
	sem_wait(&changed);
	CHECK_EQ(pthread_getname_np(pthread_self(), name, 16), 0);
	return NULL;
}

static void not_begun_on_one_cpu(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec in = { .it_value.tv_nsec = 20000000 };
	pthread_t busy[3], named, timed;
	timer_t timer;
	clockid_t clock;
	char name[16];

	sem_init(&changed, 0, 0);
	CHECK(signal(SIGUSR1, on_expiry) != SIG_ERR);
	start_threads(busy, 3, keep_busy);
	for (int i = 0; i < ROUNDS; i++) {
		usleep(1000);
		start_thread(&named, say_name, name);
		CHECK_EQ(pthread_setname_np(named, "its own"), 0);
		sem_post(&changed);
		join_thread(named);
		CHECK_EQ(strcmp(name, "its own"), 0);
	}
	start_thread(&timed, compute_until_expiry, NULL);
	CHECK_EQ(pthread_getcpuclockid(timed, &clock), 0);
	CHECK_EQ(timer_create(clock, &event, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &in, NULL), 0);
	join_thread(timed);
	join_threads(busy, 3);
}

/* Affinity is inherited; executing itself anew, the client runs with it without having asked for it. */
static void not_begun(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	execl(client_argv[0], client_argv[0], "not_begun_on_one_cpu", (char *)NULL);
	CHECK(false);
}

const struct check checks[] = {
	{ "affinity", affinity, NULL },
	{ "niceness", niceness, NULL },
	{ "policy", policy, NULL },
	{ "real_time", real_time, NULL },
	{ "no_new_privileges", no_new_privileges, NULL },
	{ "timer_slack", timer_slack, NULL },
	{ "own_personality", own_personality, NULL },
	{ "file_ids", file_ids, NULL },
	{ "own_ids", own_ids, NULL },
	{ "capabilities", capabilities, NULL },
	{ "own_directory", own_directory, NULL },
	{ "own_filter", own_filter, NULL },
	{ "parent_death", parent_death, NULL },
	{ "namespaces", namespaces, NULL },
	{ "thread_pointers", thread_pointers, NULL },
	{ "by_others", by_others, NULL },
	{ "in_proc", in_proc, NULL },
	{ "not_begun", not_begun, NULL },
	{ "not_begun_on_one_cpu", not_begun_on_one_cpu, "mode" },
	{ 0 },
};
