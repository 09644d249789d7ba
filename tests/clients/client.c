/* SPDX-License-Identifier: MIT */
/* The main program and helpers of every client; see client.h. */
#include "client.h"

#include <stdint.h>

int client_argc;
char **client_argv;

void client_fail(const char *file, int line, const char *what)
{
	const char *base = strrchr(file, '/');

	fflush(stdout);
	dprintf(2, "%s:%d: wrong: %s (errno %d)\n", base ? base + 1 : file, line, what, errno);
	_exit(1);
}

void client_equal(const char *file, int line, const char *what, long long got, long long wanted)
{
	char text[256];

	if (got == wanted)
		return;
	snprintf(text, sizeof(text), "%s is %lld, not %lld", what, got, wanted);
	client_fail(file, line, text);
}

void client_figure(const char *name, double value)
{
	printf("# %s %.3f\n", name, value);
}

void client_skip(const char *why)
{
	printf("skipped: %s\n", why);
	fflush(stdout);
	_exit(77);
}

long long now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

void sleep_ms(unsigned ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		continue;
}

struct timespec after_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	} else if (t.tv_nsec < 0) {
		t.tv_nsec += 1000000000L;
		t.tv_sec--;
	}
	return t;
}

void start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	CHECK_EQ(pthread_create(thread, NULL, run, arg), 0);
}

void start_threads(pthread_t *threads, int n, void *(*run)(void *))
{
	for (int i = 0; i < n; i++)
		start_thread(&threads[i], run, (void *)(intptr_t)i);
}

void *join_thread(pthread_t thread)
{
	void *value = NULL;

	CHECK_EQ(pthread_join(thread, &value), 0);
	return value;
}

void join_threads(pthread_t *threads, int n)
{
	for (int i = 0; i < n; i++)
		join_thread(threads[i]);
}

unsigned long burn(unsigned long rounds)
{
	unsigned long x = rounds | 1;

	for (unsigned long i = 0; i < rounds; i++) {
		x = x * 6364136223846793005UL + 1442695040888963407UL;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

void burn_ms(unsigned ms)
{
	long long end = now_us(CLOCK_MONOTONIC) + ms * 1000LL;

	while (now_us(CLOCK_MONOTONIC) < end)
		burn(1000);
}

int order_long(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

long long median(long long *values, int n)
{
	qsort(values, n, sizeof(*values), order_long);
	return values[n / 2];
}

int main(int argc, char **argv)
{
	const struct check *c;

#ifndef __GLIBC__
	/* Programs of another libc, which some checks start, cannot load what is made for this one. */
	unsetenv("LD_PRELOAD");
#endif
	client_argc = argc;
	client_argv = argv;
	/* A line at a time, so that a fork or a violent end neither doubles nor loses what was said. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (c = checks; c->name; c++)
			if (!c->ends || strcmp(c->ends, "mode"))
				printf("%s %s\n", c->name, c->ends ? c->ends : "exit 0");
		return 0;
	}
	for (c = checks; argc > 1 && c->name; c++) {
		if (strcmp(argv[1], c->name))
			continue;
		c->run();
		printf("%s: ok\n", c->name);
		return 0;
	}
	fprintf(stderr, "usage: %s --list | CHECK\n", argv[0]);
	return 2;
}
