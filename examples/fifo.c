/* SPDX-License-Identifier: MIT */
/*
 * A FIFO scheduler on several servers that conserves work: a server whose worker
 * waits, or sleeps in a system call, takes the one that has been runnable for
 * longest. There are more workers than servers, and they compute and sleep by
 * turns; all the same no CPU is left idle.
 */
#include "common.h"

#include <umcg/libumcg.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	MAX_SERVERS = 4, WORKERS_EACH = 6,
	COMPUTE_MS = 20, SLEEP_MS = 40,		/* 6 of these want 2 CPUs */
	WARM_UP_MS = 200, MEASURED_MS = 2000,
};

static umcg_t group;
static unsigned servers, workers;
static atomic_bool over;
static atomic_uint alive;
static atomic_ulong turns[MAX_SERVERS * WORKERS_EACH];
static _Atomic uint64_t polling;		/* ns that servers had nobody to run, all together */

static void *serve(void *unused)
{
	(void)unused;
	must(umcg_register_server(group, 0) != UMCG_NONE, "umcg_register_server");
	while (alive) {
		uint64_t since = now();
		struct timespec limit = in_a_second();
		umcg_tid worker = umcg_poll_worker(&limit);

		polling += now() - since;
		if (worker)
			must(umcg_run_worker(worker) != UMCG_NONE, "umcg_run_worker");
	}
	umcg_unregister_task();
	return NULL;
}

/* Two ways to sleep in the kernel. */
static void block(int timer)
{
	static const struct itimerspec once = { .it_value.tv_nsec = SLEEP_MS * 1000000 };
	uint64_t count;

	if (timer < 0) {
		nap_us(1000 * SLEEP_MS);
		return;
	}
	timerfd_settime(timer, 0, &once, NULL);
	must(read(timer, &count, sizeof(count)) == sizeof(count), "read");
}

static void *work(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;
	int timer = index % 2 ? timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) : -1;

	must(umcg_register_worker(group, 0) != UMCG_NONE, "umcg_register_worker");
	while (!over) {
		compute_us(1000 * COMPUTE_MS);
		turns[index]++;
		block(timer);
	}
	umcg_unregister_task();
	alive--;
	return NULL;
}

/* How long the CPUs in the set have been idle, in ns. Whoever else uses them can only make that less. */
static double idle_ns(const cpu_set_t *cpus)
{
	FILE *file = fopen("/proc/stat", "re");
	double user, nice, system, idle, sum = 0;
	char line[1024];
	int cpu;

	must(file != NULL, "/proc/stat");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%d %lf %lf %lf %lf", &cpu, &user, &nice, &system, &idle) == 5 && CPU_ISSET(cpu, cpus))
			sum += idle;
	fclose(file);
	return sum * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

/* What happens while all workers go their rounds. True if no CPU was left idle, and nobody was left behind for good. */
static bool measure(const cpu_set_t *cpus)
{
	unsigned long before[MAX_SERVERS * WORKERS_EACH], least = -1ul, most = 0;
	double all, idle, ran, empty;
	uint64_t start;

	nap_us(1000 * WARM_UP_MS);
	for (unsigned i = 0; i < workers; i++)
		before[i] = turns[i];
	start = now();
	idle = idle_ns(cpus);
	ran = (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	empty = (double)polling;
	nap_us(1000 * MEASURED_MS);
	empty = (double)polling - empty;
	ran = (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) - ran;
	idle = idle_ns(cpus) - idle;
	all = (double)(now() - start) * servers;
	printf("turns of %d ms:", COMPUTE_MS);
	for (unsigned i = 0; i < workers; i++) {
		unsigned long made = turns[i] - before[i];

		printf(" %lu", made);
		least = made < least ? made : least;
		most = made > most ? made : most;
	}
	printf("\n%u workers on %u servers: CPUs used %.1f %%, idle %.1f %%; servers without a worker %.1f %% of the time\n",
	       workers, servers, 100 * ran / all, 100 * idle / all, 100 * empty / all);
	return idle < 0.1 * all && empty < 0.05 * all && least > 0;
}

/* As many servers as CPUs, and no other CPUs. */
static void choose_cpus(cpu_set_t *cpus)
{
	must(sched_getaffinity(0, sizeof(*cpus), cpus) == 0, "sched_getaffinity");
	for (int cpu = CPU_SETSIZE - 1; CPU_COUNT(cpus) > MAX_SERVERS; cpu--)
		CPU_CLR(cpu, cpus);
	must(sched_setaffinity(0, sizeof(*cpus), cpus) == 0, "sched_setaffinity");
	servers = (unsigned)CPU_COUNT(cpus);
	alive = workers = servers * WORKERS_EACH;
}

int main(void)
{
	pthread_t thread[MAX_SERVERS * (WORKERS_EACH + 1)];
	cpu_set_t cpus;
	bool held;

	choose_cpus(&cpus);
	calibrate();
	group = umcg_create_group(0);
	must(group != NULL, "umcg_create_group");
	for (uintptr_t i = 0; i < workers; i++)
		must(pthread_create(&thread[i], NULL, work, (void *)i) == 0, "pthread_create");
	for (unsigned i = 0; i < servers; i++)
		must(pthread_create(&thread[workers + i], NULL, serve, NULL) == 0, "pthread_create");
	held = measure(&cpus);
	over = true;
	for (unsigned i = 0; i < workers + servers; i++)
		pthread_join(thread[i], NULL);
	must(umcg_destroy_group(group) == 0, "umcg_destroy_group");
	puts(held ? "no server was idle while a worker was runnable" : "CPUs were left idle, or workers behind");
	return !held;
}
