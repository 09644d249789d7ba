/* SPDX-License-Identifier: MIT */
/* Waiting for pipes and FIFOs: whole and partial transfers, splicing, stdio, and descriptors shared with children. */
#include "io.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { MUCH = 1 << 20 };

static int ends[2];
static char *much;

static long write_much(void *fd)
{
	return write(*(int *)fd, much, MUCH);
}

static long writev_much(void *fd)
{
	struct iovec v[4] = {
		{ much, 1 }, { much + 1, 99999 }, { much + 100000, 0 }, { much + 100000, MUCH - 100000 }
	};

	return writev(*(int *)fd, v, 4);
}

/* A blocking write returns when all of it is written. */
static void whole_writes(void)
{
	long (*const writers[])(void *) = { write_much, writev_much };
	struct waiter w;

	much = malloc(MUCH);
	make_pattern(much, 0, MUCH);
	for (int way = 0; way < 2; way++) {
		open_pipe(ends);
		wait_begin(&w, writers[way], &ends[1]);
		still_waits(&w);
		drain(ends[0], 0, MUCH / 2);
		sleep_ms(1);
		still_waits(&w);
		drain(ends[0], MUCH / 2, MUCH / 2);
		wait_say(&w, way ? "writev" : "write");
		close_both(ends);
	}
	free(much);
}

static long readv_ten(void *fd)
{
	char block[10];
	struct iovec v[3] = { { block, 3 }, { block + 3, 4 }, { block + 7, 3 } };
	long n = readv(*(int *)fd, v, 3);

	CHECK(!memcmp(block, "abcdefghij", n));
	return n;
}

/* A read takes what is there. */
static void partial_reads(void)
{
	struct waiter w;

	open_pipe(ends);
	wait_begin(&w, readv_ten, &ends[0]);
	still_waits(&w);
	put(ends[1], "abcde");
	wait_say(&w, "five");
	put(ends[1], "abcdefghijk");
	wait_begin(&w, readv_ten, &ends[0]);
	wait_say(&w, "eleven");
	get(ends[0], "k");
	wait_begin(&w, readv_ten, &ends[0]);
	still_waits(&w);
	close(ends[1]);
	wait_say(&w, "none");
	close(ends[0]);
}

/* What fits into PIPE_BUF is written in one piece, though many write at once. */
enum { WRITERS = 6, RECORDS = 300, RECORD = 512 };

static void *write_records(void *arg)
{
	char record[RECORD];

	memset(record, 'a' + (int)(intptr_t)arg, RECORD);
	for (int i = 0; i < RECORDS; i++)
		CHECK_EQ(write(ends[1], record, RECORD), RECORD);
	return NULL;
}

static void records(void)
{
	char record[RECORD];
	int count[WRITERS] = { 0 };
	pthread_t t[WRITERS];

	open_pipe(ends);
	start_threads(t, WRITERS, write_records);
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		/* The capacity is a multiple of a record, so that what is there always is one. */
		CHECK_EQ(read(ends[0], record, RECORD), RECORD);
		for (int j = 1; j < RECORD; j++)
			CHECK_EQ(record[j], record[0]);
		count[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++)
		CHECK_EQ(count[i], RECORDS);
	join_threads(t, WRITERS);
	close_both(ends);
}

static long open_for_reading(void *name)
{
	int fd = open(name, O_RDONLY);
	char line[6] = "";

	CHECK(fd >= 0);
	CHECK_EQ(read(fd, line, 5), 5);
	CHECK(!strcmp(line, "hello"));
	CHECK_EQ(read(fd, line, 1), 0);
	return close(fd);
}

static long open_for_writing(void *name)
{
	int fd = open(name, O_WRONLY);

	CHECK(fd >= 0);
	put(fd, "hello");
	return close(fd);
}

/* Opening one end waits for the other. */
static void fifo(void)
{
	struct waiter reader, writer;

	CHECK_EQ(mkfifo("fifo", 0600), 0);
	say_result("nobody reads", open("fifo", O_WRONLY | O_NONBLOCK));
	for (int first = 0; first < 2; first++) {
		wait_begin(first ? &writer : &reader, first ? open_for_writing : open_for_reading, "fifo");
		still_waits(first ? &writer : &reader);
		wait_begin(first ? &reader : &writer, first ? open_for_reading : open_for_writing, "fifo");
		wait_say(&reader, "reader");
		wait_say(&writer, "writer");
	}
	CHECK_EQ(unlink("fifo"), 0);
}

static int from[2], to[2];

static long splice_in(void *arg)
{
	return splice(from[0], NULL, to[1], NULL, 5, 0);
}

/* Both sides wait: the source for bytes, the target for room. */
static void splices(void)
{
	struct waiter w;
	size_t filled;

	open_pair(from);
	open_pipe(to);
	wait_begin(&w, splice_in, NULL);
	still_waits(&w);
	put(from[1], "12345");
	wait_say(&w, "socket to pipe");
	get(to[0], "12345");
	close_both(from);
	close_both(to);
	open_pipe(from);
	open_tcp(to);
	wait_begin(&w, splice_in, NULL);
	still_waits(&w);
	put(from[1], "12345");
	wait_say(&w, "pipe to socket");
	get(to[0], "12345");
	close_both(to);
	open_pipe(to);
	filled = fill(to[1]);
	put(from[1], "12345");
	wait_begin(&w, splice_in, NULL);
	still_waits(&w);
	drain(to[0], 0, filled);
	wait_say(&w, "into a full pipe");
	get(to[0], "12345");
	close_both(from);
	close_both(to);
}

static long send_file(void *fd)
{
	off_t at = 0;
	long sum = 0;

	while (sum < MUCH) {
		long n = sendfile(*(int *)fd, from[0], &at, MUCH - sum);

		if (n <= 0)
			return n;
		sum += n;
	}
	return sum;
}

static void sends_file(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair, open_tcp };
	struct waiter w;

	much = malloc(MUCH);
	make_pattern(much, 0, MUCH);
	from[0] = open("file", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(write(from[0], much, MUCH), MUCH);
	for (int kind = 0; kind < 3; kind++) {
		kinds[kind](ends);
		wait_begin(&w, send_file, &ends[1]);
		drain(ends[0], 0, MUCH);
		wait_say(&w, "sendfile");
		close_both(ends);
	}
	close(from[0]);
	unlink("file");
	free(much);
}

static FILE *in, *out;

static long line_by_line(void *arg)
{
	char line[64], *whole = NULL;
	size_t room = 0;
	long n = 0;

	CHECK(fgets(line, sizeof(line), in));
	printf("fgets: %s", line);
	CHECK(getline(&whole, &room, in) > 0);
	printf("getline: %s", whole);
	CHECK_EQ(fread(line, 1, 10, in), 10);
	printf("fread: %.10s\n", line);
	CHECK_EQ(fscanf(in, "%ld", &n), 1);
	printf("fscanf: %ld\n", n);
	CHECK_EQ(fgetc(in), '\n');
	CHECK_EQ(fgetc(in), EOF);
	CHECK(feof(in));
	free(whole);
	return n;
}

/* stdio reads inside the libc, where nothing stands in front of it. */
static void stdio_reader(void)
{
	static const char *const pieces[] = { "a l", "ine\nano", "ther\n01234", "56789 ", "4", "2", "\n" };
	struct waiter w;

	open_pipe(ends);
	in = fdopen(ends[0], "r");
	wait_begin(&w, line_by_line, NULL);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		still_waits(&w);
		put(ends[1], pieces[i]);
		sleep_ms(2);
	}
	close(ends[1]);
	wait_say(&w, "lines");
	fclose(in);
}

static long print_much(void *arg)
{
	CHECK_EQ(fwrite(much, 1, MUCH, out), MUCH);
	CHECK_EQ(fprintf(out, "%s", "the end\n"), 8);
	CHECK_EQ(fflush(out), 0);
	return fclose(out);
}

static void stdio_writer(void)
{
	struct waiter w;

	much = malloc(MUCH);
	make_pattern(much, 0, MUCH);
	open_pipe(ends);
	out = fdopen(ends[1], "w");
	wait_begin(&w, print_much, NULL);
	still_waits(&w);
	drain(ends[0], 0, MUCH);
	get(ends[0], "the end\n");
	wait_say(&w, "written");
	close(ends[0]);
	free(much);
}

static long read_command(void *arg)
{
	char line[64];
	FILE *f = popen("sleep 0.05; echo one; sleep 0.05; echo two; exit 3", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		printf("the command says %s", line);
	return WEXITSTATUS(pclose(f));
}

static long write_command(void *arg)
{
	FILE *f = popen("sleep 0.05; wc -c >count; sleep 0.05", "w");

	CHECK(f);
	CHECK_EQ(fwrite(much, 1, MUCH, f), MUCH);
	return pclose(f);
}

static void commands(void)
{
	struct waiter w;
	char count[32];
	FILE *f;

	much = calloc(1, MUCH);
	wait_begin(&w, read_command, NULL);
	wait_say(&w, "exit status");
	wait_begin(&w, write_command, NULL);
	wait_say(&w, "exit status");
	f = fopen("count", "r");
	CHECK(f && fgets(count, sizeof(count), f));
	printf("it has read %s", count);
	fclose(f);
	unlink("count");
	free(much);
}

enum { SHARED = 4000, READERS = 3 };

static long taken, sum;

static void *take_bytes(void *arg)
{
	unsigned char c;

	while (read(ends[0], &c, 1) == 1) {
		__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&sum, c, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A child and the threads of its parent read from one pipe: each byte comes to one of them. */
static void shared_with_child(void)
{
	void (*const kinds[])(int *) = { open_pipe, open_pair };
	pthread_t t[READERS];
	long wanted = 0, childs[2];
	int report[2];
	pid_t child;

	for (int kind = 0; kind < 2; kind++) {
		taken = sum = wanted = 0;
		kinds[kind](ends);
		open_pipe(report);
		start_threads(t, READERS, take_bytes);
		child = fork();
		if (child == 0) {
			close(ends[1]);
			taken = sum = 0;
			take_bytes(NULL);
			_exit(write(report[1], (long[]){ taken, sum }, sizeof(childs)) != sizeof(childs));
		}
		for (int i = 0; i < SHARED; i++) {
			char c = pattern(i);

			wanted += (unsigned char)c;
			CHECK_EQ(write(ends[1], &c, 1), 1);
			if (i % 100 == 0)
				sleep_ms(1);
		}
		close(ends[1]);
		join_threads(t, READERS);
		CHECK_EQ(read(report[0], childs, sizeof(childs)), sizeof(childs));
		CHECK_EQ(waitpid(child, NULL, 0), child);
		CHECK_EQ(taken + childs[0], SHARED);
		CHECK_EQ(sum + childs[1], wanted);
		close(ends[0]);
		close_both(report);
	}
}

const struct check checks[] = {
	{ "whole_writes", whole_writes, NULL },
	{ "partial_reads", partial_reads, NULL },
	{ "records", records, NULL },
	{ "fifo", fifo, NULL },
	{ "splices", splices, NULL },
	{ "sends_file", sends_file, NULL },
	{ "stdio_reader", stdio_reader, NULL },
	{ "stdio_writer", stdio_writer, NULL },
	{ "commands", commands, NULL },
	{ "shared_with_child", shared_with_child, NULL },
	{ 0 },
};
