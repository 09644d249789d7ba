/* SPDX-License-Identifier: MIT */
/* Exhaustion: the documented error, nothing lost, and the program goes on once there is room again. */
#include "client.h"

#include <dirent.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>

static sem_t never, ping, pong;

static void *block(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void *answer(void *arg)
{
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(sem_wait(&ping), 0);
		CHECK_EQ(sem_post(&pong), 0);
	}
	return NULL;
}

static void *nothing(void *arg)
{
	return arg;
}

static void create_and_join_100(void)
{
	pthread_t t[2];

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	for (int i = 0; i < 100; i++) {
		start_thread(&t[0], nothing, &t);
		CHECK(join_thread(t[0]) == &t);
	}
	start_threads(t, 2, answer);
	for (int i = 0; i < 40; i++) {
		sem_post(&ping);
		CHECK_EQ(sem_wait(&pong), 0);
	}
	join_threads(t, 2);
}

/* The entries of a folder of /proc/self: threads, or open files. */
static int entries_of(const char *path, const char *comm_prefix)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	CHECK(d);
	while ((e = readdir(d))) {
		char file[320], comm[32] = "";
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		if (comm_prefix) {
			snprintf(file, sizeof(file), "%s/%s/comm", path, e->d_name);
			f = fopen(file, "r");
			if (!f || !fgets(comm, sizeof(comm), f))
				comm[0] = 0;
			if (f)
				fclose(f);
		}
		n += !comm_prefix || !strncmp(comm, comm_prefix, strlen(comm_prefix));
	}
	closedir(d);
	return n;
}

/* A user of our own, so that only this process counts against the limit. */
static void become_nobody_else(void)
{
	uid_t uid = 50000 + (uid_t)getpid() % 10000;

	if (geteuid())
		client_skip("the limit counts a user's processes, so it needs a user of its own");
	CHECK_EQ(setresuid(uid, uid, uid), 0);
}

static void limit_processes(rlim_t n)
{
	struct rlimit l;

	CHECK_EQ(getrlimit(RLIMIT_NPROC, &l), 0);
	l.rlim_cur = n < l.rlim_max ? n : l.rlim_max;
	CHECK_EQ(setrlimit(RLIMIT_NPROC, &l), 0);
}

enum { LIMIT = 60, BEYOND = 300 };

static int create_until_refused(void)
{
	static pthread_t t[BEYOND];
	int n = 0, e;

	sem_init(&never, 0, 0);
	while (n < BEYOND && !(e = pthread_create(&t[n], NULL, block, NULL)))
		n++;
	CHECK(n < BEYOND);
	CHECK_EQ(e, EAGAIN);
	for (int i = 0; i < n; i++)
		sem_post(&never);
	join_threads(t, n);
	return n;
}

static void process_limit(void)
{
	int first, later;

	become_nobody_else();
	limit_processes(LIMIT);
	first = create_until_refused();
	CHECK(first >= LIMIT / 2);
	for (int round = 0; round < 5; round++) {
		/* The kernel forgets an ended thread a little after its join. */
		sleep_ms(20);
		later = create_until_refused();
		CHECK(later >= first - 3);
	}
	limit_processes(RLIM_INFINITY);
	create_and_join_100();
}

/* Not even one thread more: neither for the program nor for whatever serves it. */
static void no_room_at_all(void)
{
	pthread_t t;

	become_nobody_else();
	limit_processes(1);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&t, NULL, nothing, NULL), EAGAIN);
	limit_processes(RLIM_INFINITY);
	create_and_join_100();
}

/* Room for a few: each creation works wholly or is refused, wherever the limit strikes. */
static void room_for_a_few(void)
{
	become_nobody_else();
	for (int room = 2; room < 12; room++) {
		pid_t child = fork();
		int status;

		if (!child) {
			int n = 0, e = 0;
			pthread_t t[12];

			limit_processes(room + 1);
			sem_init(&never, 0, 0);
			while (n < 12 && !(e = pthread_create(&t[n], NULL, block, NULL)))
				n++;
			CHECK(n < 12);
			CHECK_EQ(e, EAGAIN);
			for (int i = 0; i < n; i++)
				sem_post(&never);
			join_threads(t, n);
			limit_processes(RLIM_INFINITY);
			create_and_join_100();
			_exit(0);
		}
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK_EQ(status, 0);
	}
}

static void stack_too_large(void)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	CHECK_EQ(pthread_attr_setstacksize(&a, 1UL << 46), 0);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(pthread_create(&t, &a, nothing, NULL), EAGAIN);
	create_and_join_100();
	for (int i = 0; i < 20; i++)
		CHECK_EQ(pthread_create(&t, &a, nothing, NULL), EAGAIN);
	create_and_join_100();
	pthread_attr_destroy(&a);
}

static void use_twenty(void)
{
	pthread_t t[20];

	sem_init(&never, 0, 0);
	start_threads(t, 20, block);
	for (int i = 0; i < 20; i++)
		sem_post(&never);
	join_threads(t, 20);
}

static long size_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	CHECK(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmSize: %ld kB", &kb);
	fclose(f);
	return kb;
}

static void nothing_is_left(void)
{
	int threads, files;
	long kb;

	for (int i = 0; i < 20; i++)
		use_twenty();
	sleep_ms(50);
	threads = entries_of("/proc/self/task", NULL);
	files = entries_of("/proc/self/fd", NULL);
	kb = size_kb();
	for (int i = 0; i < 50; i++)
		use_twenty();
	for (int i = 0; i < 100 && entries_of("/proc/self/task", NULL) > threads; i++)
		sleep_ms(10);
	CHECK(entries_of("/proc/self/task", NULL) <= threads);
	/* Fewer, if the runtime has ended its carriers meanwhile, with the files that it keeps about them. */
	CHECK(entries_of("/proc/self/fd", NULL) <= files);
	/* One stack more than before is a leak of a 50th part: allow the caches their last few. */
	CHECK(size_kb() <= kb + 3 * 8192);
}

/* How many kernel threads five blocked threads are, and how many of them belong to the runtime. */
static void count_tasks(void)
{
	pthread_t t[5];

	sem_init(&never, 0, 0);
	start_threads(t, 5, block);
	sleep_ms(20);
	client_figure("tasks", entries_of("/proc/self/task", NULL));
	client_figure("of_runtime", entries_of("/proc/self/task", "umcg/"));
	for (int i = 0; i < 5; i++)
		sem_post(&never);
	join_threads(t, 5);
}

static void hand_over(void)
{
	create_and_join_100();
}

const struct check checks[] = {
	{ "process_limit", process_limit, NULL },
	{ "no_room_at_all", no_room_at_all, NULL },
	{ "room_for_a_few", room_for_a_few, NULL },
	{ "stack_too_large", stack_too_large, NULL },
	{ "nothing_is_left", nothing_is_left, NULL },
	{ "count_tasks", count_tasks, NULL },
	{ "hand_over", hand_over, NULL },
	{ 0 },
};
