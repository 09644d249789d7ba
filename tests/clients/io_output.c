/* SPDX-License-Identifier: MIT */
/* Streams of the libc on descriptors that take no more: each function that writes waits if it has to, and no other does. */
#include "io.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUFFER = 128, WRITERS = 8, LINES = 300, LARGE = 200000 };

int __overflow(FILE *f, int c);
int _IO_putc(int c, FILE *f);
int __printf_chk(int flag, const char *format, ...);
int __vprintf_chk(int flag, const char *format, va_list ap);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list ap);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list ap);

static int ends[2];
static FILE *out;
static size_t filled;
static char buffer[BUFFER];

static long with_fputc(void *arg) { return fputc('\n', out); }
static long with_putc(void *arg) { return putc('\n', out); }
static long with_old_putc(void *arg) { return _IO_putc('\n', out); }
static long with_fputc_unlocked(void *arg) { return fputc_unlocked('\n', out); }
static long with_putc_unlocked(void *arg) { return (putc_unlocked)('\n', out); }
static long with_overflow(void *arg) { return __overflow(out, '\n'); }
static long with_fputs(void *arg) { return fputs("text\n", out); }
static long with_fputs_unlocked(void *arg) { return fputs_unlocked("text\n", out); }
static long with_fwrite(void *arg) { return (long)fwrite("item\n", 5, 1, out); }
static long with_fwrite_unlocked(void *arg) { return (long)(fwrite_unlocked)("item\n", 5, 1, out); }
static long with_fprintf(void *arg) { return fprintf(out, "%d %s\n", 42, "numbers"); }
static long with_fprintf_checked(void *arg) { return __fprintf_chk(out, 1, "%d %s\n", 42, "numbers"); }

/* Those that write to stdout, which for so long is the stream under test. */
static FILE *transcript;

static long with_putchar(void *arg) { return putchar('\n'); }
static long with_putchar_unlocked(void *arg) { return (putchar_unlocked)('\n'); }
static long with_puts(void *arg) { return puts("a line"); }
static long with_printf(void *arg) { return printf("%d\n%s", 43, ""); }
static long with_printf_checked(void *arg) { return __printf_chk(1, "%d\n", 43); }

static long list(int (*print)(FILE *, const char *, va_list), const char *format, ...)
{
	va_list ap;
	long n;

	va_start(ap, format);
	n = print(out, format, ap);
	va_end(ap);
	return n;
}

static int to_stream(FILE *f, const char *format, va_list ap) { return vfprintf(f, format, ap); }
static int to_stream_checked(FILE *f, const char *format, va_list ap) { return __vfprintf_chk(f, 1, format, ap); }
static int to_stdout(FILE *f, const char *format, va_list ap) { return vprintf(format, ap); }
static int to_stdout_checked(FILE *f, const char *format, va_list ap) { return __vprintf_chk(1, format, ap); }
static int to_descriptor(FILE *f, const char *format, va_list ap) { return vdprintf(ends[1], format, ap); }
static int to_descriptor_checked(FILE *f, const char *format, va_list ap) { return __vdprintf_chk(ends[1], 1, format, ap); }

static long with_vfprintf(void *arg) { return list(to_stream, "%s %d\n", "list", 44); }
static long with_vfprintf_checked(void *arg) { return list(to_stream_checked, "%s %d\n", "list", 44); }
static long with_vprintf(void *arg) { return list(to_stdout, "%s %d\n", "list", 45); }
static long with_vprintf_checked(void *arg) { return list(to_stdout_checked, "%s %d\n", "list", 45); }
static long with_dprintf(void *arg) { return dprintf(ends[1], "%s\n", "descriptor"); }
static long with_dprintf_checked(void *arg) { return __dprintf_chk(ends[1], 1, "%s\n", "descriptor"); }
static long with_vdprintf(void *arg) { return list(to_descriptor, "%s %d\n", "list", 46); }
static long with_vdprintf_checked(void *arg) { return list(to_descriptor_checked, "%s %d\n", "list", 46); }

static long with_fflush(void *arg) { return fflush(out); }
static long with_fflush_unlocked(void *arg) { return fflush_unlocked(out); }
static long with_fflush_all(void *arg) { return fflush(NULL); }

static void open_full(int mode)
{
	open_pipe(ends);
	filled = fill(ends[1]);
	out = fdopen(ends[1], "w");
	CHECK_EQ(setvbuf(out, mode == _IONBF ? NULL : buffer, mode, BUFFER), 0);
}

/* Shows what is in the pipe. */
static void show(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };
	char text[256];
	ssize_t n = 0;

	if (poll(&p, 1, 0) == 1)
		n = read(ends[0], text, sizeof(text));
	printf("%.*s|\n", n > 0 ? (int)n : 0, text);
}

static void end_full(void)
{
	say_result("fclose", fclose(out));
	show();
	close(ends[0]);
}

static void finish(struct waiter *w, const char *what)
{
	still_waits(w);
	drain(ends[0], 0, filled);
	wait_end(w);
	stdout = transcript;
	errno = w->error;
	say_result(what, w->result);
	show();
}

struct writer {
	const char *name;
	long (*call)(void *);
	bool to_stdout;
};

static const struct writer writers[] = {
	{ "fputc", with_fputc, false }, { "putc", with_putc, false }, { "_IO_putc", with_old_putc, false },
	{ "fputc_unlocked", with_fputc_unlocked, false }, { "putc_unlocked", with_putc_unlocked, false },
	{ "__overflow", with_overflow, false }, { "fputs", with_fputs, false },
	{ "fputs_unlocked", with_fputs_unlocked, false }, { "fwrite", with_fwrite, false },
	{ "fwrite_unlocked", with_fwrite_unlocked, false }, { "fprintf", with_fprintf, false },
	{ "__fprintf_chk", with_fprintf_checked, false }, { "vfprintf", with_vfprintf, false },
	{ "__vfprintf_chk", with_vfprintf_checked, false }, { "putchar", with_putchar, true },
	{ "putchar_unlocked", with_putchar_unlocked, true }, { "puts", with_puts, true }, { "printf", with_printf, true },
	{ "__printf_chk", with_printf_checked, true }, { "vprintf", with_vprintf, true },
	{ "__vprintf_chk", with_vprintf_checked, true },
};

/* pending: bytes that are in the buffer already. */
static void all_wait(int mode, size_t pending)
{
	struct waiter w;

	transcript = stdout;
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		open_full(mode);
		for (size_t j = 0; j < pending; j++)
			putc('.', out);
		if (writers[i].to_stdout)
			stdout = out;
		wait_begin(&w, writers[i].call, NULL);
		finish(&w, writers[i].name);
		end_full();
	}
}

static void unbuffered(void) { all_wait(_IONBF, 0); }
static void lines(void) { all_wait(_IOLBF, 3); }
static void buffer_full(void) { all_wait(_IOFBF, BUFFER); }

static void flushes(void)
{
	static const struct writer calls[] = {
		{ "fflush", with_fflush, false }, { "fflush_unlocked", with_fflush_unlocked, false },
		{ "fflush of all", with_fflush_all, false },
	};
	struct waiter w;

	transcript = stdout;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_full(_IOFBF);
		fputs("flushed", out);
		fflush(stdout);
		wait_begin(&w, calls[i].call, NULL);
		finish(&w, calls[i].name);
		end_full();
	}
}

static long call_fclose(void *arg) { return fclose(out); }

static void closes(void)
{
	struct waiter w;

	transcript = stdout;
	open_full(_IOFBF);
	fputs("last words", out);
	wait_begin(&w, call_fclose, NULL);
	finish(&w, "fclose");
	close(ends[0]);
}

static void descriptors(void)
{
	static const struct writer calls[] = {
		{ "dprintf", with_dprintf, false }, { "__dprintf_chk", with_dprintf_checked, false },
		{ "vdprintf", with_vdprintf, false }, { "__vdprintf_chk", with_vdprintf_checked, false },
	};
	struct waiter w;

	transcript = stdout;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_full(_IOFBF);
		wait_begin(&w, calls[i].call, NULL);
		finish(&w, calls[i].name);
		end_full();
	}
}

/* What fits does not wait, though nobody reads, and though it might have been more. */
static void *write_what_fits(void *arg)
{
	usleep(100);
	for (int i = 0; i < BUFFER / 4; i++) {
		CHECK_EQ(fputc('a', out), 'a');
		CHECK_EQ(fputs("b", out), 1);
		CHECK_EQ(fwrite("c", 1, 1, out), 1);
		CHECK_EQ(fprintf(out, "%c", 'd'), 1);
	}
	return NULL;
}

static void what_fits(void)
{
	pthread_t t;

	open_full(_IOFBF);
	start_thread(&t, write_what_fits, NULL);
	join_thread(t);
	drain(ends[0], 0, filled);
	end_full();
}

static long write_large(void *arg)
{
	char *text = malloc(LARGE);
	long n;

	make_pattern(text, 0, LARGE);
	n = (long)fwrite(text, 1, LARGE, out);
	free(text);
	return fflush(out) ? -1 : n;
}

static void large(void)
{
	struct waiter w;

	for (int i = 0; i < 2; i++) {
		i ? open_pair(ends) : open_pipe(ends);
		out = fdopen(ends[1], "w");
		wait_begin(&w, write_large, NULL);
		drain(ends[0], 0, LARGE);
		wait_say(&w, "large");
		fclose(out);
		close(ends[0]);
	}
}

static void handler(int sig)
{
}

/* What is lost then is lost on NPTL, too. */
static void interrupted(void)
{
	static const struct writer calls[] = {
		{ "fputs", with_fputs, false }, { "fwrite", with_fwrite, false }, { "fputc", with_fputc, false },
		{ "fflush", with_fflush, false },
	};
	struct sigaction act = { .sa_handler = handler };
	struct waiter w;

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_full(_IOFBF);
		for (int j = 0; j < BUFFER - (calls[i].call == with_fwrite); j++)
			putc('.', out);
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		wait_say(&w, calls[i].name);
		printf("error: %d\n", !!ferror(out));
		CHECK_EQ(ftrylockfile(out), 0);
		funlockfile(out);
		drain(ends[0], 0, filled);
		say_result("again", fputs("again", out));
		end_full();
	}
}

static void restarted(void)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct waiter w;

	transcript = stdout;
	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	open_full(_IONBF);
	wait_begin(&w, with_fputs, NULL);
	CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
	sleep_ms(SETTLE_MS);
	finish(&w, "fputs");
	end_full();
}

static void limited(void)
{
	struct waiter w;

	open_pair(ends);
	set_limit(ends[1], SO_SNDTIMEO, LIMIT_MS);
	filled = fill(ends[1]);
	out = fdopen(ends[1], "w");
	setbuf(out, NULL);
	wait_begin(&w, with_fputs, NULL);
	say_limited(&w, "fputs");
	CHECK(w.us < 2 * LIMIT_MS * 1000 + 500000);
	printf("error: %d\n", !!ferror(out));
	drain(ends[0], 0, filled);
	end_full();
}

static void cancelled(void)
{
	struct waiter w;

	open_full(_IOFBF);
	for (int i = 0; i < BUFFER; i++)
		putc('.', out);
	wait_begin(&w, with_fputs, NULL);
	CHECK(ftrylockfile(out) != 0);
	CHECK_EQ(pthread_cancel(w.thread), 0);
	join_thread(w.thread);
	CHECK_EQ(ftrylockfile(out), 0);
	funlockfile(out);
	drain(ends[0], 0, filled);
	end_full();
}

static void broken(void)
{
	struct waiter w;

	signal(SIGPIPE, SIG_IGN);
	open_full(_IOLBF);
	wait_begin(&w, with_fputs, NULL);
	still_waits(&w);
	close(ends[0]);
	wait_say(&w, "fputs");
	printf("error: %d\n", !!ferror(out));
	fclose(out);
}

/* Of one that says that it never waits. */
static void refused(void)
{
	struct waiter w;

	open_full(_IONBF);
	CHECK_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	wait_begin(&w, with_fputs, NULL);
	wait_say(&w, "fputs");
	drain(ends[0], 0, filled);
	end_full();
}

static void *print_lines(void *who)
{
	for (int i = 0; i < LINES; i++)
		CHECK(fprintf(out, "%c%0*d\n", 'a' + (int)(intptr_t)who, 60, i) == 62);
	return NULL;
}

/* Lines stay whole, and each writer's are in order. */
static void *read_lines(void *arg)
{
	FILE *in = fdopen(ends[0], "r");
	int next[WRITERS] = { 0 };
	char line[128], wanted[128];

	for (int i = 0; i < WRITERS * LINES; i++) {
		CHECK(fgets(line, sizeof(line), in) != NULL);
		snprintf(wanted, sizeof(wanted), "%c%0*d\n", line[0], 60, next[line[0] - 'a']++);
		CHECK(!strcmp(line, wanted));
		if (i % 100 == 0)
			usleep(1000);
	}
	fclose(in);
	return NULL;
}

static void shared(void)
{
	pthread_t t[WRITERS], reader;

	for (int i = 0; i < 3; i++) {
		open_pipe(ends);
		CHECK(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
		out = fdopen(ends[1], "w");
		setvbuf(out, i == 0 ? NULL : buffer, i == 0 ? _IONBF : i == 1 ? _IOLBF : _IOFBF, BUFFER);
		start_thread(&reader, read_lines, NULL);
		for (intptr_t j = 0; j < WRITERS; j++)
			start_thread(&t[j], print_lines, (void *)j);
		join_threads(t, WRITERS);
		fflush(out);
		join_thread(reader);
		fclose(out);
	}
}

static long lock_and_put(void *arg)
{
	flockfile(out);
	fputs_unlocked("second\n", out);
	funlockfile(out);
	return 0;
}

/* Who has the stream may take its time. */
static void held(void)
{
	static const struct writer calls[] = { { "fputs", with_fputs, false }, { "flockfile", lock_and_put, false },
					       { "fprintf", with_fprintf, false }, { "fflush", with_fflush, false } };
	struct waiter w;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_pipe(ends);
		out = fdopen(ends[1], "w");
		fputs("first\n", out);
		flockfile(out);
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		fputs("still first\n", out);
		funlockfile(out);
		wait_end(&w);
		say_result(calls[i].name, w.result);
		end_full();
	}
}

/* Streams on files, and on no descriptor. */
static void *write_elsewhere(void *arg)
{
	char text[32] = "", *memory = NULL;
	size_t n;

	usleep(100);
	out = fmemopen(text, sizeof(text), "w");
	fputs("in memory", out);
	fclose(out);
	puts(text);
	out = open_memstream(&memory, &n);
	for (int i = 0; i < 100; i++)
		fprintf(out, "%d ", i);
	fclose(out);
	printf("%zu\n", n);
	free(memory);
	out = tmpfile();
	for (int i = 0; i < 1000; i++)
		fprintf(out, "line %d\n", i);
	rewind(out);
	printf("%c\n", fgetc(out));
	fseek(out, 0, SEEK_END);
	say_result("at", ftell(out));
	fclose(out);
	out = fopen("/dev/full", "w");
	fputs("x", out);
	say_result("full", fflush(out));
	fclose(out);
	out = fopen("/dev/null", "r");
	say_result("not for writing", fputc('x', out));
	fclose(out);
	return NULL;
}

static void elsewhere(void)
{
	pthread_t t;

	start_thread(&t, write_elsewhere, NULL);
	join_thread(t);
}

const struct check checks[] = {
	{ "unbuffered", unbuffered, NULL },
	{ "lines", lines, NULL },
	{ "buffer_full", buffer_full, NULL },
	{ "flushes", flushes, NULL },
	{ "closes", closes, NULL },
	{ "descriptors", descriptors, NULL },
	{ "what_fits", what_fits, NULL },
	{ "large", large, NULL },
	{ "interrupted", interrupted, NULL },
	{ "restarted", restarted, NULL },
	{ "limited", limited, NULL },
	{ "cancelled", cancelled, NULL },
	{ "broken", broken, NULL },
	{ "refused", refused, NULL },
	{ "shared", shared, NULL },
	{ "held", held, NULL },
	{ "elsewhere", elsewhere, NULL },
	{ 0 },
};
