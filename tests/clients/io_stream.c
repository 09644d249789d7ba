/* SPDX-License-Identifier: MIT */
/* Streams of the libc on descriptors that have nothing to read yet: each function waits, and reads what comes. */
#include "io.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { READERS = 8, LINES = 400, BURST = 20 };

int __uflow(FILE *f);
int _IO_getc(FILE *f);
char *__fgets_chk(char *s, size_t size, int n, FILE *f);
size_t __fread_chk(void *p, size_t room, size_t size, size_t n, FILE *f);

static int ends[2];
static FILE *in;
static char line[64];

static long with_fgetc(void *arg)
{
	return fgetc(in);
}

static long with_getc(void *arg)
{
	return getc(in);
}

static long with_old_getc(void *arg)
{
	return _IO_getc(in);
}

static long with_uflow(void *arg)
{
	return __uflow(in);
}

static long with_fgetc_unlocked(void *arg)
{
	return fgetc_unlocked(in);
}

static long with_getc_unlocked(void *arg)
{
	return (getc_unlocked)(in);
}

static long with_fgets(void *arg)
{
	return fgets(line, sizeof(line), in) ? (long)strlen(line) : -1;
}

static long with_fgets_checked(void *arg)
{
	return __fgets_chk(line, sizeof(line), sizeof(line), in) ? (long)strlen(line) : -1;
}

static long with_fgets_unlocked(void *arg)
{
	return fgets_unlocked(line, sizeof(line), in) ? (long)strlen(line) : -1;
}

static long with_fread(void *arg)
{
	return (long)fread(line, 1, 2, in);
}

static long with_fread_checked(void *arg)
{
	return (long)__fread_chk(line, sizeof(line), 1, 2, in);
}

static long with_fread_unlocked(void *arg)
{
	return (long)(fread_unlocked)(line, 1, 2, in);
}

static long with_getline(void *arg)
{
	char *got = NULL;
	size_t room = 0;
	long n = getline(&got, &room, in);

	free(got);
	return n;
}

static long with_getdelim(void *arg)
{
	char *got = NULL;
	size_t room = 0;
	long n = getdelim(&got, &room, '\n', in);

	free(got);
	return n;
}

static long with_getchar(void *arg)
{
	return getchar();
}

static long with_getchar_unlocked(void *arg)
{
	return (getchar_unlocked)();
}

static void open_stream(const char *mode)
{
	open_pair(ends);
	in = fdopen(ends[0], mode);
	CHECK(in != NULL);
}

static void close_stream(void)
{
	CHECK_EQ(fclose(in), 0);
	close(ends[1]);
}

static void each_waits(void)
{
	static const struct { const char *name; long (*call)(void *); } calls[] = {
		{ "fgetc", with_fgetc }, { "getc", with_getc }, { "_IO_getc", with_old_getc }, { "__uflow", with_uflow },
		{ "fgetc_unlocked", with_fgetc_unlocked }, { "getc_unlocked", with_getc_unlocked }, { "fgets", with_fgets },
		{ "__fgets_chk", with_fgets_checked }, { "fgets_unlocked", with_fgets_unlocked }, { "fread", with_fread },
		{ "__fread_chk", with_fread_checked }, { "fread_unlocked", with_fread_unlocked },
		{ "getline", with_getline }, { "getdelim", with_getdelim },
	};
	struct waiter w;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_stream("r");
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		put(ends[1], "ab\nc");
		wait_say(&w, calls[i].name);
		printf("then: %d\n", getc(in));
		close_stream();
	}
}

static void standard_input(void)
{
	struct waiter w;

	open_pipe(ends);
	CHECK_EQ(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	wait_begin(&w, with_getchar, NULL);
	still_waits(&w);
	put(ends[1], "x");
	wait_say(&w, "getchar");
	wait_begin(&w, with_getchar_unlocked, NULL);
	still_waits(&w);
	put(ends[1], "y");
	wait_say(&w, "getchar_unlocked");
	close_both(ends);
}

static atomic_uint lines;

static void *read_lines(void *arg)
{
	char mine[64];

	while (fgets(mine, sizeof(mine), in)) {
		CHECK(strcmp(mine, "a line\n") == 0);
		lines++;
	}
	return NULL;
}

/* What one reader has fetched is there for the others. */
static void shared(void)
{
	pthread_t t[READERS];

	open_stream("r");
	start_threads(t, READERS, read_lines);
	for (int i = 0; i < LINES; i++) {
		put(ends[1], "a line\n");
		if (i % BURST == 0) {
			while (lines != (unsigned)i + 1)
				sched_yield();
		}
	}
	while (lines != LINES)
		sched_yield();
	CHECK_EQ(shutdown(ends[1], SHUT_WR), 0);
	join_threads(t, READERS);
	close_stream();
}

static long ask(void *arg)
{
	fputs("question", in);
	return with_fgets(NULL);
}

/* What has been written goes out before the wait, and there is no flush but that. */
static void question(void)
{
	struct waiter w;

	open_stream("r+");
	wait_begin(&w, ask, NULL);
	get(ends[1], "question");
	put(ends[1], "answer\n");
	wait_say(&w, "answer");
	close_stream();
}

#ifdef __GLIBC__	/* no cancellation point of musl's */
static void cancelled(void)
{
	struct waiter w;

	open_stream("r");
	wait_begin(&w, with_fgets, NULL);
	CHECK(ftrylockfile(in) != 0);
	CHECK_EQ(pthread_cancel(w.thread), 0);
	join_thread(w.thread);
	CHECK_EQ(ftrylockfile(in), 0);
	funlockfile(in);
	put(ends[1], "x\n");
	say_result("another reads", with_fgets(NULL));
	close_stream();
}
#endif

static void handler(int sig)
{
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = handler };
	struct waiter w;

	for (int i = 0; i < 2; i++) {
		act.sa_flags = i ? SA_RESTART : 0;
		CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
		open_stream("r");
		wait_begin(&w, with_fgets, NULL);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		if (i) {
			sleep_ms(SETTLE_MS);
			still_waits(&w);
			put(ends[1], "x\n");
		}
		wait_say(&w, "fgets");
		printf("error: %d end: %d\n", !!ferror(in), !!feof(in));
		close_stream();
	}
}

/* The end, once seen, stays; a byte pushed back comes first. */
static void odds_and_ends(void)
{
	open_stream("r");
	CHECK_EQ(shutdown(ends[1], SHUT_WR), 0);
	say_result("end", fgetc(in));
	say_result("again", fgetc(in));
	CHECK_EQ(ungetc('u', in), 'u');
	say_result("pushed back", fgetc(in));
	close_stream();
	in = fmemopen("memory\n", 7, "r");
	say_result("memory", with_fgets(NULL));
	fclose(in);
	in = fopen("/dev/null", "w");
	say_result("not for reading", fgetc(in));
	fclose(in);
}

static void *write_text(void *arg)
{
	char *all, text[64];
	size_t size;
	FILE *out = open_memstream(&all, &size);
	wchar_t wide[64];
	int n = 0;

	CHECK(out);
	CHECK_EQ(snprintf(text, sizeof(text), "%d pieces", 17), 9);
	CHECK_EQ(sscanf(text, "%d pieces", &n), 1);
	CHECK_EQ(n, 17);
	CHECK_EQ(swprintf(wide, 64, L"%d pieces", 17), 9);
	CHECK_EQ(fprintf(out, "%s\n", text), 10);
	CHECK(fputs("more", out) >= 0);
	CHECK_EQ(fclose(out), 0);
	CHECK(strcmp(all, "17 pieces\nmore") == 0);
	free(all);
	return NULL;
}

/* Streams that are no descriptor's wait for none: not for the first one either, which can never be written to. */
static void in_memory(void)
{
	pthread_t t[READERS];

	open_pipe(ends);
	CHECK_EQ(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	start_threads(t, READERS, write_text);
	join_threads(t, READERS);
	close_both(ends);
}

const struct check checks[] = {
	{ "each_waits", each_waits, NULL },
	{ "standard_input", standard_input, NULL },
	{ "shared", shared, NULL },
	{ "question", question, NULL },
#ifdef __GLIBC__
	{ "cancelled", cancelled, NULL },
#endif
	{ "interrupted", interrupted, NULL },
	{ "odds_and_ends", odds_and_ends, NULL },
	{ "in_memory", in_memory, NULL },
	{ 0 },
};
