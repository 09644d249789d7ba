/* SPDX-License-Identifier: MIT */
/* Block detection, wake detection, preemption. */
#include "steps.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum {
	TIMES = 20, MANY = 24,
	SOON_US = 20000,	/* the best of TIMES; on a busy machine one may take long */
	NAP_MS = 120,		/* long enough to be noticed on such a machine, as a rule */
};

static struct pool pool;
static struct party s1, s2, w1, w2, many[MANY];
static int ends[2], flag, counter;

/* After a call in which w may have lost its server. */
static void come_in(struct party *w)
{
	while (!try_step(w, RUNNING, RUNNING))
		CHECK_EQ(umcg_wait(0, 0), 0);
}

static void read_pipe(struct party *w)
{
	for (int i = 0; i < TIMES; i++) {
		char c;

		CHECK_EQ(read(ends[0], &c, 1), 1);
		CHECK_EQ(c, 'a' + i);
		come_in(w);
		CHECK_EQ(w->ut.next_tid, s1.tid);
		worker_yield(w);
	}
}

/* W:BLOCKED, S:RUNNING and linked with it still; when the call ends W:IDLE and on the list; then it has its byte. */
static void pipe_blocks(void)
{
	long long least = 1000000;

	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, read_pipe);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		long long start = now_us(CLOCK_MONOTONIC);

		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		if (now_us(CLOCK_MONOTONIC) - start < least)
			least = now_us(CLOCK_MONOTONIC) - start;
		CHECK_EQ(state_of(&s1), RUNNING);
		CHECK_EQ(s1.ut.next_tid, w1.tid);
		CHECK_EQ(state_of(&w1), BLOCKED);
		CHECK(list_is_empty(&pool));
		sleep_ms(3);
		CHECK_EQ(state_of(&w1), BLOCKED);
		CHECK_EQ(write(ends[1], &(char){ 'a' + i }, 1), 1);
		CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
		server_expect(&s1, &w1);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK(becomes(&w1, IDLE, STEP_DEADLINE_MS));
		CHECK(list_is_empty(&pool));
	}
	CHECK(least < SOON_US);
	client_figure("detected_after_us", least);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

static void (*blocking_call)(void);

static void call_and_yield(struct party *w)
{
	for (int i = 0; i < TIMES; i++) {
		blocking_call();
		come_in(w);
		counter++;
		worker_yield(w);
	}
}

/*
 * It blocks TIMES times, and each time comes by the idle list. A call that ends by
 * itself may do so before anybody has noticed; not often.
 */
static void blocks_each_time(void (*prepare)(void), void (*call)(void), void (*end_call)(void))
{
	int unnoticed = 0;

	blocking_call = call;
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, call_and_yield);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		if (prepare)
			prepare();
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		if (!end_call && counter == i + 1) {
			unnoticed++;
			continue;
		}
		CHECK_EQ(counter, i);
		CHECK(state_of(&w1) != RUNNING);
		if (end_call) {
			CHECK_EQ(state_of(&w1), BLOCKED);
			end_call();
		}
		server_expect(&s1, &w1);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(counter, i + 1);
	}
	CHECK(unnoticed < TIMES / 2);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

static void nap(void)
{
	sleep_ms(NAP_MS);
}

static void nanosleep_blocks(void)
{
	blocks_each_time(NULL, nap, NULL);
}

static void poll_nothing(void)
{
	CHECK_EQ(poll(NULL, 0, NAP_MS), 0);
}

static void poll_blocks(void)
{
	blocks_each_time(NULL, poll_nothing, NULL);
}

static uint32_t word;

static void futex_wait(void)
{
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL);
	word = 0;
}

static void futex_wake(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE, 1);
}

static void futex_blocks(void)
{
	blocks_each_time(NULL, futex_wait, futex_wake);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock_mutex(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void hold_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

static void release_mutex(void)
{
	pthread_mutex_unlock(&mutex);
}

static void mutex_blocks(void)
{
	blocks_each_time(hold_mutex, lock_mutex, release_mutex);
}

/* A page that comes when the server lets it. */
static char *page;
static long page_size;
static int fault_fd;

static void touch_page(void)
{
	CHECK_EQ(*(volatile char *)page, 0);
}

static void discard_page(void)
{
	CHECK_EQ(madvise(page, (size_t)page_size, MADV_DONTNEED), 0);
}

static void give_page(void)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)page, (uint64_t)page_size } };

	CHECK_EQ(ioctl(fault_fd, UFFDIO_ZEROPAGE, &zero), 0);
}

static void page_fault_blocks(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg;

	page_size = sysconf(_SC_PAGESIZE);
	page = mmap(NULL, (size_t)page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fault_fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (fault_fd < 0)
		client_skip("no userfaultfd");
	reg = (struct uffdio_register){ .range = { (uintptr_t)page, (uint64_t)page_size },
					.mode = UFFDIO_REGISTER_MODE_MISSING };
	CHECK_EQ(ioctl(fault_fd, UFFDIO_API, &api), 0);
	CHECK_EQ(ioctl(fault_fd, UFFDIO_REGISTER, &reg), 0);
	blocks_each_time(discard_page, touch_page, give_page);
}

/* A server that waits is woken by the call's end, one that does not wait is left alone. */
static void wake_detection_with_idle_server(void)
{
	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, read_pipe);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&w1), BLOCKED);
		STEP(&s1, RUNNING, IDLE);
		s1.ut.next_tid = 0;
		__atomic_store_n(&pool.idle_server, s1.tid, __ATOMIC_SEQ_CST);
		CHECK_EQ(write(ends[1], &(char){ 'a' + i }, 1), 1);
		CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&s1), RUNNING);
		CHECK_EQ(pool.idle_server, 0);
		server_expect(&s1, &w1);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	}
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	server_end(&s1);
}

/* While one is blocked its server runs another. */
static void count_until_flag(struct party *w)
{
	while (!flag_is_up(&flag)) {
		counter++;
		worker_yield(w);
	}
}

static void server_goes_on(void)
{
	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, read_pipe);
	server_expect(&s1, &w1);
	start_worker(&w2, &pool, count_until_flag);
	server_expect(&s1, &w2);
	for (int i = 0; i < TIMES; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&w1), BLOCKED);
		for (int k = 0; k < 100; k++)
			CHECK_EQ(server_run(&s1, &w2, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(write(ends[1], &(char){ 'a' + i }, 1), 1);
		server_expect(&s1, &w1);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	}
	CHECK_EQ(counter, TIMES * 100);
	raise_flag(&flag);
	CHECK_EQ(server_run(&s1, &w2, 0), 0);
	CHECK_EQ(server_run(&s1, &w1, 0), 0);
	join_party(&w1);
	join_party(&w2);
	server_end(&s1);
}

static void read_one(struct party *w)
{
	char c;

	CHECK_EQ(read(ends[0], &c, 1), 1);
	come_in(w);
	CHECK_EQ(gettid(), (pid_t)w->tid);
	__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
}

/* Many are blocked at a time; each comes back once. */
static void many_block(void)
{
	char bytes[MANY] = { 0 };
	bool back[MANY] = { false };

	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	for (int i = 0; i < MANY; i++) {
		start_worker(&many[i], &pool, read_one);
		server_expect(&s1, &many[i]);
		CHECK_EQ(server_run(&s1, &many[i], in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&many[i]), BLOCKED);
	}
	CHECK_EQ(write(ends[1], bytes, MANY), MANY);
	for (int i = 0; i < MANY; i++) {
		struct party *w = server_take(&s1, STEP_DEADLINE_MS);

		CHECK(w && !back[w - many]);
		back[w - many] = true;
		CHECK_EQ(server_run(&s1, w, in_ms(STEP_DEADLINE_MS)), 0);
	}
	CHECK_EQ(counter, MANY);
	CHECK(list_is_empty(&pool));
	for (int i = 0; i < MANY; i++)
		join_party(&many[i]);
	server_end(&s1);
}

/* Nobody is told that a LOCKED worker blocks. */
static void block_locked(struct party *w)
{
	STEP(w, RUNNING, IDLE | LOCKED);
	blocking_call();
	CHECK_EQ(state_of(w), IDLE | LOCKED);
	CHECK_EQ(state_of(&s1), IDLE);
	STEP(w, IDLE | LOCKED, RUNNING | LOCKED);
	blocking_call();
	CHECK_EQ(state_of(w), RUNNING | LOCKED);
	CHECK_EQ(state_of(&s1), IDLE);
	CHECK_EQ(gettid(), (pid_t)w->tid);
	STEP(w, RUNNING | LOCKED, RUNNING);
	counter++;
	sleep_ms(4 * NAP_MS);		/* now they are told */
	come_in(w);
}

static void locked(void (*call)(void))
{
	blocking_call = call;
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, block_locked);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(counter, 1);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

static void locked_suppresses_block(void)
{
	locked(nap);
}

static void poll_pipe(void)
{
	struct pollfd p = { .fd = ends[0], .events = POLLIN };

	CHECK_EQ(poll(&p, 1, 20), 0);
}

static void locked_suppresses_block_of_poll(void)
{
	CHECK_EQ(pipe(ends), 0);
	locked(poll_pipe);
}

static void futex_briefly(void)
{
	static uint32_t never;

	CHECK_EQ(syscall(SYS_futex, &never, FUTEX_WAIT, 0, &(struct timespec){ 0, 20000000 }), -1);
}

static void locked_suppresses_block_of_futex(void)
{
	locked(futex_briefly);
}

/* Elsewhere than on its server's kernel thread, perhaps, but its server hears that it blocks. */
static void go_home_locked(struct party *w)
{
	char c;

	for (int i = 0; i < 3; i++) {
		sigset_t none;

		sigemptyset(&none);
		STEP(w, RUNNING, IDLE | LOCKED);
		pthread_sigmask(SIG_BLOCK, &none, NULL);
		CHECK_EQ(state_of(&s1), IDLE);
		STEP(w, IDLE | LOCKED, RUNNING);
		burn_ms(5);
		CHECK_EQ(state_of(&s1), IDLE);
		CHECK_EQ(read(ends[0], &c, 1), 1);
		come_in(w);
	}
}

static void block_after_locked_call(void)
{
	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, go_home_locked);
	server_expect(&s1, &w1);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		CHECK_EQ(state_of(&w1), BLOCKED);
		CHECK_EQ(write(ends[1], "x", 1), 1);
		server_expect(&s1, &w1);
	}
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

/* After its call it may run on for a short time only. */
static void spin_after_call(struct party *w)
{
	nap();
	while (!flag_is_up(&flag))
		burn(10);
	come_in(w);
}

static void unmanaged_time_is_short(void)
{
	long long least = 1000000;

	server_begin(&s1, &pool);
	for (int i = 0; i < TIMES; i++) {
		long long start;

		flag = 0;
		start_worker(&w1, &pool, spin_after_call);
		server_expect(&s1, &w1);
		start = now_us(CLOCK_MONOTONIC);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		server_expect(&s1, &w1);
		if (now_us(CLOCK_MONOTONIC) - start < least)
			least = now_us(CLOCK_MONOTONIC) - start;
		raise_flag(&flag);
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		join_party(&w1);
	}
	CHECK(least < NAP_MS * 1000 + SOON_US);
	client_figure("nap_and_unmanaged_us", least);
	server_end(&s1);
}

static void *compete(void *arg)
{
	while (!flag_is_up(&flag))
		burn(1000);
	return NULL;
}

static void go_home_and_spin(struct party *w)
{
	sigset_t none;

	sigemptyset(&none);
	for (int i = 0; i < TIMES / 4; i++) {
		pthread_sigmask(SIG_BLOCK, &none, NULL);
		burn_ms(20);
		come_in(w);
		raise_flag(&counter);
		worker_yield(w);
	}
}

static void *lowest_priority(void *arg)
{
	struct sched_param none = { 0 };

	CHECK_EQ(sched_setscheduler(0, SCHED_IDLE, &none), 0);
	start_worker(&w1, &pool, go_home_and_spin);
	return NULL;
}

/* Under the preload: its own kernel thread is slow to take it over; it is not forgotten there. */
static void home_is_slow(void)
{
	pthread_t t[4], creator;

	server_begin(&s1, &pool);
	start_threads(t, 4, compete);
	start_thread(&creator, lowest_priority, NULL);
	join_thread(creator);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES / 4; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		while (!flag_is_up(&counter)) {		/* it was at home, and has come in */
			server_expect(&s1, &w1);
			CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		}
		counter = 0;
	}
	raise_flag(&flag);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	join_threads(t, 4);
	server_end(&s1);
}

/* Preemption. */

static void on_signal(int sig)
{
}

static void install(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
}

static void spin(struct party *w)
{
	while (!flag_is_up(&flag)) {
		burn(10);
		__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
	}
}

static void *preempt_first(void *arg)
{
	while (!try_step(&w1, RUNNING, RUNNING | PREEMPTED))
		sleep_ms(1);
	CHECK(syscall(SYS_tgkill, getpid(), w1.tid, SIGUSR1) == 0);
	return NULL;
}

/*
 * Spinning: IDLE|PREEMPTED and on the list, its server RUNNING. The signal may find
 * it when it has been preempted and run again: it goes to its handler, as if it
 * blocked, and comes back without the flag.
 */
static void spinner_is_preempted(void)
{
	pthread_t t;

	install();
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, spin);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		int before;

		start_thread(&t, preempt_first, NULL);
		do {
			CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
			CHECK_EQ(state_of(&s1), RUNNING);
			CHECK_EQ(s1.ut.next_tid, w1.tid);
			server_expect(&s1, &w1);
		} while (state_of(&w1) != (IDLE | PREEMPTED));
		before = counter;
		sleep_ms(2);
		CHECK_EQ(counter, before);
		join_thread(t);
	}
	raise_flag(&flag);
	while (server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)) == 0 && state_of(&w1) != (IDLE | LOCKED))
		server_expect(&s1, &w1);	/* it went to its handler */
	CHECK(counter > 0);
	join_party(&w1);
	server_end(&s1);
}

/* In the midst of a sleep that nobody has noticed yet. */
static void marked_and_asleep(struct party *w)
{
	for (int i = 0; i < TIMES; i++) {
		char c;

		STEP(w, RUNNING, RUNNING | PREEMPTED);
		CHECK_EQ(read(ends[0], &c, 1), 1);
		come_in(w);
	}
}

static void blocked_worker_is_preempted(void)
{
	int blocked = 0;

	CHECK_EQ(pipe(ends), 0);
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, marked_and_asleep);
	server_expect(&s1, &w1);
	for (int i = 0; i < TIMES; i++) {
		CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		if (state_of(&w1) == (BLOCKED | PREEMPTED)) {
			blocked++;
			CHECK_EQ(s1.ut.next_tid, w1.tid);
			sleep_ms(3);
			CHECK_EQ(state_of(&w1), BLOCKED | PREEMPTED);
		} else {	/* preempted between the two; the next run blocks */
			CHECK(becomes(&w1, IDLE | PREEMPTED, STEP_DEADLINE_MS));
			server_expect(&s1, &w1);
			CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
		}
		CHECK_EQ(write(ends[1], "x", 1), 1);
		CHECK(becomes(&w1, IDLE | PREEMPTED, STEP_DEADLINE_MS) || state_of(&w1) == IDLE);
		server_expect(&s1, &w1);
	}
	CHECK(blocked > TIMES / 2);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	server_end(&s1);
}

/* Only RUNNING workers are preempted; the flag of others, and of those that yield, is not in the way. */
static void locked_is_not_preempted(struct party *w)
{
	STEP(w, RUNNING, IDLE | LOCKED);
	raise_flag(&counter);
	burn_ms(20);
	CHECK_EQ(state_of(w), IDLE | LOCKED);
	STEP(w, IDLE | LOCKED, RUNNING);
}

static void preempt_locked(void)
{
	install();
	server_begin(&s1, &pool);
	start_worker(&w1, &pool, locked_is_not_preempted);
	server_expect(&s1, &w1);
	CHECK_EQ(server_run(&s1, &w1, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&w1);
	CHECK(list_is_empty(&pool));
	server_end(&s1);
}

static void serve_all(struct party *s)
{
	while (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) < MANY) {
		struct party *w = server_take(s, 5);

		if (w)
			CHECK_EQ(server_run(s, w, in_ms(STEP_DEADLINE_MS)), 0);
	}
}

static void block_often(struct party *w)
{
	for (int i = 0; i < 10; i++) {
		sleep_ms(2 + (unsigned)w->number % 3);
		come_in(w);
		CHECK_EQ(gettid(), (pid_t)w->tid);
	}
	__atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
}

/* Two servers, whose workers sleep all the time: each comes to one of them, and ends. */
static void two_servers_of_sleepers(void)
{
	server_begin(&s1, &pool);
	start_server(&s2, &pool, serve_all);
	for (int i = 0; i < MANY; i++)
		start_worker(&many[i], &pool, block_often);
	serve_all(&s1);
	join_party(&s2);
	for (int i = 0; i < MANY; i++)
		join_party(&many[i]);
	CHECK(list_is_empty(&pool));
	server_end(&s1);
}

const struct check checks[] = {
	{ "pipe_blocks", pipe_blocks },
	{ "nanosleep_blocks", nanosleep_blocks },
	{ "poll_blocks", poll_blocks },
	{ "futex_blocks", futex_blocks },
	{ "mutex_blocks", mutex_blocks },
	{ "page_fault_blocks", page_fault_blocks },
	{ "wake_detection_with_idle_server", wake_detection_with_idle_server },
	{ "server_goes_on", server_goes_on },
	{ "many_block", many_block },
	{ "locked_suppresses_block", locked_suppresses_block },
	{ "locked_suppresses_block_of_poll", locked_suppresses_block_of_poll },
	{ "locked_suppresses_block_of_futex", locked_suppresses_block_of_futex },
	{ "block_after_locked_call", block_after_locked_call },
	{ "unmanaged_time_is_short", unmanaged_time_is_short },
	{ "home_is_slow", home_is_slow },
	{ "spinner_is_preempted", spinner_is_preempted },
	{ "blocked_worker_is_preempted", blocked_worker_is_preempted },
	{ "preempt_locked", preempt_locked },
	{ "two_servers_of_sleepers", two_servers_of_sleepers },
	{ 0 },
};
