/* SPDX-License-Identifier: MIT */
/*
 * Echo over socket pairs or pipes: for each pair one client thread and one server
 * thread, both with plain blocking read and write. One operation is a round trip;
 * all pairs together make the figure. Counting begins when each pair has made one
 * trip, because with thousands of threads the start alone can outlast the
 * measurement; the clients stop after a fixed time.
 */
#include "bench.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 64, CLIENT = 0, SERVER = 1, MOST_DESCRIPTORS = 4, SPARE_DESCRIPTORS = 64 };
enum { WARMING, COUNTING, STOPPED };

/* Each side reads from `in` and writes to `out`; of a socket they are the same. */
struct pair {
	int in[2], out[2];
	uint64_t trips;
};

static struct pair *pairs;
static uint64_t counted_from, stopped_at;
static atomic_uint cold;	/* pairs that have made no trip yet */
static sem_t all_warm;
static atomic_int phase;

static void send_all(int fd, const char *bytes)
{
	for (size_t done = 0; done < MESSAGE;) {
		ssize_t n = write(fd, bytes + done, MESSAGE - done);

		bench_check_errno(n, "write");
		done += (size_t)n;
	}
}

/* False at the end of the stream; an end inside a message is an error. */
static bool receive_all(int fd, char *bytes)
{
	for (size_t done = 0; done < MESSAGE;) {
		ssize_t n = read(fd, bytes + done, MESSAGE - done);

		bench_check_errno(n, "read");
		if (n == 0 && done == 0)
			return false;
		if (n == 0)
			bench_fail("echo: a message ended early");
		done += (size_t)n;
	}
	return true;
}

static int phase_now(void)
{
	return atomic_load_explicit(&phase, memory_order_relaxed);
}

static void client(struct pair *pair)
{
	char sent[MESSAGE] = { 0 }, got[MESSAGE];

	for (uint64_t serial = 0; phase_now() != STOPPED; serial++) {
		memcpy(sent, &serial, sizeof serial);
		send_all(pair->out[CLIENT], sent);
		if (!receive_all(pair->in[CLIENT], got) || memcmp(sent, got, MESSAGE) != 0)
			bench_fail("echo: another message came back");
		if (phase_now() == COUNTING)
			pair->trips++;
		if (serial == 0 && atomic_fetch_sub(&cold, 1) == 1)
			sem_post(&all_warm);
	}
	if (pair->in[CLIENT] == pair->out[CLIENT])
		bench_check_errno(shutdown(pair->out[CLIENT], SHUT_WR), "shutdown");
	else
		bench_check_errno(close(pair->out[CLIENT]), "close");
}

static void server(const struct pair *pair)
{
	char message[MESSAGE];

	while (receive_all(pair->in[SERVER], message))
		send_all(pair->out[SERVER], message);
}

static void body(unsigned index)
{
	struct pair *pair = &pairs[index / 2];

	if (index % 2 == CLIENT)
		client(pair);
	else
		server(pair);
}

static void conduct(void)
{
	while (sem_wait(&all_warm) != 0)
		if (errno != EINTR)
			bench_check_errno(-1, "sem_wait");
	counted_from = bench_now();
	atomic_store(&phase, COUNTING);
	bench_sleep(bench_options.seconds);
	stopped_at = bench_now();
	atomic_store(&phase, STOPPED);
}

static void allow_descriptors(unsigned count)
{
	rlim_t wanted = MOST_DESCRIPTORS * (rlim_t)count + SPARE_DESCRIPTORS;
	struct rlimit limit;

	bench_check_errno(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		bench_check_errno(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	}
}

static void open_sockets(struct pair *pair)
{
	bench_check_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->in), "socketpair");
	memcpy(pair->out, pair->in, sizeof pair->out);
}

static void open_pipes(struct pair *pair)
{
	int there[2], back[2];

	bench_check_errno(pipe(there), "pipe");
	bench_check_errno(pipe(back), "pipe");
	pair->in[SERVER] = there[0];
	pair->out[CLIENT] = there[1];
	pair->in[CLIENT] = back[0];
	pair->out[SERVER] = back[1];
}

static void run(const char *name, void (*open_pair)(struct pair *))
{
	unsigned count = bench_options.threads;
	double sum = 0, squares = 0, ns;

	pairs = bench_alloc(count, sizeof *pairs);
	allow_descriptors(count);
	for (unsigned i = 0; i < count; i++)
		open_pair(&pairs[i]);
	atomic_store(&cold, count);
	bench_check_errno(sem_init(&all_warm, 0, 0), "sem_init");
	bench_team(2 * count, body, conduct);
	ns = (double)(stopped_at - counted_from);
	for (unsigned i = 0; i < count; i++) {
		sum += (double)pairs[i].trips;
		squares += (double)pairs[i].trips * (double)pairs[i].trips;
	}
	if (sum == 0)
		bench_fail("echo: no round trip was finished in time");
	bench_report(name);
	bench_figure("ns_per_op", ns / sum);
	bench_count("operations", (uint64_t)sum);
	bench_figure("seconds", ns / 1e9);
	bench_figure("jain", sum * sum / (squares * count));
	bench_report_end();
	free(pairs);
}

void bench_echo(void)
{
	run("echo", open_sockets);
}

void bench_echo_pipes(void)
{
	run("echo-pipes", open_pipes);
}
