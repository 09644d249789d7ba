/* SPDX-License-Identifier: MIT */
/*
 * Starting, watching and ending one child. The leader is reaped only after its session was killed, so that
 * its pid cannot be given to somebody else in between.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 1000, ENV_MAX = 256 };

struct stream {
	int fd;
	char *text;
	size_t len, room;
};

struct child {
	pid_t pid;
	int pidfd;
	struct stream out, err;
	long long start_ns, deadline_ns;
	bool ended, hang;
	char *report;
	char dir[PATH_MAX];
};

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void stream_open(struct stream *s, int fd)
{
	s->fd = fd;
	s->len = 0;
	s->room = 4096;
	s->text = calloc(1, s->room);
}

static void stream_close(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void stream_read(struct stream *s)
{
	ssize_t n;

	if (s->room - s->len < 2048) {
		s->room *= 2;
		s->text = realloc(s->text, s->room);
	}
	n = read(s->fd, s->text + s->len, s->room - s->len - 1);
	if (n > 0)
		s->len += n;
	else if (n == 0 || errno != EINTR)
		stream_close(s);
	s->text[s->len] = 0;
}

/* Settings of the tester's own shell must not decide what a child does. */
static char **clean_env(const struct child_spec *spec)
{
	static char *env[ENV_MAX];
	static char preload[PATH_MAX + 16], servers[32];
	size_t n = 0;

	for (char **e = environ; *e && n < ENV_MAX - 40; e++)
		if (strncmp(*e, "UMCG_", 5) && strncmp(*e, "LD_PRELOAD=", 11))
			env[n++] = *e;
	for (size_t i = 0; spec->env && spec->env[i] && n < ENV_MAX - 4; i++)
		env[n++] = (char *)spec->env[i];
	if (spec->preload) {
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", spec->preload);
		env[n++] = preload;
	}
	if (spec->servers) {
		snprintf(servers, sizeof(servers), "UMCG_SERVERS=%u", spec->servers);
		env[n++] = servers;
	}
	env[n] = NULL;
	return env;
}

static void become_child(const struct child_spec *spec, const char *dir, int out, int err)
{
	struct rlimit no_core = { 0, RLIM_INFINITY };
	sigset_t none;
	int in = open("/dev/null", O_RDONLY);

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	if (getrlimit(RLIMIT_CORE, &no_core) == 0)
		no_core.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &no_core);
	if (chdir(dir) || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	execve(spec->argv[0], (char **)spec->argv, clean_env(spec));
	dprintf(2, "harness: %s: %s\n", spec->argv[0], strerror(errno));
	_exit(127);
}

struct child *child_start(const struct child_spec *spec)
{
	struct child *c = calloc(1, sizeof(*c));
	const char *tmp = getenv("TMPDIR");
	int out[2], err[2];

	snprintf(c->dir, sizeof(c->dir), "%s/umcg-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(c->dir) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
		free(c);
		return NULL;
	}
	c->start_ns = now_ns();
	c->deadline_ns = c->start_ns + spec->deadline_ms * 1000000LL;
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0)
		become_child(spec, c->dir, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	stream_open(&c->out, out[0]);
	stream_open(&c->err, err[0]);
	c->pidfd = c->pid > 0 ? pidfd_open(c->pid, 0) : -1;
	c->ended = c->pidfd < 0;
	return c;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

const char *child_out(const struct child *c)
{
	return c->out.text;
}

/* One round of watching, until_ns at most. False once that time has come. */
static bool child_watch(struct child *c, long long until_ns)
{
	struct pollfd p[3] = {
		{ .fd = c->out.fd, .events = POLLIN },
		{ .fd = c->err.fd, .events = POLLIN },
		{ .fd = c->ended ? -1 : c->pidfd, .events = POLLIN },
	};
	long long left = until_ns - now_ns();

	if (left <= 0)
		return false;
	if (poll(p, 3, left / 1000000 + 1) < 0)
		return true;
	if (p[0].revents)
		stream_read(&c->out);
	if (p[1].revents)
		stream_read(&c->err);
	if (p[2].revents)
		c->ended = true;
	return true;
}

bool child_expect(struct child *c, const char *text)
{
	while (!strstr(c->out.text, text)) {
		if (c->out.fd < 0 || !child_watch(c, c->deadline_ns))
			return false;
	}
	return true;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void child_stop(struct child *c)
{
	if (!c->ended) {
		c->hang = true;
		c->report = child_describe(c->pid);
	}
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

void child_finish(struct child *c, struct child_result *r)
{
	long long grace_ns;

	memset(r, 0, sizeof(*r));
	r->started = c->pidfd >= 0;
	while (!c->ended && child_watch(c, c->deadline_ns))
		continue;
	r->seconds = (now_ns() - c->start_ns) / 1e9;
	/* Its own children may hold the pipes open for a moment. */
	grace_ns = now_ns() + GRACE_MS * 1000000LL;
	while (c->ended && (c->out.fd >= 0 || c->err.fd >= 0) && child_watch(c, grace_ns))
		continue;
	if (r->started) {
		child_stop(c);
		wait4(c->pid, &r->status, 0, &r->usage);
		close(c->pidfd);
	}
	stream_close(&c->out);
	stream_close(&c->err);
	nftw(c->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	r->hang = c->hang;
	r->hang_report = c->report;
	r->out = c->out.text;
	r->out_len = c->out.len;
	r->err = c->err.text;
	r->err_len = c->err.len;
	free(c);
}

void child_result_free(struct child_result *r)
{
	free(r->out);
	free(r->err);
	free(r->hang_report);
}
