/* SPDX-License-Identifier: MIT */
/* A privilege that one thread gives up is lost by every kernel thread of the process. */
#include "client.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <semaphore.h>
#include <sys/fsuid.h>

enum { NOBODY = 65534 };

static sem_t never, dropped;

static void *block(void *arg)
{
	sem_wait(&never);
	return NULL;
}

static void *yield_on(void *arg)
{
	while (sem_trywait(&never))
		sched_yield();
	return NULL;
}

static void line_of(const char *tid, const char *key, char *line, size_t room)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, room, f))
		if (!strncmp(line, key, strlen(key)))
			break;
	fclose(f);
	CHECK(!strncmp(line, key, strlen(key)));
}

/* Every task of the process: servers, homes, helpers, whatever they are. */
static void all_have(const char *key, const char *wanted)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	char line[256];
	int tasks = 0;

	CHECK(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		line_of(e->d_name, key, line, sizeof(line));
		if (strcmp(line, wanted))
			client_fail(__FILE__, __LINE__, line);
		tasks++;
	}
	closedir(d);
	CHECK(tasks >= 6);
}

static void *drop(void *arg)
{
	static const char uids[] = "Uid:\t65534\t65534\t65534\t65534\n", gids[] = "Gid:\t65534\t65534\t65534\t65534\n";

	CHECK_EQ(setresgid(NOBODY, NOBODY, NOBODY), 0);
	CHECK_EQ(getegid(), NOBODY);
	all_have("Gid:", gids);
	CHECK_EQ(setresuid(NOBODY, NOBODY, NOBODY), 0);
	CHECK_EQ(geteuid(), NOBODY);
	all_have("Uid:", uids);
	for (int i = 0; i < 20; i++) {
		sched_yield();
		CHECK_EQ(geteuid(), NOBODY);
		CHECK_EQ(open("/etc/shadow", O_RDONLY), -1);
		CHECK_EQ(errno, EACCES);
	}
	CHECK_EQ(setuid(0), -1);
	CHECK_EQ(errno, EPERM);
	sem_post(&dropped);
	return NULL;
}

static void start_and_drop(void *(*dropper)(void *))
{
	pthread_t t[7];

	if (geteuid())
		client_skip("only root can give up root's rights");
	sem_init(&never, 0, 0);
	sem_init(&dropped, 0, 0);
	start_threads(t, 4, block);
	start_threads(t + 4, 2, yield_on);
	sleep_ms(10);
	start_thread(&t[6], dropper, NULL);
	sem_wait(&dropped);
	CHECK_EQ(geteuid(), NOBODY);
	join_thread(t[6]);
	for (int i = 0; i < 6; i++)
		sem_post(&never);
	join_threads(t, 6);
}

static void dropped_by_thread(void)
{
	start_and_drop(drop);
}

static void *drop_effective(void *arg)
{
	static const char effective[] = "Uid:\t0\t65534\t0\t65534\n", root[] = "Uid:\t0\t0\t0\t0\n",
			  real[] = "Uid:\t65534\t65534\t65534\t65534\n";

	CHECK_EQ(seteuid(NOBODY), 0);
	all_have("Uid:", effective);
	CHECK_EQ(seteuid(0), 0);
	all_have("Uid:", root);
	CHECK_EQ(setuid(NOBODY), 0);
	all_have("Uid:", real);
	sem_post(&dropped);
	return NULL;
}

static void effective_then_all(void)
{
	start_and_drop(drop_effective);
}

static void *use_each_call(void *arg)
{
	const gid_t groups[] = { 7, 8 };

	CHECK_EQ(setgroups(2, groups), 0);
	all_have("Groups:", "Groups:\t7 8 \n");
	CHECK_EQ(setegid(5), 0);
	all_have("Gid:", "Gid:\t0\t5\t0\t5\n");
	CHECK_EQ(setregid(4, 6), 0);
	all_have("Gid:", "Gid:\t4\t6\t6\t6\n");
	CHECK_EQ(setgid(NOBODY), 0);
	all_have("Gid:", "Gid:\t65534\t65534\t65534\t65534\n");
	CHECK_EQ(setreuid(NOBODY, NOBODY), 0);
	all_have("Uid:", "Uid:\t65534\t65534\t65534\t65534\n");
	CHECK_EQ(setgroups(0, NULL), -1);
	CHECK_EQ(errno, EPERM);
	sem_post(&dropped);
	return NULL;
}

static void by_each_call(void)
{
	start_and_drop(use_each_call);
}

static void dropped_by_main(void)
{
	pthread_t t[6];

	if (geteuid())
		client_skip("only root can give up root's rights");
	sem_init(&never, 0, 0);
	sem_init(&dropped, 0, 0);
	start_threads(t, 4, block);
	start_threads(t + 4, 2, yield_on);
	drop(NULL);
	for (int i = 0; i < 6; i++)
		sem_post(&never);
	join_threads(t, 6);
}

const struct check checks[] = {
	{ "dropped_by_thread", dropped_by_thread, NULL },
	{ "effective_then_all", effective_then_all, NULL },
	{ "by_each_call", by_each_call, NULL },
	{ "dropped_by_main", dropped_by_main, NULL },
	{ 0 },
};
