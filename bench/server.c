/* SPDX-License-Identifier: MIT */
/*
 * bench/server N: an echo server over TCP with a thread for each of N connections, blocking reads and writes, and
 * nothing else. It is a plain program that knows nothing of the library; bench/load starts it and is its client.
 * Its port goes to standard output. It ends when all connections have been closed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 4096, BACKLOG = 4096 };

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
	_Exit(1);
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg, on = 1;
	char bytes[BUFFER];
	ssize_t n;

	check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t done = 0, sent; done < n; done += sent)
			check(sent = write(fd, bytes + done, (size_t)(n - done)), "write");
	check(n, "read");
	close(fd);
	return NULL;
}

static int start_listening(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(fd, "socket");
	check(bind(fd, (struct sockaddr *)&address, length), "bind");
	check(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
	check(listen(fd, BACKLOG), "listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0, listener;
	pthread_t *threads;

	if (count <= 0) {
		fputs("usage: server CONNECTIONS\n", stderr);
		return 2;
	}
	threads = calloc((size_t)count, sizeof *threads);
	if (!threads)
		return 1;
	listener = start_listening();
	for (int i = 0; i < count; i++) {
		int fd = accept(listener, NULL, NULL), error;

		check(fd, "accept");
		error = pthread_create(&threads[i], NULL, serve, (void *)(intptr_t)fd);
		errno = error;
		check(-error, "pthread_create");
	}
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return 0;
}
