/* SPDX-License-Identifier: MIT */
/* Functions that may wait and are seldom called from threads: streams formatted and wide, messages, names, files. */
#include "io.h"

#include <err.h>
#include <error.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <printf.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <syslog.h>
#include <wchar.h>

/* The names that programs of another standard get. */
int old_scanf(const char *format, ...) __asm__("scanf");
int old_vscanf(const char *format, va_list ap) __asm__("vscanf");
int old_fscanf(FILE *f, const char *format, ...) __asm__("fscanf");
int old_vfscanf(FILE *f, const char *format, va_list ap) __asm__("vfscanf");
int __isoc99_scanf(const char *format, ...);
int __isoc99_vscanf(const char *format, va_list ap);
int __isoc99_fscanf(FILE *f, const char *format, ...);
int __isoc99_vfscanf(FILE *f, const char *format, va_list ap);
wchar_t *__fgetws_chk(wchar_t *s, size_t size, int n, FILE *f);
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list ap);

static int ends[2], value;
static FILE *f;
static wchar_t wide[16];

static long list(int (*scan)(const char *, va_list), const char *format, ...)
{
	va_list ap;
	long n;

	va_start(ap, format);
	n = scan(format, ap);
	va_end(ap);
	return n;
}

static int scan_stream(const char *format, va_list ap) { return old_vfscanf(f, format, ap); }
static int scan_stream99(const char *format, va_list ap) { return __isoc99_vfscanf(f, format, ap); }

static long with_scanf(void *arg) { return old_scanf("%d", &value); }
static long with_scanf99(void *arg) { return __isoc99_scanf("%d", &value); }
static long with_vscanf(void *arg) { return list(old_vscanf, "%d", &value); }
static long with_vscanf99(void *arg) { return list(__isoc99_vscanf, "%d", &value); }
static long with_fscanf(void *arg) { return old_fscanf(f, "%d", &value); }
static long with_fscanf99(void *arg) { return __isoc99_fscanf(f, "%d", &value); }
static long with_vfscanf(void *arg) { return list(scan_stream, "%d", &value); }
static long with_vfscanf99(void *arg) { return list(scan_stream99, "%d", &value); }
static long with_getw(void *arg) { return getw(f); }
static long with_fgetwc(void *arg) { return (long)fgetwc(f); }
static long with_getwc(void *arg) { return (long)getwc(f); }
static long with_getwchar(void *arg) { return (long)getwchar(); }
static long with_fgetws(void *arg) { return fgetws(wide, 16, f) ? (long)wcslen(wide) : -1; }
static long with_fgetws_checked(void *arg) { return __fgetws_chk(wide, 16, 16, f) ? (long)wcslen(wide) : -1; }

static void readers(void)
{
	static const struct { const char *name; long (*call)(void *); } calls[] = {
		{ "scanf", with_scanf }, { "__isoc99_scanf", with_scanf99 }, { "vscanf", with_vscanf },
		{ "__isoc99_vscanf", with_vscanf99 }, { "fscanf", with_fscanf }, { "__isoc99_fscanf", with_fscanf99 },
		{ "vfscanf", with_vfscanf }, { "__isoc99_vfscanf", with_vfscanf99 }, { "getw", with_getw },
		{ "fgetwc", with_fgetwc }, { "getwc", with_getwc }, { "getwchar", with_getwchar },
		{ "fgetws", with_fgetws }, { "__fgetws_chk", with_fgetws_checked },
	};
	struct waiter w;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		open_pipe(ends);
		f = stdin = fdopen(ends[0], "r");
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		put(ends[1], "12345\n");
		wait_say(&w, calls[i].name);
		fclose(f);
		close(ends[1]);
	}
	printf("%d\n", value);
}

static FILE *transcript;
static bool to_stdout;

/* What went to the stream, in the transcript. */
static void show(const char *name, long result)
{
	char text[256];
	ssize_t n;

	fflush(f);
	stdout = transcript;
	say_result(name, result);
	n = read(ends[0], text, sizeof(text));
	printf("%.*s\n", (int)n, text);
	fclose(f);
	close(ends[0]);
	open_pipe(ends);
	f = fdopen(ends[1], "w");
	if (to_stdout)
		stdout = f;
}

static int vary(int (*print)(const wchar_t *, va_list), const wchar_t *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = print(format, ap);
	va_end(ap);
	return n;
}

static int print_wide(const wchar_t *format, va_list ap) { return vfwprintf(f, format, ap); }

static void *write_wide(void *arg)
{
	usleep(100);
	open_pipe(ends);
	f = fdopen(ends[1], "w");
	transcript = stdout;
	show("putw", putw(0x41424344, f));
	show("fputwc", (long)fputwc(L'w', f));
	show("putwc", (long)putwc(L'x', f));
	show("fputws", fputws(L"text", f) < 0 ? -1 : 0);
	show("fwprintf", fwprintf(f, L"%d", 42));
	to_stdout = true;
	show("vfwprintf", vary(print_wide, L"%d", 43));
	show("putwchar", (long)putwchar(L'y'));
	show("wprintf", wprintf(L"%d", 44));
	to_stdout = false;
	show("vwprintf", vary(vwprintf, L"%d", 45));
	fclose(f);
	close(ends[0]);
	return NULL;
}

static void in_worker(void *(*what)(void *))
{
	pthread_t t;

	start_thread(&t, what, NULL);
	join_thread(t);
}

static void writers(void) { in_worker(write_wide); }

static void list_warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vwarn(format, ap);
	va_end(ap);
	va_start(ap, format);
	vwarnx(format, ap);
	va_end(ap);
	va_start(ap, format);
	vsyslog(LOG_DEBUG, format, ap);
	va_end(ap);
	va_start(ap, format);
	__vsyslog_chk(LOG_DEBUG, 1, format, ap);
	va_end(ap);
}

static void *complain(void *arg)
{
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_USER };
	char text[2048];
	ssize_t n;
	int saved = dup(STDERR_FILENO);

	usleep(100);
	open_pipe(ends);
	CHECK_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	errno = ENOENT;
	perror("perror");
	psignal(SIGUSR1, "psignal");
	psiginfo(&info, "psiginfo");
	errno = EPERM;
	warn("warn %d", 1);
	warnx("warn %d", 2);
	list_warn("warn %d", 3);
	error(0, EINVAL, "error %d", 4);
	syslog(LOG_DEBUG, "syslog %d", 5);
	__syslog_chk(LOG_DEBUG, 1, "syslog %d", 6);
	CHECK_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	n = read(ends[0], text, sizeof(text));
	printf("%.*s", (int)n, text);
	close_both(ends);
	return NULL;
}

static void messages(void) { in_worker(complain); }

static void *look_up(void *arg)
{
	struct passwd user, *found;
	struct group group, *found_group;
	struct servent service, *found_service;
	struct gaicb request = { .ar_name = "127.0.0.1" }, *requests[] = { &request };
	gid_t groups[64];
	int n = 64;
	char room[4096];

	usleep(100);
	puts(getpwnam("root")->pw_name);
	puts(getpwuid(0)->pw_name);
	say_result("getpwnam_r", getpwnam_r("root", &user, room, sizeof(room), &found));
	say_result("getpwuid_r", getpwuid_r(0, &user, room, sizeof(room), &found));
	puts(getgrnam("root")->gr_name);
	puts(getgrgid(0)->gr_name);
	say_result("getgrnam_r", getgrnam_r("root", &group, room, sizeof(room), &found_group));
	say_result("getgrgid_r", getgrgid_r(0, &group, room, sizeof(room), &found_group));
	say_result("getgrouplist", getgrouplist("root", 0, groups, &n));
	CHECK(getuid() != 0 || initgroups("root", 0) == 0 || errno == EPERM);
	say_result("getservbyname", getservbyname("no-such-service", "tcp") ? 1 : 0);
	say_result("getservbyport", getservbyport(htons(65432), "tcp") ? 1 : 0);
	getservbyname_r("http", "tcp", &service, room, sizeof(room), &found_service);
	getservbyport_r(htons(80), "tcp", &service, room, sizeof(room), &found_service);
	say_result("getaddrinfo_a", getaddrinfo_a(GAI_WAIT, requests, 1, NULL));
	freeaddrinfo(request.ar_result);
	return NULL;
}

static void names(void) { in_worker(look_up); }

static void *copy(void *arg)
{
	FILE *from = tmpfile(), *to = tmpfile();
	char text[8] = "";

	usleep(100);
	CHECK_EQ(pwrite(fileno(from), "content", 7, 0), 7);
	say_result("copied", copy_file_range(fileno(from), NULL, fileno(to), NULL, 7, 0));
	CHECK_EQ(pread(fileno(to), text, 7, 0), 7);
	puts(text);
	say_result("synced", sync_file_range(fileno(to), 0, 7, SYNC_FILE_RANGE_WRITE));
	say_result("refused", copy_file_range(-1, NULL, fileno(to), NULL, 7, 0));
	fclose(from);
	fclose(to);
	return NULL;
}

static void files(void) { in_worker(copy); }

static int how;

/* Writes to the stream it is given: snprintf()'s own, or a real one. */
static int print_name(FILE *to, const struct printf_info *info, const void *const *args)
{
	const char *name = *(const char *const *)args[0];

	switch (how) {
	case 0:
		return fprintf(to, "%*s", info->width, name);
	case 1:
		return fputs(name, to);
	case 2:
		return (int)fwrite(name, 1, strlen(name), to);
	case 3:
		return putc(*name, to);
	default:
		return fflush(to);
	}
}

static int one_pointer(const struct printf_info *info, size_t n, int *types, int *sizes)
{
	if (n) {
		types[0] = PA_POINTER;
		sizes[0] = sizeof(void *);
	}
	return 1;
}

static void *print_often(void *arg)
{
	const char *volatile format = "<%9N>\n";	/* the compiler does not know it */
	char text[64], *made;

	usleep(100);
	for (how = 0; how < 5; how++) {
		snprintf(text, sizeof(text), format, "name");
		fputs(text, stdout);
		CHECK(asprintf(&made, format, "name") > 0);
		fputs(made, stdout);
		free(made);
		printf(format, "name");
		setvbuf(stderr, NULL, _IONBF, 0);
		fprintf(stderr, format, "name");
	}
	return NULL;
}

static void printf_hooks(void)
{
	CHECK_EQ(register_printf_specifier('N', print_name, one_pointer), 0);
	in_worker(print_often);
}

static void *use_while_locked(void *arg)
{
	char line[16];

	usleep(100);
	if (how) {
		CHECK(fgets(line, sizeof(line), f));
		return NULL;
	}
	CHECK(fputs("x\n", f) >= 0);
	CHECK(fprintf(f, "y\n") > 0);
	CHECK_EQ(fputc('z', f), 'z');
	CHECK_EQ(fflush(f), 0);
	return NULL;
}

/* Calls do not wait for the lock that another holds, if it is the callers' own affair. */
static void locked_by_callers(void)
{
	for (how = 0; how < 2; how++) {
		f = how ? fopen("/etc/passwd", "r") : tmpfile();
		__fsetlocking(f, FSETLOCKING_BYCALLER);
		flockfile(f);
		in_worker(use_while_locked);
		funlockfile(f);
		fclose(f);
	}
}

const struct check checks[] = {
	{ "readers", readers, NULL },
	{ "writers", writers, NULL },
	{ "messages", messages, NULL },
	{ "names", names, NULL },
	{ "files", files, NULL },
	{ "printf_hooks", printf_hooks, NULL },
	{ "locked_by_callers", locked_by_callers, NULL },
	{ 0 },
};
