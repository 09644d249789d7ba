/* SPDX-License-Identifier: MIT */
/* System V and POSIX message queues and semaphore sets: waits in the kernel that only home can do. */
#include "client.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

enum { ROUNDS = 50 };

static int id;

struct message {
	long type;
	int value;
};

static void *answer_messages(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct message m;

		CHECK_EQ(msgrcv(id, &m, sizeof(m.value), 1, 0), sizeof(m.value));
		m.type = 2;
		CHECK_EQ(msgsnd(id, &m, sizeof(m.value), 0), 0);
	}
	return NULL;
}

static void message_queue(void)
{
	pthread_t t[4];
	long sum = 0;

	id = msgget(IPC_PRIVATE, 0600);
	CHECK(id >= 0);
	start_threads(t, 4, answer_messages);
	for (int i = 0; i < 4 * ROUNDS; i++) {
		struct message m = { 1, i };

		CHECK_EQ(msgsnd(id, &m, sizeof(m.value), 0), 0);
		CHECK_EQ(msgrcv(id, &m, sizeof(m.value), 2, 0), sizeof(m.value));
		sum += m.value;
	}
	join_threads(t, 4);
	CHECK_EQ(sum, 4L * ROUNDS * (4 * ROUNDS - 1) / 2);
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
}

static void change(unsigned short which, short by)
{
	struct sembuf op = { which, by, 0 };

	CHECK_EQ(semop(id, &op, 1), 0);
}

static void *answer_semaphores(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		change(0, -1);
		change(1, 1);
	}
	return NULL;
}

static void semaphore_set(void)
{
	struct sembuf take = { 0, -1, 0 };
	struct timespec limit = { 0, 20000000 };
	long long begin;
	pthread_t t[3];

	id = semget(IPC_PRIVATE, 2, 0600);
	CHECK(id >= 0);
	start_threads(t, 3, answer_semaphores);
	for (int i = 0; i < 3 * ROUNDS; i++) {
		change(0, 1);
		change(1, -1);
	}
	join_threads(t, 3);
	begin = now_us(CLOCK_MONOTONIC);
	CHECK_EQ(semtimedop(id, &take, 1, &limit), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK(now_us(CLOCK_MONOTONIC) - begin >= 20000);
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
}

static mqd_t to, back;

static mqd_t open_queue(const char *kind)
{
	struct mq_attr a = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	char name[64];
	mqd_t q;

	snprintf(name, sizeof(name), "/umcg-test-%s-%d", kind, (int)getpid());
	q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
	if (q == (mqd_t)-1)
		client_skip("POSIX message queues cannot be made here");
	mq_unlink(name);
	return q;
}

static void *answer_posix(void *arg)
{
	struct timespec end = after_ms(CLOCK_REALTIME, 15000);
	char text[8];

	for (int i = 0; i < ROUNDS; i++) {
		if (i & 1) {
			CHECK_EQ(mq_receive(to, text, sizeof(text), NULL), 2);
			CHECK_EQ(mq_send(back, text, 2, 1), 0);
		} else {
			CHECK_EQ(mq_timedreceive(to, text, sizeof(text), NULL, &end), 2);
			CHECK_EQ(mq_timedsend(back, text, 2, 1, &end), 0);
		}
	}
	return NULL;
}

static void posix_queue(void)
{
	struct timespec soon;
	char text[8] = "x";
	pthread_t t[2];

	to = open_queue("to");
	back = open_queue("back");
	start_threads(t, 2, answer_posix);
	for (int i = 0; i < 2 * ROUNDS; i++) {
		CHECK_EQ(mq_send(to, text, 2, 1), 0);
		CHECK_EQ(mq_receive(back, text, sizeof(text), NULL), 2);
	}
	join_threads(t, 2);
	soon = after_ms(CLOCK_REALTIME, 20);
	CHECK_EQ(mq_timedreceive(to, text, sizeof(text), NULL, &soon), -1);
	CHECK_EQ(errno, ETIMEDOUT);
	mq_close(to);
	mq_close(back);
}

static void *name_address(void *arg)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(9) };
	char host[256], port[32];

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(getnameinfo((struct sockaddr *)&a, sizeof(a), host, sizeof(host), port, sizeof(port),
				     i & 1 ? NI_NUMERICHOST | NI_NUMERICSERV : NI_NUMERICSERV),
			 0);
		CHECK(!strcmp(port, "9"));
	}
	CHECK(!strcmp(host, "127.0.0.1"));
	return NULL;
}

static void names_of_addresses(void)
{
	pthread_t t[4];

	start_threads(t, 4, name_address);
	join_threads(t, 4);
}

const struct check checks[] = {
	{ "message_queue", message_queue, NULL },
	{ "semaphore_set", semaphore_set, NULL },
	{ "posix_queue", posix_queue, NULL },
	{ "names_of_addresses", names_of_addresses, NULL },
	{ 0 },
};
