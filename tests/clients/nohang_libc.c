/* SPDX-License-Identifier: MIT */
/* libc's own locks and waits, held or entered by threads that are then switched away. */
#include "client.h"

#include <dlfcn.h>
#include <locale.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn;

static void *pass_token(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&m);
		while (turn % 4 != me)
			pthread_cond_wait(&c, &m);
		turn++;
		pthread_cond_broadcast(&c);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}

static void *resolve(void *arg)
{
	for (int i = 0; i < 3; i++) {
		struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;

		CHECK_EQ(getaddrinfo("localhost", "80", &hints, &found), 0);
		CHECK(found);
		freeaddrinfo(found);
	}
	return NULL;
}

static void resolver(void)
{
	pthread_t t[12];

	start_threads(t, 4, pass_token);
	start_threads(t + 4, 8, resolve);
	join_threads(t, 12);
	CHECK_EQ(turn, 2000);
}

static void *allocate(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg + 1;
	char *held[64] = { 0 };

	/* musl's allocator has one lock, and is slow under it. */
	for (int i = 0; i < BY_LIBC(200000, 10000); i++) {
		unsigned at = (seed = seed * 1103515245 + 12345) >> 16 & 63;
		size_t size = 16 + (seed >> 8) % (i % 500 ? 2000 : 300000);

		if (held[at])
			CHECK(held[at][0] == (char)(at + (intptr_t)arg));
		if (i & 1) {
			free(held[at]);
			held[at] = malloc(size);
		} else {
			held[at] = realloc(held[at], size);
		}
		CHECK(held[at]);
		held[at][0] = (char)(at + (intptr_t)arg);
		held[at][size - 1] = 1;
	}
	for (int i = 0; i < 64; i++)
		free(held[i]);
	return NULL;
}

static void malloc_storm(void)
{
	pthread_t t[8];

	start_threads(t, 8, allocate);
	join_threads(t, 8);
}

static FILE *file;
static int released;
static sem_t locked;

static void *hold_file(void *arg)
{
	flockfile(file);
	sem_post(&locked);
	fputs("first half, ", file);
	pthread_mutex_lock(&m);
	while (!released)
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	fputs("second half\n", file);
	funlockfile(file);
	return NULL;
}

static void *want_file(void *arg)
{
	fprintf(file, "line\n");
	return NULL;
}

static void *release(void *arg)
{
	sleep_ms(30);
	pthread_mutex_lock(&m);
	released = 1;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

/* A FILE's lock held by a thread that waits for a condition, while others block on it inside libc. */
static void file_lock_over_wait(void)
{
	pthread_t t[10];
	char *text = NULL;
	size_t len = 0;

	sem_init(&locked, 0, 0);
	file = open_memstream(&text, &len);
	start_thread(&t[0], hold_file, NULL);
	sem_wait(&locked);
	start_threads(t + 1, 8, want_file);
	start_thread(&t[9], release, NULL);
	join_threads(t, 10);
	fclose(file);
	CHECK(!strncmp(text, "first half, second half\n", 24));
	CHECK_EQ(len, 24 + 8 * 5);
	free(text);
}

static void *print_lines(void *arg)
{
	for (int i = 0; i < 2000; i++)
		fprintf(file, "%04d %d\n", i, (int)(intptr_t)arg);
	return NULL;
}

static void one_file(void)
{
	pthread_t t[8];
	char line[64];
	int lines = 0;

	file = tmpfile();
	CHECK(file);
	start_threads(t, 8, print_lines);
	join_threads(t, 8);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		CHECK_EQ(strlen(line), 7);
		lines++;
	}
	CHECK_EQ(lines, 16000);
	fclose(file);
}

static void *load_and_unload(void *arg)
{
	for (int i = 0; i < 30; i++) {
		void *lib = dlopen("libm.so.6", RTLD_NOW);
		double (*cosine)(double);

		CHECK(lib);
		cosine = (double (*)(double))dlsym(lib, "cos");
		CHECK(cosine && cosine(0) == 1);
		CHECK_EQ(dlclose(lib), 0);
		sched_yield();
	}
	return NULL;
}

static void dynamic_linker(void)
{
	pthread_t t[8];

	if (!dlopen(NULL, RTLD_NOW))
		client_skip("linked statically");
	start_threads(t, 8, load_and_unload);
	join_threads(t, 8);
}

static void *run_system(void *arg)
{
	int status = system("exit 3");

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	return NULL;
}

static void system_in_threads(void)
{
	pthread_t t[8];

	start_threads(t, 4, pass_token);
	start_threads(t + 4, 4, run_system);
	join_threads(t, 8);
}

static void *own_locale(void *arg)
{
	const char *name = (intptr_t)arg % 2 ? "C.UTF-8" : "C";
	locale_t own = newlocale(LC_ALL_MASK, name, NULL);

	CHECK(own);
	uselocale(own);
	for (int i = 0; i < 100; i++) {
		sched_yield();
		CHECK(uselocale(NULL) == own);
		CHECK_EQ(MB_CUR_MAX, (intptr_t)arg % 2 ? BY_LIBC(6, 4) : 1);
	}
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(own);
	return NULL;
}

static void locales(void)
{
	pthread_t t[8];

	start_threads(t, 8, own_locale);
	join_threads(t, 8);
}

const struct check checks[] = {
	{ "resolver", resolver, NULL },
	{ "malloc_storm", malloc_storm, NULL },
	{ "file_lock_over_wait", file_lock_over_wait, NULL },
	{ "one_file", one_file, NULL },
	{ "dynamic_linker", dynamic_linker, NULL },
	{ "system_in_threads", system_in_threads, NULL },
	{ "locales", locales, NULL },
	{ 0 },
};
