/* SPDX-License-Identifier: MIT */
/* Further calls that may wait, from worker threads: files, asynchronous input and output, names, terminals, pipes. */
#include "io.h"

#include <aio.h>
#include <fcntl.h>
#include <netdb.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <termios.h>

enum { SIZE = 8192 };

int fcntl64(int fd, int command, ...);

static int ends[2], file;

static void open_file(void)
{
	char name[] = "/tmp/umcg-io-XXXXXX";

	file = mkstemp(name);
	CHECK(file >= 0);
	CHECK_EQ(unlink(name), 0);
	CHECK_EQ(ftruncate(file, SIZE), 0);
}

/* Runs check in a worker. */
static void *run(void *check)
{
	((void (*)(void))check)();
	return NULL;
}

static void in_worker(void (*check)(void))
{
	pthread_t t;

	start_thread(&t, run, (void *)check);
	join_thread(t);
}

static void sync_files(void)
{
	char *map;

	open_file();
	CHECK_EQ(pwrite(file, "x", 1, 0), 1);
	say_result("fsync", fsync(file));
	say_result("fdatasync", fdatasync(file));
	say_result("syncfs", syncfs(file));
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	map[1] = 'y';
	say_result("msync", msync(map, SIZE, MS_SYNC));
	sync();
	say_result("fsync", fsync(-1));
	munmap(map, SIZE);
	close(file);
}

static void files(void)
{
	in_worker(sync_files);
}

static void transfer(void)
{
	struct iovec iov = { "vmsplice", 8 };
	int more[2];
	off64_t at = 0;

	open_file();
	CHECK_EQ(pwrite(file, "content", 7, 0), 7);
	open_pipe(ends);
	open_pipe(more);
	say_result("sendfile64", sendfile64(ends[1], file, &at, 7));
	say_result("tee", tee(ends[0], more[1], 7, 0));
	get(ends[0], "content");
	get(more[0], "content");
	say_result("vmsplice", vmsplice(ends[1], &iov, 1, 0));
	say_result("splice", splice(ends[0], NULL, more[1], NULL, 8, 0));
	get(more[0], "vmsplice");
	close_both(ends);
	close_both(more);
	close(file);
}

static long splice_waits(void *arg)
{
	return splice(ends[0], NULL, file, NULL, 4, 0);
}

static void transfers(void)
{
	struct waiter w;

	in_worker(transfer);
	open_file();
	open_pipe(ends);
	wait_begin(&w, splice_waits, NULL);
	still_waits(&w);
	put(ends[1], "late");
	wait_say(&w, "splice");
	close_both(ends);
	close(file);
}

static long take_count(void *arg)
{
	eventfd_t count;

	return eventfd_read(file, &count) ? -1 : (long)count;
}

static void event_counts(void)
{
	struct waiter w;

	file = eventfd(0, 0);
	wait_begin(&w, take_count, NULL);
	still_waits(&w);
	say_result("write", eventfd_write(file, 5));
	wait_say(&w, "read");
	close(file);
}

static char bytes[16];

static long wait_for_aio(void *many)
{
	struct aiocb cb = { .aio_fildes = ends[0], .aio_buf = bytes, .aio_nbytes = 4, .aio_lio_opcode = LIO_READ };
	struct aiocb *list[] = { &cb };

	if (many)
		return lio_listio(LIO_WAIT, list, 1, NULL) ? -1 : aio_return(&cb);
	CHECK_EQ(aio_read(&cb), 0);
	return aio_suspend((const struct aiocb *const *)list, 1, NULL) ? -1 : aio_return(&cb);
}

static long wait_for_aio64(void *many)
{
	struct aiocb64 cb = { .aio_fildes = ends[0], .aio_buf = bytes, .aio_nbytes = 4, .aio_lio_opcode = LIO_READ };
	struct aiocb64 *list[] = { &cb };

	if (many)
		return lio_listio64(LIO_WAIT, list, 1, NULL) ? -1 : aio_return64(&cb);
	CHECK_EQ(aio_read64(&cb), 0);
	return aio_suspend64((const struct aiocb64 *const *)list, 1, NULL) ? -1 : aio_return64(&cb);
}

static void asynchronous(void)
{
	struct waiter w;

	for (int i = 0; i < 4; i++) {
		open_pipe(ends);
		wait_begin(&w, i / 2 ? wait_for_aio64 : wait_for_aio, i % 2 ? ends : NULL);
		still_waits(&w);
		put(ends[1], "four");
		wait_say(&w, i % 2 ? "list" : "one");
		close_both(ends);
	}
}

#ifdef __GLIBC__
static void look_up_asynchronously(void)
{
	struct gaicb request = { .ar_name = "127.0.0.1" };
	struct gaicb *list[] = { &request };
	const struct gaicb *const *waiting = (const struct gaicb *const *)list;

	CHECK_EQ(getaddrinfo_a(GAI_NOWAIT, list, 1, NULL), 0);
	while (gai_error(&request) == EAI_INPROGRESS)
		gai_suspend(waiting, 1, NULL);
	say_result("getaddrinfo_a", gai_error(&request));
	freeaddrinfo(request.ar_result);
}
#endif

static void look_up(void)
{
	struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	struct hostent own, *found;
	char room[4096];
	int error;

	CHECK(gethostbyname("localhost") != NULL);
	CHECK(gethostbyname2("localhost", AF_INET) != NULL);
	CHECK_EQ(gethostbyname_r("localhost", &own, room, sizeof(room), &found, &error), 0);
	printf("%s\n", found->h_name);
	CHECK_EQ(gethostbyname2_r("localhost", AF_INET, &own, room, sizeof(room), &found, &error), 0);
	CHECK(gethostbyaddr(&loopback, sizeof(loopback), AF_INET) != NULL);
	CHECK_EQ(gethostbyaddr_r(&loopback, sizeof(loopback), AF_INET, &own, room, sizeof(room), &found, &error), 0);
	printf("%s\n", found->h_name);
#ifdef __GLIBC__
	look_up_asynchronously();
#endif
}

static void names(void)
{
	in_worker(look_up);
}

static void drain_terminal(void)
{
	int master, slave;

	CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
	say_result("tcdrain", tcdrain(slave));
	close(master);
	close(slave);
}

static void terminals(void)
{
	in_worker(drain_terminal);
}

static long lock_range(void *arg)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	int own = open("/proc/self/fd/0", O_RDONLY), other;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	other = open(path, O_RDWR);
	close(own);
	CHECK_EQ(fcntl64(other, F_OFD_SETLKW, &range), 0);
	close(other);
	return 0;
}

static void ranges(void)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	struct waiter w;

	open_file();
	CHECK_EQ(fcntl64(file, F_OFD_SETLK, &range), 0);
	wait_begin(&w, lock_range, NULL);
	still_waits(&w);
	range.l_type = F_UNLCK;
	CHECK_EQ(fcntl64(file, F_OFD_SETLK, &range), 0);
	wait_say(&w, "locked");
	close(file);
}

const struct check checks[] = {
	{ "files", files, NULL },
	{ "transfers", transfers, NULL },
	{ "event_counts", event_counts, NULL },
	{ "asynchronous", asynchronous, NULL },
	{ "names", names, NULL },
	{ "terminals", terminals, NULL },
	{ "ranges", ranges, NULL },
	{ 0 },
};
