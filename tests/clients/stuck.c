/* SPDX-License-Identifier: MIT */
/* Threads in calls that no library sees: the others go on, soon, and the kernel threads that this took end again. */
#include "client.h"

#include <dirent.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { STUCK = 24, ROUNDS = 40, ATTEMPTS = 40 };

static int ends[2];
static sem_t may_run, never;
static pthread_t keeper;
static long long blocks_at;

/* Not the libc's syscall(): that one may be taken over. */
static long raw_syscall(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

static void raw_read(void)
{
	char c;
	long n;

	while ((n = raw_syscall(SYS_read, ends[0], (long)&c, 1)) == -EINTR)
		continue;
	CHECK_EQ(n, 1);
}

static void release(int n)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(raw_syscall(SYS_write, ends[1], (long)"x", 1), 1);
}

static bool is_carrier(const char *comm)
{
	return !strncmp(comm, "umcg/", 5) && strncmp(comm, "umcg/watch", 10) != 0;
}

/* The kernel threads that execute the others' work, by their names. */
static int carriers(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	int n = 0;

	CHECK(d);
	while ((e = readdir(d))) {
		char path[300], comm[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (!f)
			continue;
		n += fgets(comm, sizeof(comm), f) && is_carrier(comm);
		fclose(f);
	}
	closedir(d);
	return n;
}

static void *block(void *arg)
{
	sem_wait(&never);
	return NULL;
}

/* A thread that stays, so that what serves the threads does. */
static void begin(void)
{
	CHECK_EQ(pipe(ends), 0);
	sem_init(&may_run, 0, 0);
	sem_init(&never, 0, 0);
	start_thread(&keeper, block, NULL);
	sleep_ms(20);
}

static void end(void)
{
	sem_post(&never);
	join_thread(keeper);
}

static void *get_stuck(void *arg)
{
	usleep(1000);
	raw_read();
	return NULL;
}

/* Some work that waits, so that it matters that others are stuck. Returns how many carriers there were at most. */
static int all_stuck_at_once(void)
{
	pthread_t t[STUCK];
	int most = 0, now;

	start_threads(t, STUCK, get_stuck);
	for (int i = 0; i < 10; i++) {
		sleep_ms(10);
		now = carriers();
		most = now > most ? now : most;
	}
	release(STUCK);
	join_threads(t, STUCK);
	return most;
}

static void carriers_come_and_go(void)
{
	int before, most = 0;

	begin();
	before = carriers();
	for (int round = 0; round < 3; round++) {
		int now = all_stuck_at_once();

		most = now > most ? now : most;
		for (int i = 0; i < 200 && carriers() > before; i++)
			sleep_ms(10);
		CHECK(carriers() <= before);
	}
	client_figure("before", before);
	client_figure("most", most);
	end();
}

static void *post_and_get_stuck(void *arg)
{
	usleep(1000);	/* a thread that has waited runs where the others do */
	for (int i = 0; i < ROUNDS; i++) {
		sched_yield();
		blocks_at = now_us(CLOCK_MONOTONIC);
		sem_post(&may_run);
		raw_read();
	}
	return NULL;
}

static long long median_until_other_runs(void)
{
	long long took[ROUNDS];
	pthread_t t;

	start_thread(&t, post_and_get_stuck, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(sem_wait(&may_run), 0);
		took[i] = now_us(CLOCK_MONOTONIC) - blocks_at;
		usleep(200);
		release(1);
	}
	join_thread(t);
	return median(took, ROUNDS);
}

/* The best of several: another process may want the CPUs. */
static void others_run_soon(void)
{
	long long best = 1000000, now;

	begin();
	for (int i = 0; i < ATTEMPTS && best > 200; i++) {
		now = median_until_other_runs();
		best = now < best ? now : best;
	}
	client_figure("median_us", best);
	end();
}

static int stop_computing;

static void *compute(void *arg)
{
	usleep(1000);
	if (arg)
		raw_read();
	while (!__atomic_load_n(&stop_computing, __ATOMIC_RELAXED))
		burn(1000);
	return NULL;
}

/* Whose call has ended runs beside the others for a moment only: with one server the process has one CPU then. */
static void who_is_back_queues_up(void)
{
	long long cpu, wall;
	pthread_t t[4];

	begin();
	start_threads(t, 4, compute);
	sleep_ms(100);
	release(3);
	sleep_ms(200);
	cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
	wall = now_us(CLOCK_MONOTONIC);
	sleep_ms(400);
	cpu = now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	client_figure("cpus", (double)cpu / (double)(now_us(CLOCK_MONOTONIC) - wall));
	__atomic_store_n(&stop_computing, 1, __ATOMIC_RELAXED);
	join_threads(t, 4);
	end();
}

static void limit_processes(rlim_t n)
{
	struct rlimit l;

	CHECK_EQ(getrlimit(RLIMIT_NPROC, &l), 0);
	l.rlim_cur = n < l.rlim_max ? n : l.rlim_max;
	CHECK_EQ(setrlimit(RLIMIT_NPROC, &l), 0);
}

static void *wait_then_get_stuck(void *arg)
{
	sem_wait(&may_run);
	raw_read();
	return NULL;
}

static int ran;

static void *wait_then_count(void *arg)
{
	for (int i = 0; i < 10; i++) {
		sem_wait(&may_run);
		__atomic_fetch_add(&ran, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* No kernel thread can be had for those that are not stuck. */
static void no_room_for_a_carrier(void)
{
	pthread_t t[STUCK], others[4];
	uid_t uid = 60000 + (uid_t)getpid() % 5000;

	if (geteuid())
		client_skip("the limit counts a user's processes, so it needs a user of its own");
	CHECK_EQ(setresuid(uid, uid, uid), 0);
	begin();
	start_threads(t, STUCK, wait_then_get_stuck);
	sleep_ms(20);
	limit_processes(1);
	for (int i = 0; i < STUCK; i++)
		sem_post(&may_run);
	sleep_ms(100);
	limit_processes(RLIM_INFINITY);
	start_threads(others, 4, wait_then_count);
	limit_processes(1);
	for (int i = 0; i < 40; i++)
		sem_post(&may_run);
	join_threads(others, 4);
	CHECK_EQ(ran, 40);
	release(STUCK);
	join_threads(t, STUCK);
	limit_processes(RLIM_INFINITY);
	CHECK(all_stuck_at_once() >= 0);
	end();
}

/* A privilege that is given up is given up by whatever has come to help, too. */
static void *drop(void *arg)
{
	CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	return NULL;
}

static void all_help_without_rights(void)
{
	DIR *d;
	struct dirent *e;
	pthread_t t;

	if (geteuid())
		client_skip("only root can give up root's rights");
	begin();
	median_until_other_runs();
	all_stuck_at_once();
	start_thread(&t, drop, NULL);
	join_thread(t);
	d = opendir("/proc/self/task");
	CHECK(d);
	while ((e = readdir(d))) {
		char path[300], line[128] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
		while (f && fgets(line, sizeof(line), f) && strncmp(line, "Uid:", 4))
			continue;
		if (f && !strncmp(line, "Uid:", 4))
			CHECK(!strcmp(line, "Uid:\t65534\t65534\t65534\t65534\n"));
		if (f)
			fclose(f);
	}
	closedir(d);
	end();
}

static sem_t go;
static volatile bool all_over;
static long long read_result;

static void note_signal(int sig)
{
}

/* Both wait first, and so are where workers run. */
static void *wait_for_signals(void *arg)
{
	sem_wait(&go);
	while (!all_over)
		sem_wait(&never);
	return NULL;
}

static void *read_once(void *arg)
{
	char c;

	sem_wait(&go);
	read_result = raw_syscall(SYS_read, ends[0], (long)&c, 1);
	return NULL;
}

/* A call does not fail because another thread gets a signal, though both began on one kernel thread. */
static void signals_of_others(void)
{
	struct sigaction act = { .sa_handler = note_signal };	/* calls are not restarted */
	pthread_t waiter, reader;

	CHECK_EQ(pipe(ends), 0);
	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	start_thread(&waiter, wait_for_signals, NULL);
	sleep_ms(20);
	sem_post(&go);
	sleep_ms(20);
	start_thread(&reader, read_once, NULL);
	sleep_ms(20);
	sem_post(&go);
	for (int i = 0; i < 20; i++) {
		sleep_ms(5);
		CHECK_EQ(pthread_kill(waiter, SIGUSR1), 0);
	}
	release(1);
	join_thread(reader);
	CHECK_EQ(read_result, 1);
	all_over = true;
	sem_post(&never);		/* a signal might come just before the wait */
	join_thread(waiter);
}

const struct check checks[] = {
	{ "carriers_come_and_go", carriers_come_and_go, NULL },
	{ "others_run_soon", others_run_soon, NULL },
	{ "who_is_back_queues_up", who_is_back_queues_up, NULL },
	{ "no_room_for_a_carrier", no_room_for_a_carrier, NULL },
	{ "all_help_without_rights", all_help_without_rights, NULL },
	{ "signals_of_others", signals_of_others, NULL },
	{ 0 },
};
