/* SPDX-License-Identifier: MIT */
/*
 * What the io_ clients share: a thread that waits in one call while the rest of the program goes on, what became of
 * it, and the two ends of pipes, socket pairs and connections.
 */
#ifndef TESTS_CLIENTS_IO_H
#define TESTS_CLIENTS_IO_H

#include "client.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Long enough for a thread that says that it begins to be asleep in its call, on a machine with other work. */
enum { SETTLE_MS = 20, PATIENCE_MS = 1000, LIMIT_MS = 30 };

struct waiter {
	pthread_t thread;
	long (*call)(void *arg);
	void *arg;
	atomic_bool begun, ended;
	long result;
	int error; /* errno if the result is negative, else 0 */
	long long us;
};

/* Returns when the thread is about to call. */
void wait_start(struct waiter *w, long (*call)(void *arg), void *arg);
/* Returns when the thread has had SETTLE_MS to reach its wait, and all that it takes if nobody computes. */
void wait_begin(struct waiter *w, long (*call)(void *arg), void *arg);
long wait_end(struct waiter *w);
/* For a call that has to wait for what comes later. */
void still_waits(const struct waiter *w);
/* Ends it, and says in the transcript what it returned. */
void wait_say(struct waiter *w, const char *what);
/* Of a call that has just returned: errno says why. */
void say_result(const char *what, long result);

/* Of the kernel thread whose /proc file is named, as proc(5) has them; 0 if there is none. */
char state_of(const char *stat);

/* SO_RCVTIMEO or SO_SNDTIMEO; and the end of a call that had to wait that long. */
void set_limit(int fd, int option, long ms);
void say_limited(struct waiter *w, const char *what);

/* reader, writer */
void open_pipe(int ends[2]);
void open_pair(int ends[2]);
void open_tcp(int ends[2]);
void close_both(const int ends[2]);
void put(int fd, const char *text);
void get(int fd, const char *text);

/* Without a name, so that the kernel chooses one: nobody else has it. */
int listen_unix(struct sockaddr_un *address, socklen_t *length, int backlog);
int listen_tcp(struct sockaddr_in *address, int backlog);

/* Writes until nothing fits; returns how much that was. */
size_t fill(int fd);
/* Reads that many bytes, each of which has to be the next of the pattern. */
void drain(int fd, size_t from, size_t count);
char pattern(size_t at);
void make_pattern(char *to, size_t from, size_t count);

long call_read(void *fd);   /* one byte; arg: pointer to the descriptor */
long call_recv(void *fd);
long call_accept(void *fd); /* 0, not the number */

#endif
