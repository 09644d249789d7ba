/* SPDX-License-Identifier: MIT */
/*
 * What a signal's handler does to calls that wait for something else than a descriptor: with and without SA_RESTART
 * each ends with EINTR, is begun again, or is not disturbed at all.
 */
#include "client.h"

#include <aio.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pty.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ROUNDS = 3, PAUSE_MS = 3, NEVER_S = 1000 };

enum manner { RESTARTS, INTERRUPTED, UNDISTURBED };

/* Each call returns 0 or errno. */
struct call {
	const char *name;
	long (*call)(void);
	void (*prepare)(void);
	void (*end)(void);		/* what the call waits for; harmless if it does not wait any more */
	enum manner manner;
};

static atomic_int handled;
static atomic_bool done;
static sem_t begun, sem;
static int ends[2], number;
static pid_t child;
static pthread_t other;

static void on_signal(int sig)
{
	atomic_fetch_add(&handled, 1);
}

static long result_of(long ret) { return ret < 0 ? errno : 0; }

static void nothing(void) {}

/* Children. */

static void start_child(void)
{
	CHECK((child = fork()) >= 0);
	if (!child)
		for (;;)
			pause();
}

static void kill_child(void)
{
	if (child)
		kill(child, SIGKILL);
}

static void end_child(void)
{
	kill_child();
	waitpid(child, NULL, 0);
	child = 0;
}

static long call_waitpid(void)
{
	long e = result_of(waitpid(child, NULL, 0));

	if (e)
		end_child();
	return e;
}

static long call_waitid(void)
{
	siginfo_t info;
	long e = result_of(waitid(P_PID, child, &info, WEXITED));

	if (e)
		end_child();
	return e;
}

/* Locks of files, held by another descriptor. */

static void open_files(void)
{
	unlink("locked");
	ends[0] = open("locked", O_RDWR | O_CREAT, 0600);
	ends[1] = open("locked", O_RDWR);
	CHECK(ends[0] >= 0 && ends[1] >= 0);
}

static void hold_flock(void)
{
	open_files();
	CHECK_EQ(flock(ends[1], LOCK_EX), 0);
}

static long call_flock(void) { return result_of(flock(ends[0], LOCK_EX)); }

static void hold_own_lock(void)
{
	struct flock whole = { .l_type = F_WRLCK };

	open_files();
	CHECK_EQ(fcntl(ends[1], F_OFD_SETLK, &whole), 0);
}

static long call_setlkw(void) { return result_of(fcntl(ends[0], F_SETLKW, &(struct flock){ .l_type = F_WRLCK })); }
static long call_ofd_setlkw(void) { return result_of(fcntl(ends[0], F_OFD_SETLKW, &(struct flock){ .l_type = F_WRLCK })); }
static long call_lockf(void) { return result_of(lockf(ends[0], F_LOCK, 0)); }
static void drop_lock(void) { close(ends[1]); }

/* Queues. */

struct message {
	long type;
	char text[1000];
};

static void make_queue(void) { CHECK((number = msgget(IPC_PRIVATE, 0600)) >= 0); }

static void fill_queue(void)
{
	struct message m = { 1, "" };

	make_queue();
	while (msgsnd(number, &m, sizeof(m.text), IPC_NOWAIT) == 0)
		continue;
}

static long call_msgrcv(void)
{
	struct message m;

	return result_of(msgrcv(number, &m, sizeof(m.text), 0, 0));
}

static long call_msgsnd(void) { return result_of(msgsnd(number, &(struct message){ 1, "" }, 1000, 0)); }
static void remove_queue(void) { msgctl(number, IPC_RMID, NULL); }

static void make_semaphore(void) { CHECK((number = semget(IPC_PRIVATE, 1, 0600)) >= 0); }
static void remove_semaphore(void) { semctl(number, 0, IPC_RMID); }
static long call_semop(void) { return result_of(semop(number, &(struct sembuf){ .sem_op = -1 }, 1)); }

static long call_semtimedop(void)
{
	return result_of(semtimedop(number, &(struct sembuf){ .sem_op = -1 }, 1, &(struct timespec){ NEVER_S, 0 }));
}

static void make_mqueue(void)
{
	struct mq_attr a = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	char name[40];

	snprintf(name, sizeof(name), "/restarts-%d", (int)getpid());
	number = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &a);
	if (number < 0)
		client_skip("no message queues here");
	mq_unlink(name);
}

static void fill_mqueue(void)
{
	make_mqueue();
	CHECK_EQ(mq_send(number, "first", 6, 0), 0);
}

static long call_mq_receive(void)
{
	char text[8];

	return result_of(mq_receive(number, text, sizeof(text), NULL));
}

static long call_mq_send(void) { return result_of(mq_send(number, "second", 7, 0)); }

static void send_message(void)
{
	mq_send(number, "first", 6, 0);
}

static void take_message(void)
{
	call_mq_receive();
}

/* Signals and time. */

static sigset_t only_usr2(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	return s;
}

static long call_sigwait(void)
{
	sigset_t s = only_usr2();
	int sig;

	return sigwait(&s, &sig);
}

static long call_sigwaitinfo(void)
{
	sigset_t s = only_usr2();

	return result_of(sigwaitinfo(&s, NULL));
}

static long call_sigtimedwait(void)
{
	sigset_t s = only_usr2();

	return result_of(sigtimedwait(&s, NULL, &(struct timespec){ NEVER_S, 0 }));
}

static long call_sigsuspend(void)
{
	sigset_t s = only_usr2();

	return result_of(sigsuspend(&s));
}

static long call_pause(void) { return result_of(pause()); }
static long call_sleep(void) { return sleep(NEVER_S) ? EINTR : 0; }
static long call_usleep(void) { return result_of(usleep(NEVER_S * 1000 * 1000)); }
static long call_nanosleep(void) { return result_of(nanosleep(&(struct timespec){ NEVER_S, 0 }, NULL)); }
static long call_clock(void) { return clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ NEVER_S, 0 }, NULL); }

static long call_clock_until(void)
{
	struct timespec end = after_ms(CLOCK_REALTIME, NEVER_S * 1000);

	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, NULL);
}

static void send_awaited(void) { pthread_kill(other, SIGUSR2); }

/* Semaphores and futexes. */

static uint32_t word;

static long call_sem_wait(void) { return result_of(sem_wait(&sem)); }

static long call_sem_timedwait(void)
{
	struct timespec end = after_ms(CLOCK_REALTIME, NEVER_S * 1000);

	return result_of(sem_timedwait(&sem, &end));
}

static long call_sem_clockwait(void)
{
	struct timespec end = after_ms(CLOCK_MONOTONIC, NEVER_S * 1000);

	return result_of(sem_clockwait(&sem, CLOCK_MONOTONIC, &end));
}

static void post(void) { sem_post(&sem); }

static void reset_sem(void)
{
	while (sem_trywait(&sem) == 0)
		continue;
}

static long futex(int op, struct timespec *limit)
{
	long e = result_of(syscall(SYS_futex, &word, op, 0, limit, NULL, 0));

	return e == EAGAIN ? 0 : e;	/* woken before it slept */
}

static long call_futex(void) { return futex(FUTEX_WAIT_PRIVATE, NULL); }
static long call_shared_futex(void) { return futex(FUTEX_WAIT, NULL); }
static long call_futex_limit(void) { return futex(FUTEX_WAIT_PRIVATE, &(struct timespec){ NEVER_S, 0 }); }
static void reset_word(void) { __atomic_store_n(&word, 0, __ATOMIC_SEQ_CST); }

static void wake_futex(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Files that are no descriptors yet, or wait otherwise. */

static void make_fifo(void)
{
	unlink("fifo");
	CHECK_EQ(mkfifo("fifo", 0600), 0);
}

static long call_open(void)
{
	int fd = open("fifo", O_RDONLY);
	long e = result_of(fd);

	close(fd);
	return e;
}

static void open_other_end(void)
{
	/* Finds nobody between the interruption and the new beginning. */
	for (int fd; !done; sleep_ms(1))
		if ((fd = open("fifo", O_WRONLY | O_NONBLOCK)) >= 0)
			close(fd);
}

static void open_terminal(void) { CHECK_EQ(openpty(&ends[1], &ends[0], NULL, NULL, NULL), 0); }

static long call_read(void)
{
	char line[10];

	return result_of(read(ends[0], line, sizeof(line)));
}

static void write_line(void) { CHECK_EQ(write(ends[1], "x\n", 2), 2); }

static struct aiocb request;
static char byte;

static void begin_request(void)
{
	CHECK_EQ(pipe(ends), 0);
	request = (struct aiocb){ .aio_fildes = ends[0], .aio_buf = &byte, .aio_nbytes = 1,
				  .aio_sigevent = { .sigev_notify = SIGEV_NONE } };
	CHECK_EQ(aio_read(&request), 0);
}

static long call_aio_suspend(void) { return result_of(aio_suspend((const struct aiocb *[]){ &request }, 1, NULL)); }

static void end_request(void)
{
	CHECK_EQ(write(ends[1], "x", 1), 1);
	while (aio_error(&request) == EINPROGRESS)
		sleep_ms(1);
	CHECK_EQ(aio_return(&request), 1);
}

/* POSIX forbids EINTR here. */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, shared, inheriting;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, shared_cond;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once;
static atomic_bool signalled;

static void init_special(void)
{
	pthread_mutexattr_t a;
	pthread_condattr_t ca;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	CHECK_EQ(pthread_mutex_init(&shared, &a), 0);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	CHECK_EQ(pthread_mutex_init(&inheriting, &a), 0);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	CHECK_EQ(pthread_cond_init(&shared_cond, &ca), 0);
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, 2), 0);
}

#define LOCK_CALLS(what, object)                                                                          \
	static void hold_##what(void) { CHECK_EQ(pthread_mutex_lock(object), 0); }                         \
	static void drop_##what(void) { CHECK_EQ(pthread_mutex_unlock(object), 0); }                       \
	static long call_lock_##what(void)                                                                 \
	{                                                                                                  \
		long e = pthread_mutex_lock(object);                                                       \
		return e ? e : pthread_mutex_unlock(object);                                               \
	}
LOCK_CALLS(mutex, &mutex)
LOCK_CALLS(shared, &shared)
LOCK_CALLS(inheriting, &inheriting)

static long call_timedlock(void)
{
	struct timespec end = after_ms(CLOCK_REALTIME, NEVER_S * 1000);
	long e = pthread_mutex_timedlock(&mutex, &end);

	return e ? e : pthread_mutex_unlock(&mutex);
}

static void hold_rwlock(void) { CHECK_EQ(pthread_rwlock_wrlock(&rwlock), 0); }
static void drop_rwlock(void) { CHECK_EQ(pthread_rwlock_unlock(&rwlock), 0); }

static long call_rdlock(void)
{
	long e = pthread_rwlock_rdlock(&rwlock);

	return e ? e : pthread_rwlock_unlock(&rwlock);
}

static long call_wrlock(void)
{
	long e = pthread_rwlock_wrlock(&rwlock);

	return e ? e : pthread_rwlock_unlock(&rwlock);
}

static void reset_cond(void) { signalled = false; }

static long wait_on(pthread_cond_t *c, const struct timespec *end)
{
	long e = 0;

	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	while (!signalled && !e)
		e = end ? pthread_cond_timedwait(c, &mutex, end) : pthread_cond_wait(c, &mutex);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	return e;
}

static long call_cond(void) { return wait_on(&cond, NULL); }
static long call_shared_cond(void) { return wait_on(&shared_cond, NULL); }

static long call_cond_timed(void)
{
	struct timespec end = after_ms(CLOCK_REALTIME, NEVER_S * 1000);

	return wait_on(&cond, &end);
}

static void signal_conds(void)
{
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	signalled = true;
	CHECK_EQ(pthread_cond_signal(&cond), 0);
	CHECK_EQ(pthread_cond_signal(&shared_cond), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
}

static long call_barrier(void)
{
	int e = pthread_barrier_wait(&barrier);

	return e == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : e;
}

static void reach_barrier(void) { call_barrier(); }

static pthread_t first;

static sem_t inside;

static void initialise(void)
{
	sem_post(&inside);
	sem_wait(&sem);
}

static void *go_first(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
	if (arg)
		CHECK_EQ(pthread_once(&once, initialise), 0);
	else
		sem_wait(&sem);
	return NULL;
}

static void begin_once(void)
{
	reset_sem();
	once = PTHREAD_ONCE_INIT;
	start_thread(&first, go_first, &once);
	CHECK_EQ(sem_wait(&inside), 0);
}

static long call_once_(void) { return pthread_once(&once, initialise); }

static void end_once(void)
{
	sem_post(&sem);
	join_thread(first);
}

static void begin_first(void)
{
	reset_sem();
	start_thread(&first, go_first, NULL);
}

static long call_join(void) { return pthread_join(first, NULL); }

static const struct call calls[] = {
	{ "waitpid", call_waitpid, start_child, kill_child, RESTARTS },
	{ "waitid", call_waitid, start_child, kill_child, RESTARTS },
	{ "flock", call_flock, hold_flock, drop_lock, RESTARTS },
	{ "F_SETLKW", call_setlkw, hold_own_lock, drop_lock, RESTARTS },
	{ "F_OFD_SETLKW", call_ofd_setlkw, hold_own_lock, drop_lock, RESTARTS },
	{ "lockf", call_lockf, hold_own_lock, drop_lock, RESTARTS },
	{ "msgrcv", call_msgrcv, make_queue, remove_queue, INTERRUPTED },
	{ "msgsnd", call_msgsnd, fill_queue, remove_queue, INTERRUPTED },
	{ "semop", call_semop, make_semaphore, remove_semaphore, INTERRUPTED },
	{ "semtimedop", call_semtimedop, make_semaphore, remove_semaphore, INTERRUPTED },
	{ "mq_receive", call_mq_receive, make_mqueue, send_message, RESTARTS },
	{ "mq_send", call_mq_send, fill_mqueue, take_message, RESTARTS },
	{ "sigwait", call_sigwait, nothing, send_awaited, UNDISTURBED },
	{ "sigwaitinfo", call_sigwaitinfo, nothing, nothing, INTERRUPTED },
	{ "sigtimedwait", call_sigtimedwait, nothing, nothing, INTERRUPTED },
	{ "sigsuspend", call_sigsuspend, nothing, nothing, INTERRUPTED },
	{ "pause", call_pause, nothing, nothing, INTERRUPTED },
	{ "sleep", call_sleep, nothing, nothing, INTERRUPTED },
	{ "usleep", call_usleep, nothing, nothing, INTERRUPTED },
	{ "nanosleep", call_nanosleep, nothing, nothing, INTERRUPTED },
	{ "clock_nanosleep", call_clock, nothing, nothing, INTERRUPTED },
	{ "clock_nanosleep until", call_clock_until, nothing, nothing, INTERRUPTED },
	{ "sem_wait", call_sem_wait, reset_sem, post, RESTARTS },
	{ "sem_timedwait", call_sem_timedwait, reset_sem, nothing, INTERRUPTED },
	{ "sem_clockwait", call_sem_clockwait, reset_sem, nothing, INTERRUPTED },
	{ "futex", call_futex, reset_word, wake_futex, RESTARTS },
	{ "shared futex", call_shared_futex, reset_word, wake_futex, RESTARTS },
	{ "futex with a limit", call_futex_limit, reset_word, wake_futex, INTERRUPTED },
	{ "open", call_open, make_fifo, open_other_end, RESTARTS },
	{ "read of a terminal", call_read, open_terminal, write_line, RESTARTS },
	{ "aio_suspend", call_aio_suspend, begin_request, end_request, RESTARTS },
	{ "mutex", call_lock_mutex, hold_mutex, drop_mutex, UNDISTURBED },
	{ "mutex with a limit", call_timedlock, hold_mutex, drop_mutex, UNDISTURBED },
	{ "shared mutex", call_lock_shared, hold_shared, drop_shared, UNDISTURBED },
	{ "inheriting mutex", call_lock_inheriting, hold_inheriting, drop_inheriting, UNDISTURBED },
	{ "read lock", call_rdlock, hold_rwlock, drop_rwlock, UNDISTURBED },
	{ "write lock", call_wrlock, hold_rwlock, drop_rwlock, UNDISTURBED },
	{ "condition", call_cond, reset_cond, signal_conds, UNDISTURBED },
	{ "condition with a limit", call_cond_timed, reset_cond, signal_conds, UNDISTURBED },
	{ "shared condition", call_shared_cond, reset_cond, signal_conds, UNDISTURBED },
	{ "barrier", call_barrier, nothing, reach_barrier, UNDISTURBED },
	{ "once", call_once_, begin_once, end_once, UNDISTURBED },
	{ "join", call_join, begin_first, post, UNDISTURBED },
};

static void *call_it(void *arg)
{
	const struct call *c = arg;
	long e;

	sched_yield();
	sem_post(&begun);
	e = c->call();
	done = true;
	return (void *)e;
}

static void disturb(pthread_t t)
{
	int before = handled;

	CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
	for (int i = 0; i < 2000 && handled == before; i++)
		sleep_ms(1);
	CHECK(handled > before);
	sleep_ms(PAUSE_MS);
}

static void judge(const struct call *c, bool restart)
{
	bool ends_by_itself = c->manner == INTERRUPTED || (c->manner == RESTARTS && !restart);
	pthread_t t;
	long e;

	done = false;
	c->prepare();
	start_thread(&t, call_it, (void *)c);
	other = t;
	CHECK_EQ(sem_wait(&begun), 0);
	sleep_ms(2 * PAUSE_MS);
	/* One that comes before the call does not interrupt it. */
	for (int i = 0; ends_by_itself ? !done : i < ROUNDS; i++) {
		disturb(t);
		if (done && !ends_by_itself)
			break;
	}
	if (!ends_by_itself) {
		if (done)
			printf("ended early: ");
		c->end();
	}
	e = (long)join_thread(t);
	if (ends_by_itself)
		c->end();
	printf("%s: %s\n", c->name, e ? strerror((int)e) : "done");
	fflush(stdout);
	CHECK_EQ(e, ends_by_itself ? EINTR : 0);
}

static void *compute(void *arg)
{
	while (burn(1000))
		continue;
	return NULL;
}

static void judge_all(int flags)
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = flags };
	sigset_t s = only_usr2();
	pthread_t t;

	sem_init(&begun, 0, 0);
	sem_init(&sem, 0, 0);
	sem_init(&inside, 0, 0);
	init_special();
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
	sigemptyset(&a.sa_mask);
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	start_thread(&t, compute, NULL);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		judge(&calls[i], flags & SA_RESTART);
	_exit(0);
}

static void with_restart(void) { judge_all(SA_RESTART); }
static void without_restart(void) { judge_all(0); }

const struct check checks[] = {
	{ "with_restart", with_restart, NULL },
	{ "without_restart", without_restart, NULL },
	{ 0 },
};
