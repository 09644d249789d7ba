/* SPDX-License-Identifier: MIT */
/* Opening: a FIFO waits until its other end is opened, whichever function does it; a file does not. */
#include "io.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>

int open64(const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
int creat64(const char *path, mode_t mode);
#ifdef __GLIBC__
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
#endif
FILE *fopen64(const char *path, const char *mode);
FILE *freopen64(const char *path, const char *mode, FILE *f);

static char dir[] = "/tmp/umcg-open-XXXXXX", name[64];

static void make_dir(void)
{
	CHECK(mkdtemp(dir) != NULL);
	snprintf(name, sizeof(name), "%s/name", dir);
}

static void remove_dir(void)
{
	unlink(name);
	CHECK_EQ(rmdir(dir), 0);
}

/* 0 if it could be opened; the descriptor is closed. */
static long done(int fd)
{
	if (fd < 0)
		return -1;
	CHECK_EQ(close(fd), 0);
	return 0;
}

static long done_stream(FILE *f)
{
	return f ? fclose(f) : -1;
}

static long with_open(void *arg) { return done(open(name, O_RDONLY)); }
static long with_open64(void *arg) { return done(open64(name, O_RDONLY)); }
static long with_openat(void *arg) { return done(openat(AT_FDCWD, name, O_RDONLY)); }
static long with_openat64(void *arg) { return done(openat64(AT_FDCWD, name, O_RDONLY)); }
#ifdef __GLIBC__	/* for programs with _FORTIFY_SOURCE */
static long with_open_2(void *arg) { return done(__open_2(name, O_RDONLY)); }
static long with_open64_2(void *arg) { return done(__open64_2(name, O_RDONLY)); }
static long with_openat_2(void *arg) { return done(__openat_2(AT_FDCWD, name, O_RDONLY)); }
static long with_openat64_2(void *arg) { return done(__openat64_2(AT_FDCWD, name, O_RDONLY)); }
#endif
static long with_creat(void *arg) { return done(creat(name, 0600)); }
static long with_creat64(void *arg) { return done(creat64(name, 0600)); }
static long with_fopen(void *arg) { return done_stream(fopen(name, "r")); }
static long with_fopen64(void *arg) { return done_stream(fopen64(name, "w")); }
static long with_freopen(void *arg) { return done_stream(freopen(name, "r", fopen("/dev/null", "r"))); }
static long with_freopen64(void *arg) { return done_stream(freopen64(name, "r", fopen("/dev/null", "r"))); }
static long with_raw_open(void *arg) { return done((int)syscall(SYS_open, name, O_RDONLY)); }
static long with_raw_openat(void *arg) { return done((int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY)); }
static long with_raw_creat(void *arg) { return done((int)syscall(SYS_creat, name, 0600)); }

static const struct { const char *name; long (*call)(void *); bool writes; } calls[] = {
	{ "open", with_open, false }, { "open64", with_open64, false }, { "openat", with_openat, false },
	{ "openat64", with_openat64, false },
#ifdef __GLIBC__
	{ "__open_2", with_open_2, false }, { "__open64_2", with_open64_2, false },
	{ "__openat_2", with_openat_2, false }, { "__openat64_2", with_openat64_2, false },
#endif
	{ "creat", with_creat, true }, { "creat64", with_creat64, true }, { "fopen", with_fopen, false },
	{ "fopen64", with_fopen64, true }, { "freopen", with_freopen, false }, { "freopen64", with_freopen64, false },
	{ "SYS_open", with_raw_open, false }, { "SYS_openat", with_raw_openat, true }, { "SYS_creat", with_raw_creat, true },
};

/* Each name is a file first. */
static void each_waits(void)
{
	struct waiter w;
	int fd;

	make_dir();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		CHECK_EQ(close(open(name, O_RDWR | O_CREAT | O_EXCL, 0640)), 0);
		wait_begin(&w, calls[i].call, NULL);
		wait_say(&w, calls[i].name);
		CHECK_EQ(unlink(name), 0);
		CHECK_EQ(mkfifo(name, 0600), 0);
		wait_begin(&w, calls[i].call, NULL);
		still_waits(&w);
		fd = open(name, calls[i].writes ? O_RDONLY | O_NONBLOCK : O_WRONLY);
		wait_say(&w, calls[i].name);
		close(fd);
		CHECK_EQ(unlink(name), 0);
	}
	remove_dir();
}

static void handler(int sig)
{
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = handler };
	struct waiter w;

	make_dir();
	CHECK_EQ(mkfifo(name, 0600), 0);
	for (int i = 0; i < 2; i++) {
		act.sa_flags = i ? SA_RESTART : 0;
		CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
		wait_begin(&w, with_open, NULL);
		CHECK_EQ(pthread_kill(w.thread, SIGUSR1), 0);
		if (i) {
			sleep_ms(SETTLE_MS);
			still_waits(&w);
			close(open(name, O_WRONLY));
		}
		wait_say(&w, "open");
	}
	wait_begin(&w, with_open, NULL);
	CHECK_EQ(pthread_cancel(w.thread), 0);
	join_thread(w.thread);
	remove_dir();
}

static void *open_others(void *arg)
{
	const char *volatile nowhere = NULL;
	struct stat st;
	int fd, dirfd, flags[] = { O_RDONLY, O_RDWR, O_RDONLY | O_DIRECTORY, O_PATH, O_WRONLY | O_CREAT | O_EXCL };

	usleep(100);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		say_result("dir", done(open(dir, flags[i], 0600)));
	umask(0);
	dirfd = open(dir, O_RDONLY);
	for (int i = 0; i < 3; i++) {
		fd = openat(dirfd, "name", O_RDWR | O_CREAT | (i == 2 ? O_EXCL : 0), 0751);
		say_result("name", fd < 0 ? -1 : 0);
		if (fd >= 0) {
			CHECK_EQ(fstat(fd, &st), 0);
			printf("%o\n", st.st_mode & 0777);
			close(fd);
		}
	}
	close(dirfd);
	say_result("none", open("", O_RDONLY));
	say_result("none", open(nowhere, O_RDONLY));
	say_result("none", fopen("/no/such/file", "r") ? 0 : -1);
	say_result("mode", fopen(dir, "bad") ? 0 : -1);
	say_result("null", done(open("/dev/null", O_RDWR)));
	return NULL;
}

static void others(void)
{
	pthread_t t;

	make_dir();
	start_thread(&t, open_others, NULL);
	join_thread(t);
	remove_dir();
}

static int master, slave;

static long drain_by_ioctl(void *arg) { return ioctl(slave, TCSBRK, 1); }
static long send_break(void *arg) { return tcsendbreak(slave, 0); }

static long set_by_ioctl(void *arg)
{
	char settings[64];

	return ioctl(slave, TCGETS, settings) ? -1 : ioctl(slave, TCSETSW, settings);
}

static long set_attributes(void *arg)
{
	struct termios settings;
	int ret = tcgetattr(slave, &settings);

	settings.c_lflag &= (tcflag_t)~ECHO;
	ret = ret ? ret : tcsetattr(slave, TCSANOW, &settings);
	return ret ? ret : tcsetattr(slave, TCSADRAIN, &settings);
}

/* What has been written has to be read first, where the terminal is a pseudo one that is in effect at once. */
static void terminals(void)
{
	static const struct { const char *name; long (*call)(void *); } waits[] = {
		{ "TCSBRK", drain_by_ioctl }, { "TCSETSW", set_by_ioctl }, { "tcsetattr", set_attributes },
		{ "tcsendbreak", send_break },
	};
	struct waiter w;
	int n = -1;

	CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
	put(slave, "text");
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		wait_begin(&w, waits[i].call, NULL);
		wait_say(&w, waits[i].name);
	}
	get(master, "text");
	CHECK_EQ(ioctl(slave, FIONREAD, &n), 0);
	printf("%d\n", n);
	close(master);
	close(slave);
}

const struct check checks[] = {
	{ "each_waits", each_waits, NULL },
	{ "interrupted", interrupted, NULL },
	{ "others", others, NULL },
	{ "terminals", terminals, NULL },
	{ 0 },
};
