/* SPDX-License-Identifier: MIT */
/* Programs that end on NPTL because the kernel takes the CPU away or a blocked thread harms nobody else. */
#include "client.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int flag;

static void *spin(void *arg)
{
	while (!__atomic_load_n(&flag, __ATOMIC_RELAXED))
		continue;
	return NULL;
}

static void *set(void *arg)
{
	__atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void spinners(void)
{
	pthread_t t[5];

	start_threads(t, 4, spin);
	start_thread(&t[4], set, NULL);
	join_threads(t, 5);
}

/* Main itself spins for a thread that has not begun. */
static void main_spins(void)
{
	pthread_t t;

	start_thread(&t, set, NULL);
	spin(NULL);
	join_thread(t);
}

/* Each spins until its turn: progress only if every one gets the CPU again and again. */
static void *spin_for_turn(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 3; i++) {
		while (__atomic_load_n(&flag, __ATOMIC_ACQUIRE) % 4 != me)
			continue;
		__atomic_fetch_add(&flag, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

static void spinning_turns(void)
{
	pthread_t t[4];

	start_threads(t, 4, spin_for_turn);
	join_threads(t, 4);
	CHECK_EQ(flag, 12);
}

static int ends[2];

static void *read_line(void *arg)
{
	char line[64];
	FILE *f = fdopen(ends[0], "r");

	CHECK(f);
	CHECK(fgets(line, sizeof(line), f));
	CHECK(!strcmp(line, "a line\n"));
	CHECK(!fgets(line, sizeof(line), f));
	fclose(f);
	return NULL;
}

static void *compute_then_write(void *arg)
{
	burn_ms(100);
	CHECK_EQ(write(ends[1], "a li", 4), 4);
	burn_ms(20);
	CHECK_EQ(write(ends[1], "ne\n", 3), 3);
	close(ends[1]);
	return NULL;
}

static void *compute(void *arg)
{
	burn_ms(100);
	return NULL;
}

/* stdio's own read() is inside libc: nobody announces it. */
static void stdio_reader(void)
{
	pthread_t t[5];

	CHECK_EQ(pipe(ends), 0);
	start_thread(&t[0], read_line, NULL);
	start_threads(t + 1, 3, compute);
	start_thread(&t[4], compute_then_write, NULL);
	join_threads(t, 5);
}

static long futex(int *word, int op, int value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static int word;

static void take_futex_turns(int mine, int op_wait, int op_wake)
{
	for (int i = 0; i < 200; i++) {
		int seen;

		while ((seen = __atomic_load_n(&word, __ATOMIC_ACQUIRE)) % 2 != mine) {
			long e = futex(&word, op_wait, seen);

			CHECK(e == 0 || errno == EAGAIN || errno == EINTR);
		}
		__atomic_fetch_add(&word, 1, __ATOMIC_ACQ_REL);
		CHECK(futex(&word, op_wake, 1) >= 0);
	}
}

static void *private_futex(void *arg)
{
	take_futex_turns(arg != NULL, FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE);
	return NULL;
}

static void *shared_futex(void *arg)
{
	take_futex_turns(arg != NULL, FUTEX_WAIT, FUTEX_WAKE);
	return NULL;
}

static void raw_futex(void)
{
	pthread_t t[2];

	start_threads(t, 2, private_futex);
	join_threads(t, 2);
	start_threads(t, 2, shared_futex);
	join_threads(t, 2);
	CHECK_EQ(word, 800);
}

/* A system call that nobody sees but the kernel. */
static long unseen_call(long nr, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
	return result;
}

/* More threads blocked in the kernel than there can be servers, each waiting for the one before. */
static int chain[17][2];

static void *pass_byte(void *arg)
{
	intptr_t me = (intptr_t)arg;
	char c;

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(unseen_call(SYS_read, chain[me][0], (long)&c, 1, 0), 1);
		CHECK_EQ(unseen_call(SYS_write, chain[me + 1][1], (long)&c, 1, 0), 1);
	}
	return NULL;
}

static void raw_read_chain(void)
{
	pthread_t t[16];
	char c = 'x';

	for (int i = 0; i < 17; i++)
		CHECK_EQ(pipe(chain[i]), 0);
	start_threads(t, 16, pass_byte);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(write(chain[0][1], &c, 1), 1);
		CHECK_EQ(read(chain[16][0], &c, 1), 1);
	}
	join_threads(t, 16);
}

static void *wait_uninterrupted(void *arg)
{
	int ep = (int)syscall(SYS_epoll_create1, 0);
	char event[16];

	for (int i = 0; i < 10; i++) {
		struct timespec t = { 0, 10000000 };

		CHECK_EQ(unseen_call(SYS_nanosleep, (long)&t, 0, 0, 0), 0);
		CHECK_EQ(unseen_call(SYS_epoll_wait, ep, (long)event, 1, 10), 0);
		CHECK_EQ(unseen_call(SYS_poll, 0, 0, 5, 0), 0);
	}
	close(ep);
	__atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Nobody sent a signal, so no call may say that one came. */
static void taking_the_cpu_interrupts_nothing(void)
{
	pthread_t t[5];

	start_threads(t, 4, spin);
	start_thread(&t[4], wait_uninterrupted, NULL);
	join_threads(t, 5);
}

static int pairs[8][2];

static void *echo_side(void *arg)
{
	int *fd = pairs[(intptr_t)arg / 2], mine = fd[(intptr_t)arg % 2];
	char c = 'x';

	for (int i = 0; i < 100; i++) {
		struct pollfd p = { mine, POLLIN, 0 };

		if ((intptr_t)arg % 2 == 0)
			CHECK_EQ(write(mine, &c, 1), 1);
		if (i % 4 == 0)
			CHECK_EQ(poll(&p, 1, 10000), 1);
		CHECK_EQ(read(mine, &c, 1), 1);
		if ((intptr_t)arg % 2)
			CHECK_EQ(write(mine, &c, 1), 1);
	}
	return NULL;
}

static void socket_pairs(void)
{
	pthread_t t[16];

	for (int i = 0; i < 8; i++)
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
	start_threads(t, 16, echo_side);
	join_threads(t, 16);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(fcntl(pairs[i][0], F_GETFL) & O_NONBLOCK, 0);
}

static void *note_and_compute(void *arg)
{
	burn_ms(20);
	return arg;
}

/* Main blocks in read() of its standard input while threads compute; another process ends the wait. */
static void main_reads_stdin(void)
{
	pthread_t t[4];
	char text[16] = "";
	pid_t child;

	CHECK_EQ(pipe(ends), 0);
	child = fork();
	if (!child) {
		sleep_ms(150);
		_exit(write(ends[1], "input", 5) != 5);
	}
	dup2(ends[0], 0);
	start_threads(t, 4, note_and_compute);
	CHECK_EQ(read(0, text, sizeof(text)), 5);
	CHECK(!strcmp(text, "input"));
	join_threads(t, 4);
	CHECK_EQ(waitpid(child, NULL, 0), child);
}

static atomic_uint handled;

static void count_signal(int sig)
{
	handled++;
}

static sem_t never;

static void *wait_for_signals(void *arg)
{
	while (!__atomic_load_n(&flag, __ATOMIC_RELAXED))
		sem_wait(&never);
	return NULL;
}

static pthread_t receivers[4];

static void *send_signals(void *arg)
{
	for (int i = 0; i < 4000; i++)
		CHECK_EQ(pthread_kill(receivers[i % 4], SIGUSR1), 0);
	return NULL;
}

/* The CPU is taken from senders too, whatever they are at. */
static void senders(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	pthread_t t[4];

	CHECK_EQ(sem_init(&never, 0, 0), 0);
	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
	start_threads(receivers, 4, wait_for_signals);
	start_threads(t, 4, send_signals);
	join_threads(t, 4);
	CHECK(handled > 0);
	__atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		sem_post(&never);
	join_threads(receivers, 4);
}

const struct check checks[] = {
	{ "senders", senders, NULL },
	{ "spinners", spinners, NULL },
	{ "main_spins", main_spins, NULL },
	{ "spinning_turns", spinning_turns, NULL },
	{ "stdio_reader", stdio_reader, NULL },
	{ "raw_futex", raw_futex, NULL },
	{ "raw_read_chain", raw_read_chain, NULL },
	{ "taking_the_cpu_interrupts_nothing", taking_the_cpu_interrupts_nothing, NULL },
	{ "socket_pairs", socket_pairs, NULL },
	{ "main_reads_stdin", main_reads_stdin, NULL },
	{ 0 },
};
