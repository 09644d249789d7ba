/* SPDX-License-Identifier: MIT */
/* Read-write locks: readers together, writers alone, time limits, errors, and who goes first. */
#include "client.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t inside_barrier;
static sem_t step, stepped;
static atomic_int readers_inside, writers_inside;
static long counter, copy;

static void *read_together(void *arg)
{
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	/* Passes only if all hold the lock at the same time. */
	pthread_barrier_wait(&inside_barrier);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	return NULL;
}

static void readers_together(void)
{
	pthread_t t[32];

	pthread_barrier_init(&inside_barrier, NULL, 32);
	start_threads(t, 32, read_together);
	join_threads(t, 32);
	CHECK_EQ(pthread_rwlock_trywrlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
}

static void read_once(void)
{
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	atomic_fetch_add(&readers_inside, 1);
	CHECK_EQ(writers_inside, 0);
	CHECK_EQ(counter, copy);
	sched_yield();
	CHECK_EQ(counter, copy);
	atomic_fetch_sub(&readers_inside, 1);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
}

static void write_once(void)
{
	CHECK_EQ(pthread_rwlock_wrlock(&rw), 0);
	CHECK_EQ(atomic_fetch_add(&writers_inside, 1), 0);
	CHECK_EQ(readers_inside, 0);
	counter++;
	sched_yield();
	copy++;
	atomic_fetch_sub(&writers_inside, 1);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
}

static void *mix(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 400; i++) {
		if ((i + me) % 4 == 0)
			write_once();
		else
			read_once();
	}
	return NULL;
}

/* musl knows one kind only. */
static void prefer(pthread_rwlockattr_t *a, int preference)
{
#ifdef __GLIBC__
	int got = -1;

	CHECK_EQ(pthread_rwlockattr_setkind_np(a, preference), 0);
	CHECK_EQ(pthread_rwlockattr_getkind_np(a, &got), 0);
	CHECK_EQ(got, preference);
#endif
}

static void mix_with(int preference)
{
	pthread_rwlockattr_t a;
	pthread_t t[16];

	CHECK_EQ(pthread_rwlockattr_init(&a), 0);
	prefer(&a, preference);
	CHECK_EQ(pthread_rwlock_init(&rw, &a), 0);
	counter = copy = 0;
	start_threads(t, 16, mix);
	join_threads(t, 16);
	CHECK_EQ(counter, 16 * 100);
	CHECK_EQ(copy, counter);
	CHECK_EQ(pthread_rwlock_destroy(&rw), 0);
}

static void exclusion(void)
{
	mix_with(PTHREAD_RWLOCK_PREFER_READER_NP);
	mix_with(PTHREAD_RWLOCK_PREFER_WRITER_NP);
	mix_with(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
}

static void *try_both(void *arg)
{
	int *e = arg;

	e[0] = pthread_rwlock_tryrdlock(&rw);
	if (!e[0])
		pthread_rwlock_unlock(&rw);
	e[1] = pthread_rwlock_trywrlock(&rw);
	if (!e[1])
		pthread_rwlock_unlock(&rw);
	return NULL;
}

static void others_get(int read, int write)
{
	int e[2];
	pthread_t t;

	start_thread(&t, try_both, e);
	join_thread(t);
	CHECK_EQ(e[0], read);
	CHECK_EQ(e[1], write);
}

static void *errors_of(void *arg)
{
	others_get(0, 0);
	CHECK_EQ(pthread_rwlock_wrlock(&rw), 0);
	others_get(EBUSY, EBUSY);
#ifdef __GLIBC__	/* musl's waits for itself for ever */
	CHECK_EQ(pthread_rwlock_rdlock(&rw), EDEADLK);
	CHECK_EQ(pthread_rwlock_wrlock(&rw), EDEADLK);
#endif
	CHECK_EQ(pthread_rwlock_tryrdlock(&rw), EBUSY);
	CHECK_EQ(pthread_rwlock_trywrlock(&rw), EBUSY);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	others_get(0, EBUSY);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	others_get(0, EBUSY);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	others_get(0, 0);
	return NULL;
}

static void errors(void)
{
	pthread_t t;

	errors_of(NULL);
	start_thread(&t, errors_of, NULL);
	join_thread(t);
}

static void *hold_write(void *arg)
{
	CHECK_EQ(pthread_rwlock_wrlock(&rw), 0);
	sem_post(&stepped);
	sem_wait(&step);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	return NULL;
}

static void time_out_on(clockid_t clock)
{
	enum { TRIES = 6 };
	long long late[TRIES];

	for (int i = 0; i < TRIES; i++) {
		struct timespec end = after_ms(clock, 5 + i);
		int e = i & 1 ? pthread_rwlock_clockrdlock(&rw, clock, &end) :
				pthread_rwlock_clockwrlock(&rw, clock, &end);

		CHECK_EQ(e, ETIMEDOUT);
		late[i] = now_us(clock) - (end.tv_sec * 1000000LL + end.tv_nsec / 1000);
		CHECK(late[i] >= 0);
	}
	client_figure(clock == CLOCK_REALTIME ? "late_realtime_us" : "late_monotonic_us", median(late, TRIES));
}

static void time_out(void)
{
	struct timespec past, bad;
	pthread_t t;

	sem_init(&step, 0, 0);
	sem_init(&stepped, 0, 0);
	start_thread(&t, hold_write, NULL);
	sem_wait(&stepped);
	time_out_on(CLOCK_REALTIME);
	time_out_on(CLOCK_MONOTONIC);
	past = after_ms(CLOCK_REALTIME, -50);
	bad = past;
	bad.tv_nsec = 1000000000;
	CHECK_EQ(pthread_rwlock_timedrdlock(&rw, &past), ETIMEDOUT);
	CHECK_EQ(pthread_rwlock_timedwrlock(&rw, &past), ETIMEDOUT);
	CHECK_EQ(pthread_rwlock_timedrdlock(&rw, &bad), EINVAL);
	CHECK_EQ(pthread_rwlock_timedwrlock(&rw, &bad), EINVAL);
	CHECK_EQ(pthread_rwlock_clockrdlock(&rw, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	CHECK_EQ(pthread_rwlock_clockwrlock(&rw, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	sem_post(&step);
	join_thread(t);
	past = after_ms(CLOCK_REALTIME, 5000);
	CHECK_EQ(pthread_rwlock_timedrdlock(&rw, &past), 0);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_timedwrlock(&rw, &past), 0);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
}

static void *want_write(void *arg)
{
	CHECK_EQ(pthread_rwlock_wrlock(&rw), 0);
	printf("writer\n");
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	return NULL;
}

#ifdef __GLIBC__
static void *want_read(void *arg)
{
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	printf("reader\n");
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	return NULL;
}

/* With this preference a waiting writer keeps new readers out. */
static void writer_first(void)
{
	pthread_rwlockattr_t a;
	pthread_t writer, reader;

	pthread_rwlockattr_init(&a);
	prefer(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&rw, &a);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	start_thread(&writer, want_write, NULL);
	for (int i = 0; i < 5000 && pthread_rwlock_tryrdlock(&rw) != EBUSY; i++) {
		pthread_rwlock_unlock(&rw);
		sleep_ms(1);
	}
	start_thread(&reader, want_read, NULL);
	sleep_ms(20);
	CHECK_EQ(pthread_rwlock_tryrdlock(&rw), EBUSY);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	join_thread(writer);
	join_thread(reader);
}
#endif

#ifdef __GLIBC__
enum { ROUNDS = 200 };

static int written;

static void *write_rounds(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		sem_wait(&step);
		CHECK_EQ(pthread_rwlock_wrlock(&rw), 0);
		written++;
		CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	}
	return arg;
}

/* Nor does anybody read between the last reader's unlock and the writer that has waited for it. */
static void writer_is_not_overtaken(void)
{
	pthread_rwlockattr_t a;
	pthread_t writer;

	pthread_rwlockattr_init(&a);
	prefer(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&rw, &a);
	sem_init(&step, 0, 0);
	start_thread(&writer, write_rounds, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
		sem_post(&step);
		while (pthread_rwlock_tryrdlock(&rw) != EBUSY) {
			pthread_rwlock_unlock(&rw);
			sched_yield();
		}
		CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
		CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
		CHECK_EQ(written, i + 1);
		CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	}
	join_thread(writer);
}
#endif

/* By default a waiting writer does not stop a thread that reads already from reading again. */
static void readers_nest(void)
{
	pthread_t writer;

	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	start_thread(&writer, want_write, NULL);
	sleep_ms(20);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	join_thread(writer);
}

/* One less than there may be, as the libc counts them. */
#ifdef __GLIBC__
#define READERS rw.__data.__readers
enum { MOST_READERS = (1u << 31) - 8 };
#else
#define READERS rw.__u.__vi[0]
enum { MOST_READERS = 0x7ffffffe };
#endif

static void *read_once_too_often(void *arg)
{
	READERS = MOST_READERS;
	CHECK_EQ(pthread_rwlock_tryrdlock(&rw), EAGAIN);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), EAGAIN);
	CHECK_EQ(pthread_rwlock_unlock(&rw), 0);
	CHECK_EQ(pthread_rwlock_rdlock(&rw), 0);
	CHECK_EQ(READERS, MOST_READERS);
	return NULL;
}

static void too_many_readers(void)
{
	pthread_t t;

	start_thread(&t, read_once_too_often, NULL);
	join_thread(t);
}

const struct check checks[] = {
	{ "too_many_readers", too_many_readers, NULL },
	{ "readers_together", readers_together, NULL },
	{ "exclusion", exclusion, NULL },
	{ "errors", errors, NULL },
	{ "time_out", time_out, NULL },
#ifdef __GLIBC__
	{ "writer_first", writer_first, NULL },
	{ "writer_is_not_overtaken", writer_is_not_overtaken, NULL },
#endif
	{ "readers_nest", readers_nest, NULL },
	{ 0 },
};
