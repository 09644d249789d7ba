/* SPDX-License-Identifier: MIT */
/* umcg_ctl(): who may register with what, and who not; what is left of a task that ends; forks. */
#include "steps.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct pool pool;
static struct party server, other, worker;
static struct umcg_task task;

static void fails(uint32_t flags, struct umcg_task *self, int error)
{
	errno = 0;
	CHECK_EQ(umcg_ctl(flags, self), -1);
	CHECK_EQ(errno, error);
}

static struct umcg_task *plain(uint32_t state)
{
	task = (struct umcg_task){ .state = state };
	return &task;
}

static struct umcg_task *plain_worker(uint32_t state)
{
	task = (struct umcg_task){ .state = state, .idle_workers_ptr = (uintptr_t)&pool.idle,
				   .idle_server_tid_ptr = (uintptr_t)&pool.idle_server };
	return &task;
}

static void server_registers(void)
{
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, plain(RUNNING)), 0);
	CHECK_EQ(task.state, RUNNING);
	CHECK_EQ(task.next_tid, 0);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	CHECK_EQ(task.state, RUNNING);
}

static pthread_barrier_t all_at_once;

static void *be_first(void *arg)
{
	struct umcg_task mine = { .state = RUNNING };

	pthread_barrier_wait(&all_at_once);
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, &mine), 0);
	pthread_barrier_wait(&all_at_once);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	return NULL;
}

static int monitors(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int found = 0;

	CHECK(tasks);
	for (struct dirent *d; (d = readdir(tasks));) {
		char path[64], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", d->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		found += fgets(name, sizeof(name), f) && !strcmp(name, "umcg/monitor\n");
		fclose(f);
	}
	closedir(tasks);
	return found;
}

/* Many threads are the first to register: the library starts once. */
static void first_all_at_once(void)
{
	pthread_t t[16];

	pthread_barrier_init(&all_at_once, NULL, 16);
	start_threads(t, 16, be_first);
	join_threads(t, 16);
	for (int i = 0; i < 1000 && monitors() == 0; i++)
		sleep_ms(1);		/* until it has given itself its name */
	sleep_ms(5);
	CHECK_EQ(monitors(), 1);
}

static void server_again_and_again(void)
{
	for (int i = 0; i < 100; i++)
		server_registers();
}

static void server_bad_state(void)
{
	const uint32_t bad[] = { UMCG_TASK_NONE, IDLE, BLOCKED, 4, 0xff, RUNNING | LOCKED, RUNNING | PREEMPTED,
				 RUNNING | 1 << 10, RUNNING | 1 << 16, RUNNING | 1 << 24 };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		fails(UMCG_CTL_REGISTER, plain(bad[i]), EINVAL);
	server_registers();
}

static void server_bad_fields(void)
{
	plain(RUNNING)->next_tid = (uint32_t)gettid();
	fails(UMCG_CTL_REGISTER, &task, EINVAL);
	plain(RUNNING)->idle_workers_ptr = (uintptr_t)&pool.idle;
	fails(UMCG_CTL_REGISTER, &task, EINVAL);
	plain(RUNNING)->idle_server_tid_ptr = (uintptr_t)&pool.idle_server;
	fails(UMCG_CTL_REGISTER, &task, EINVAL);
	server_registers();
}

static void worker_bad_state(void)
{
	const uint32_t bad[] = { UMCG_TASK_NONE, RUNNING, BLOCKED, 4, IDLE | LOCKED, IDLE | PREEMPTED, IDLE | 1 << 16,
				 IDLE | 1 << 24 };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		fails(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, plain_worker(bad[i]), EINVAL);
	CHECK(list_is_empty(&pool));
}

static void worker_bad_fields(void)
{
	const uint32_t as_worker = UMCG_CTL_REGISTER | UMCG_CTL_WORKER;

	plain_worker(IDLE)->next_tid = (uint32_t)gettid();
	fails(as_worker, &task, EINVAL);
	plain_worker(IDLE)->idle_workers_ptr = 0;
	fails(as_worker, &task, EINVAL);
	plain_worker(IDLE)->idle_server_tid_ptr = 0;
	fails(as_worker, &task, EINVAL);
	plain_worker(IDLE)->idle_workers_ptr += 4;
	fails(as_worker, &task, EINVAL);
	plain_worker(IDLE)->idle_server_tid_ptr += 2;
	fails(as_worker, &task, EINVAL);
	plain_worker(IDLE)->idle_workers_ptr = 4096;
	fails(as_worker, &task, EFAULT);
	plain_worker(IDLE)->idle_server_tid_ptr = 4096;
	fails(as_worker, &task, EFAULT);
	CHECK(list_is_empty(&pool));
}

static void bad_flags(void)
{
	const uint32_t bad[] = { 0, UMCG_CTL_WORKER, UMCG_CTL_REGISTER | UMCG_CTL_UNREGISTER, UMCG_CTL_REGISTER | 4,
				 UMCG_CTL_UNREGISTER | UMCG_CTL_WORKER, ~0u };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fails(bad[i], plain(RUNNING), EINVAL);
		fails(bad[i], NULL, EINVAL);
	}
	server_registers();
}

static void bad_self(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	CHECK_EQ(mprotect(map + page, page, PROT_NONE), 0);
	CHECK_EQ(mprotect(map + 2 * page, page, PROT_READ), 0);
	fails(UMCG_CTL_REGISTER, NULL, EINVAL);
	fails(UMCG_CTL_REGISTER, (void *)((char *)&task + 4), EINVAL);
	fails(UMCG_CTL_REGISTER, (void *)4096, EFAULT);
	fails(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, (void *)4096, EFAULT);
	fails(UMCG_CTL_REGISTER, (void *)(map + page), EFAULT);
	fails(UMCG_CTL_REGISTER, (void *)(map + page - 8), EFAULT);
	fails(UMCG_CTL_REGISTER, (void *)(map + 2 * page), EFAULT);
	fails(UMCG_CTL_REGISTER, (void *)~(uintptr_t)63, EFAULT);
	server_registers();
}

static void server_twice(void)
{
	static struct umcg_task second;

	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, plain(RUNNING)), 0);
	second.state = RUNNING;
	fails(UMCG_CTL_REGISTER, &second, EINVAL);
	fails(UMCG_CTL_REGISTER, &task, EINVAL);
	second = (struct umcg_task){ .state = IDLE, .idle_workers_ptr = (uintptr_t)&pool.idle,
				     .idle_server_tid_ptr = (uintptr_t)&pool.idle_server };
	fails(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &second, EINVAL);
	CHECK(list_is_empty(&pool));
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
}

static void unregister_errors(void)
{
	fails(UMCG_CTL_UNREGISTER, NULL, EINVAL);
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, plain(RUNNING)), 0);
	fails(UMCG_CTL_UNREGISTER, &task, EINVAL);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	fails(UMCG_CTL_UNREGISTER, NULL, EINVAL);
}

static int ran;

static void try_again(struct party *w)
{
	static struct umcg_task second = { .state = RUNNING };

	fails(UMCG_CTL_REGISTER, &second, EINVAL);
	fails(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &w->ut, EINVAL);
	fails(UMCG_CTL_UNREGISTER, &w->ut, EINVAL);
	CHECK_EQ(state_of(w), RUNNING);
	ran++;
}

/* Registering puts it on the idle list, IDLE, and does not return before a server runs it. */
static void worker_registers(void)
{
	server_begin(&server, &pool);
	start_worker(&worker, &pool, try_again);
	server_expect(&server, &worker);
	CHECK_EQ(worker.ut.idle_workers_ptr, (uintptr_t)&pool.idle);
	sleep_ms(5);
	CHECK_EQ(ran, 0);
	CHECK_EQ(state_of(&worker), IDLE);
	CHECK_EQ(server_run(&server, &worker, 0), 0);
	CHECK_EQ(ran, 1);
	join_party(&worker);
	server_end(&server);
}

/* As above, with a server that waits already: it is woken, and its tid taken. */
static void worker_registers_and_wakes(void)
{
	server_begin(&server, &pool);
	pool.idle_server = server.tid;
	STEP(&server, RUNNING, IDLE);
	start_worker(&worker, &pool, try_again);
	CHECK_EQ(umcg_wait(0, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK_EQ(state_of(&server), RUNNING);
	CHECK_EQ(pool.idle_server, 0);
	CHECK((struct party *)umcg_idle_take(&pool.idle) == &worker);
	CHECK(!umcg_idle_next(&worker.ut, &pool.idle));
	CHECK_EQ(server_run(&server, &worker, 0), 0);
	join_party(&worker);
	server_end(&server);
}

static void come_back(struct party *w)
{
	for (int i = 0; i < 3; i++) {
		worker_yield(w);
		worker_end(w);
		fails(UMCG_CTL_UNREGISTER, NULL, EINVAL);
		CHECK_EQ(syscall(SYS_gettid), (long)w->tid);
		w->ut.state = IDLE;
		w->ut.next_tid = 0;
		CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, &w->ut), 0);
	}
}

static void worker_again_and_again(void)
{
	server_begin(&server, &pool);
	start_worker(&worker, &pool, come_back);
	for (int i = 0; i < 3; i++) {
		server_expect(&server, &worker);
		CHECK_EQ(server_run(&server, &worker, 0), 0);
		CHECK_EQ(server_run(&server, &worker, 0), 0);
	}
	server_expect(&server, &worker);
	CHECK_EQ(server_run(&server, &worker, 0), 0);
	join_party(&worker);
	server_end(&server);
}

/* The server is made RUNNING and woken before the worker unregisters. */
static void wake_then_end(struct party *w)
{
	STEP(w, RUNNING, IDLE | LOCKED);
	STEP(&server, IDLE, RUNNING);
	CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), 0);
	burn_ms(5);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	pthread_exit(NULL);
}

static void worker_wakes_then_unregisters(void)
{
	server_begin(&server, &pool);
	start_worker(&worker, &pool, wake_then_end);
	server_expect(&server, &worker);
	CHECK_EQ(server_run(&server, &worker, in_ms(STEP_DEADLINE_MS)), 0);
	join_party(&worker);
	server_end(&server);
}

/* It leaves its server asleep: another task wakes that. */
static void end_only(struct party *w)
{
	STEP(w, RUNNING, IDLE | LOCKED);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, NULL), 0);
	raise_flag(&ran);
	pthread_exit(NULL);
}

static void wake_the_server(struct party *s)
{
	CHECK(flag_rises(&ran, STEP_DEADLINE_MS));
	sleep_ms(5);
	STEP(&server, IDLE, RUNNING);
	server_wake(s, &server, 0);
}

static void worker_leaves_its_server_asleep(void)
{
	server_begin(&server, &pool);
	start_server(&other, &pool, wake_the_server);
	start_worker(&worker, &pool, end_only);
	server_expect(&server, &worker);
	CHECK_EQ(server_run(&server, &worker, in_ms(STEP_DEADLINE_MS)), 0);
	CHECK(flag_is_up(&ran));
	join_party(&worker);
	join_party(&other);
	server_end(&server);
}

static void *end_registered(void *arg)
{
	struct party *p = arg;

	server_begin(p, &pool);
	return NULL;
}

static void server_thread_ends(void)
{
	pthread_t t;

	server_begin(&server, &pool);
	for (int i = 0; i < 20; i++) {
		start_thread(&t, end_registered, &other);
		join_thread(t);
		server.ut.next_tid = other.tid;
		CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), -1);
		CHECK_EQ(errno, ESRCH);
	}
	server_end(&server);
}

/* It goes without a word, but its server's state is right: that goes on. */
static void give_back_and_return(struct party *w)
{
	STEP(w, RUNNING, IDLE | LOCKED);
	STEP(&server, IDLE, RUNNING);
	pthread_exit(NULL);
}

static void worker_thread_ends(void)
{
	server_begin(&server, &pool);
	for (int i = 0; i < 20; i++) {
		start_worker(&worker, &pool, give_back_and_return);
		server_expect(&server, &worker);
		CHECK_EQ(server_run(&server, &worker, in_ms(STEP_DEADLINE_MS)), 0);
		join_party(&worker);
		CHECK_EQ(umcg_wait(UMCG_WAIT_WAKE_ONLY, 0), -1);
		CHECK_EQ(errno, ESRCH);
	}
	server_end(&server);
}

static void just_return(struct party *w)
{
	pthread_exit(NULL);
}

/*
 * As RUNNING as it was: nobody has told its server, whose wait goes on; under the preload a thread's end is a
 * call that blocks.
 */
static void worker_thread_ends_running(void)
{
	int ret;

	server_begin(&server, &pool);
	start_worker(&worker, &pool, just_return);
	server_expect(&server, &worker);
	ret = server_run(&server, &worker, in_ms(100));
	if (ret == 0) {
		CHECK_EQ(state_of(&worker), BLOCKED);
	} else {
		CHECK_EQ(ret, ETIMEDOUT);
		STEP(&server, IDLE, RUNNING);
	}
	join_party(&worker);
	server_end(&server);
}

static void wait_for_child(pid_t child)
{
	int status;

	CHECK(child > 0);
	while (waitpid(child, &status, 0) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK_EQ(status, 0);
}

/* A child is one thread that is registered for nothing; it may do all of it anew. */
static void child_begins_anew(void)
{
	static struct pool fresh;
	static struct party s, w;

	fails(UMCG_CTL_UNREGISTER, NULL, EINVAL);
	CHECK_EQ(gettid(), getpid());
	server_begin(&s, &fresh);
	start_worker(&w, &fresh, worker_yield);
	server_expect(&s, &w);
	CHECK_EQ(server_run(&s, &w, 0), 0);
	CHECK_EQ(server_run(&s, &w, 0), 0);
	join_party(&w);
	server_end(&s);
	_exit(0);
}

static void fork_from_server(void)
{
	pid_t child;

	server_begin(&server, &pool);
	child = fork();
	if (child == 0)
		child_begins_anew();
	wait_for_child(child);
	server_end(&server);
}

static void fork_and_wait(struct party *w)
{
	pid_t child = fork();

	if (child == 0)
		child_begins_anew();
	wait_for_child(child);
	CHECK_EQ(gettid(), (pid_t)w->tid);
	while (!try_step(w, RUNNING, RUNNING))
		umcg_wait(0, 0);
}

static void fork_from_worker(void)
{
	server_begin(&server, &pool);
	start_worker(&worker, &pool, fork_and_wait);
	do {
		server_expect(&server, &worker);
		CHECK_EQ(server_run(&server, &worker, in_ms(STEP_DEADLINE_MS)), 0);
	} while (state_of(&worker) != (IDLE | LOCKED));
	join_party(&worker);
	server_end(&server);
}

const struct check checks[] = {
	{ "server_registers", server_registers },
	{ "first_all_at_once", first_all_at_once },
	{ "server_again_and_again", server_again_and_again },
	{ "server_bad_state", server_bad_state },
	{ "server_bad_fields", server_bad_fields },
	{ "worker_bad_state", worker_bad_state },
	{ "worker_bad_fields", worker_bad_fields },
	{ "bad_flags", bad_flags },
	{ "bad_self", bad_self },
	{ "server_twice", server_twice },
	{ "unregister_errors", unregister_errors },
	{ "worker_registers", worker_registers },
	{ "worker_registers_and_wakes", worker_registers_and_wakes },
	{ "worker_again_and_again", worker_again_and_again },
	{ "worker_wakes_then_unregisters", worker_wakes_then_unregisters },
	{ "worker_leaves_its_server_asleep", worker_leaves_its_server_asleep },
	{ "server_thread_ends", server_thread_ends },
	{ "worker_thread_ends", worker_thread_ends },
	{ "worker_thread_ends_running", worker_thread_ends_running },
	{ "fork_from_server", fork_from_server },
	{ "fork_from_worker", fork_from_worker },
	{ 0 },
};
