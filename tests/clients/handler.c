/* SPDX-License-Identifier: MIT */
/* Handlers of signals sent to a thread in any state: they run in that thread, and it goes on where it was. */
#include "client.h"

#include <semaphore.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

enum { SIGNALS = 30 };

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, of_cond = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t begun, never;
static atomic_bool over;
static atomic_int handled, misplaced;
static pthread_t target, helper;
static pid_t target_tid;
static uintptr_t stack_low, stack_size;
static __thread int own;
static int ends[2];

static void on_signal(int sig)
{
	int local, kept = errno;

	if (!pthread_equal(pthread_self(), target) || own != 99 || gettid() != target_tid)
		atomic_fetch_add(&misplaced, 1);
	if ((uintptr_t)&local - stack_low >= stack_size)
		atomic_fetch_add(&misplaced, 1);
	errno = 1234;
	atomic_fetch_add(&handled, 1);
	errno = kept;
}

static void begin_as_target(void)
{
	pthread_attr_t a;
	void *low;
	size_t size;

	own = 99;
	target = pthread_self();
	target_tid = gettid();
	CHECK_EQ(pthread_getattr_np(target, &a), 0);
	pthread_attr_getstack(&a, &low, &size);
	pthread_attr_destroy(&a);
	stack_low = (uintptr_t)low;
	stack_size = size;
	sem_post(&begun);
}

static void *compute(void *arg)
{
	begin_as_target();
	while (!over) {
		errno = 55;
		burn(100);
		CHECK_EQ(errno, 55);
	}
	return NULL;
}

static void *compute_and_yield(void *arg)
{
	begin_as_target();
	while (!over)
		sched_yield();
	return NULL;
}

static void *sleep_on(void *arg)
{
	begin_as_target();
	while (!over) {
		struct timespec t = { 0, 50000000 };

		nanosleep(&t, NULL);
	}
	return NULL;
}

static void *want_mutex(void *arg)
{
	begin_as_target();
	/* Not interruptible: it comes back with the lock only. */
	CHECK_EQ(pthread_mutex_lock(&m), 0);
	check_held(&m);
	CHECK(over);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *wait_cond(void *arg)
{
	begin_as_target();
	pthread_mutex_lock(&of_cond);
	while (!over)
		CHECK_EQ(pthread_cond_wait(&c, &of_cond), 0);
	pthread_mutex_unlock(&of_cond);
	return NULL;
}

static void *wait_sem(void *arg)
{
	begin_as_target();
	while (sem_wait(&never))
		CHECK_EQ(errno, EINTR);
	return NULL;
}

static void *block_in_read(void *arg)
{
	char byte;
	ssize_t n;

	begin_as_target();
	while ((n = read(ends[0], &byte, 1)) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK_EQ(n, 1);
	return NULL;
}

static void *wait_never(void *arg)
{
	while (sem_wait(&never))
		continue;
	return NULL;
}

static void *join_helper(void *arg)
{
	begin_as_target();
	CHECK_EQ(pthread_join(helper, NULL), 0);
	return NULL;
}

static void set_handler(int sig, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(sig, &a, NULL), 0);
}

static void let_go(void)
{
	over = true;
	pthread_mutex_unlock(&m);
	pthread_mutex_lock(&of_cond);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&of_cond);
	sem_post(&never);
	CHECK_EQ(write(ends[1], "x", 1), 1);
}

static void signal_one(pthread_t t, int nth)
{
	CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
	for (int i = 0; i < 10000 && handled < nth; i++)
		usleep(500);
	CHECK_EQ(handled, nth);
}

static void signal_in_state(void *(*state)(void *), int flags)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&never, 0, 0);
	CHECK_EQ(pipe(ends), 0);
	set_handler(SIGUSR1, on_signal, flags);
	pthread_mutex_lock(&m);
	if (state == join_helper)
		start_thread(&helper, wait_never, NULL);
	start_thread(&t, state, NULL);
	sem_wait(&begun);
	sleep_ms(20);
	for (int i = 1; i <= SIGNALS; i++)
		signal_one(t, i);
	let_go();
	join_thread(t);
	CHECK_EQ(misplaced, 0);
	CHECK_EQ(handled, SIGNALS);
}

static void while_computing(void) { signal_in_state(compute, 0); }
static void while_yielding(void) { signal_in_state(compute_and_yield, 0); }
static void while_sleeping(void) { signal_in_state(sleep_on, SA_RESTART); }
static void while_wanting_mutex(void) { signal_in_state(want_mutex, 0); }
static void while_waiting_cond(void) { signal_in_state(wait_cond, 0); }
static void while_waiting_sem(void) { signal_in_state(wait_sem, 0); }
static void while_reading(void) { signal_in_state(block_in_read, 0); }
static void while_joining(void) { signal_in_state(join_helper, 0); }

static sigjmp_buf out;

static void jump_out(int sig)
{
	siglongjmp(out, 1);
}

static void *jump_many(void *arg)
{
	volatile int jumps = 0;
	sigset_t mask;

	begin_as_target();
	if (sigsetjmp(out, 1))
		jumps++;
	CHECK(pthread_equal(pthread_self(), target) && own == 99);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	CHECK(!sigismember(&mask, SIGUSR1));
	handled = jumps;
	while (jumps < SIGNALS)
		burn(100);
	return NULL;
}

static void jump_out_of_handler(void)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	set_handler(SIGUSR1, jump_out, 0);
	start_thread(&t, jump_many, NULL);
	sem_wait(&begun);
	sleep_ms(10);
	for (int i = 1; i <= SIGNALS; i++)
		signal_one(t, i);
	join_thread(t);
}

static char *alternate;
static size_t alternate_size;

static void on_alternate(int sig)
{
	char local;
	stack_t now;

	if ((uintptr_t)&local - (uintptr_t)alternate >= alternate_size)
		atomic_fetch_add(&misplaced, 1);
	if (sigaltstack(NULL, &now) || !(now.ss_flags & SS_ONSTACK))
		atomic_fetch_add(&misplaced, 1);
	atomic_fetch_add(&handled, 1);
}

static void *with_alternate(void *arg)
{
	stack_t s = { .ss_sp = alternate, .ss_size = alternate_size }, got;

	CHECK_EQ(sigaltstack(&s, NULL), 0);
	for (int i = 0; i < 5; i++)
		sched_yield();
	CHECK_EQ(sigaltstack(NULL, &got), 0);
	CHECK(got.ss_sp == alternate && got.ss_size == alternate_size && got.ss_flags == 0);
	begin_as_target();
	while (!over)
		burn(100);
	s.ss_flags = SS_DISABLE;
	CHECK_EQ(sigaltstack(&s, NULL), 0);
	return NULL;
}

static void *without_alternate(void *arg)
{
	stack_t got;

	CHECK_EQ(sigaltstack(NULL, &got), 0);
	CHECK_EQ(got.ss_flags, SS_DISABLE);
	return NULL;
}

static void alternate_stack(void)
{
	pthread_t t, u;

	alternate_size = 64 * 1024;
	alternate = malloc(alternate_size);
	sem_init(&begun, 0, 0);
	set_handler(SIGUSR1, on_alternate, SA_ONSTACK);
	start_thread(&t, with_alternate, NULL);
	sem_wait(&begun);
	for (int i = 1; i <= SIGNALS; i++)
		signal_one(t, i);
	/* It belongs to one thread. */
	start_thread(&u, without_alternate, NULL);
	join_thread(u);
	over = true;
	join_thread(t);
	CHECK_EQ(misplaced, 0);
}

static void on_overflow(int sig)
{
	static const char text[] = "overflow handled on another stack\n";

	write(1, text, sizeof(text) - 1);
	_exit(21);
}

__attribute__((noinline)) static long descend(long depth)
{
	volatile char frame[512];

	frame[0] = (char)depth;
	return depth ? descend(depth - 1) + frame[0] : 0;
}

static void *overflow(void *arg)
{
	stack_t s = { .ss_sp = malloc(65536), .ss_size = 65536 };

	CHECK_EQ(sigaltstack(&s, NULL), 0);
	sched_yield();
	return (void *)descend(1L << 40);
}

static void overflow_is_handled(void)
{
	pthread_t t;

	set_handler(SIGSEGV, on_overflow, SA_ONSTACK);
	start_thread(&t, overflow, NULL);
	join_thread(t);
}

static sigjmp_buf back;
static char *forbidden;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	atomic_fetch_add(&handled, info->si_addr == forbidden + 16 ? 1 : 1000);
	if (!pthread_equal(pthread_self(), target))
		atomic_fetch_add(&misplaced, 1);
	siglongjmp(back, 1);
}

static void *fault_many(void *arg)
{
	for (volatile int i = 0; i < SIGNALS; i++) {
		target = pthread_self();
		if (!sigsetjmp(back, 1))
			*(volatile char *)(forbidden + 16) = 0;
		sched_yield();
	}
	return NULL;
}

static void faults_are_handled(void)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	pthread_t t;

	forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(forbidden != MAP_FAILED);
	sigemptyset(&a.sa_mask);
	sigaction(SIGSEGV, &a, NULL);
	start_thread(&t, fault_many, NULL);
	join_thread(t);
	CHECK_EQ(handled, SIGNALS);
	CHECK_EQ(misplaced, 0);
}

static void post_and_count(int sig)
{
	int kept = errno;

	sem_post(&never);
	atomic_fetch_add(&handled, 1);
	errno = kept;
}

static long counter;

static void *lock_and_wait(void *arg)
{
	while (!over) {
		CHECK_EQ(pthread_mutex_lock(&m), 0);
		counter++;
		CHECK_EQ(pthread_mutex_unlock(&m), 0);
		CHECK_EQ(pthread_mutex_lock(&of_cond), 0);
		pthread_cond_signal(&c);
		if (!over)
			pthread_cond_wait(&c, &of_cond);
		CHECK_EQ(pthread_mutex_unlock(&of_cond), 0);
		sem_trywait(&never);
	}
	return NULL;
}

/* Signals that land anywhere in locking, waiting and waking: the handler itself wakes. */
static void storm(void)
{
	pthread_t t[4];

	sem_init(&never, 0, 0);
	set_handler(SIGUSR1, post_and_count, SA_RESTART);
	start_threads(t, 4, lock_and_wait);
	for (int i = 0; i < 2000; i++) {
		CHECK_EQ(pthread_kill(t[i % 4], SIGUSR1), 0);
		if (i % 16 == 0)
			usleep(200);
	}
	over = true;
	pthread_mutex_lock(&of_cond);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&of_cond);
	join_threads(t, 4);
	CHECK(handled > 0 && counter > 0);
}

static void post_own(int sig)
{
	(void)sig;
	sem_post(&never);
	atomic_fetch_add(&handled, 1);
}

/* On one kernel thread for good, where the kernel restarts its sleep. */
static void *wait_for_own_handler(void *unused)
{
	cpu_set_t cpus;

	(void)unused;
	CHECK_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus), 0);
	sem_post(&begun);
	for (int i = 0; i < SIGNALS; i++)
		while (sem_wait(&never))
			CHECK_EQ(errno, EINTR);
	return NULL;
}

static void ends_its_own_wait(void)
{
	struct sigaction act = { .sa_handler = post_own, .sa_flags = SA_RESTART };
	pthread_t t;

	CHECK_EQ(sigaction(SIGUSR2, &act, NULL), 0);
	sem_init(&begun, 0, 0);
	sem_init(&never, 0, 0);
	start_thread(&t, wait_for_own_handler, NULL);
	sem_wait(&begun);
	for (int i = 0; i < SIGNALS; i++) {
		sleep_ms(2);
		CHECK_EQ(pthread_sigqueue(t, SIGUSR2, (union sigval){ 0 }), 0);
		while (handled != i + 1)
			sleep_ms(1);
	}
	join_thread(t);
}

static sem_t trapped, go_on;

static void on_trap(int sig)
{
	CHECK_EQ(sem_post(&trapped), 0);
	while (sem_wait(&go_on))
		CHECK_EQ(errno, EINTR);
	handled++;
}

static void *trap_many(void *arg)
{
	CHECK_EQ(sem_wait(&begun), 0);
	for (int i = 0; i < SIGNALS; i++)
		__asm__ volatile("int3" ::: "memory");
	return arg;
}

/* As in SBCL, whose code traps where it is to stop for the garbage collector. */
static void handler_of_fault_waits(void)
{
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&trapped, 0, 0);
	sem_init(&go_on, 0, 0);
	set_handler(SIGTRAP, on_trap, 0);
	start_thread(&t, trap_many, NULL);
	sleep_ms(5);
	CHECK_EQ(sem_post(&begun), 0);
	for (int i = 0; i < SIGNALS; i++) {
		CHECK_EQ(sem_wait(&trapped), 0);
		CHECK_EQ(sem_post(&go_on), 0);
	}
	join_thread(t);
	CHECK_EQ(handled, SIGNALS);
}

const struct check checks[] = {
	{ "while_computing", while_computing, NULL },
	{ "while_yielding", while_yielding, NULL },
	{ "while_sleeping", while_sleeping, NULL },
	{ "while_wanting_mutex", while_wanting_mutex, NULL },
	{ "while_waiting_cond", while_waiting_cond, NULL },
	{ "while_waiting_sem", while_waiting_sem, NULL },
	{ "while_reading", while_reading, NULL },
	{ "while_joining", while_joining, NULL },
	{ "storm", storm, NULL },
	{ "jump_out_of_handler", jump_out_of_handler, NULL },
	{ "alternate_stack", alternate_stack, NULL },
	{ "overflow_is_handled", overflow_is_handled, "exit 21" },
	{ "ends_its_own_wait", ends_its_own_wait, NULL },
	{ "faults_are_handled", faults_are_handled, NULL },
	{ "handler_of_fault_waits", handler_of_fault_waits, NULL },
	{ 0 },
};
