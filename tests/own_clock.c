/* SPDX-License-Identifier: MIT */
/*
 * own_clock PROGRAM [ARGUMENT...]: run a program with a CLOCK_REALTIME of its own, which it may set without privilege.
 *
 * Its calls that read or set that clock stop at a seccomp filter and are answered here; the kernel sees none of
 * them. Everything else runs undisturbed. The vDSO is hidden from the libc, which then makes system calls.
 *
 * The kernel's own waits know nothing of that clock: a futex or timer with a CLOCK_REALTIME deadline follows the
 * machine's.
 *
 * Ends as the program did; 77 if the machine does not allow it. The program finds OWN_CLOCK in its environment.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT = 77, NOT_STARTED = 127 };

#define NSEC_PER_SEC 1000000000LL

/* The program's clock minus the machine's, ns. */
static long long offset;

static void fail(int status, const char *what)
{
	fprintf(stderr, "own_clock: %s: %m\n", what);
	_exit(status);
}

static long long machine_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static long put(pid_t tid, unsigned long long to, const void *from, size_t size)
{
	struct iovec here = { (void *)from, size }, there = { (void *)to, size };

	return process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static long set_clock(pid_t tid, unsigned long long from)
{
	struct timespec t;
	struct iovec here = { &t, sizeof(t) }, there = { (void *)from, sizeof(t) };

	if (process_vm_readv(tid, &here, 1, &there, 1, 0) != sizeof(t))
		return -EFAULT;
	if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	offset = t.tv_sec * NSEC_PER_SEC + t.tv_nsec - machine_ns();
	return 0;
}

static long answer(pid_t tid, const struct user_regs_struct *r)
{
	long long now = machine_ns() + offset;
	struct timespec t = { now / NSEC_PER_SEC, now % NSEC_PER_SEC };
	struct timeval v = { t.tv_sec, t.tv_nsec / 1000 };
	time_t seconds = t.tv_sec;

	switch (r->orig_rax) {
	case SYS_clock_settime:
		return set_clock(tid, r->rsi);
	case SYS_clock_gettime:
		return put(tid, r->rsi, &t, sizeof(t));
	case SYS_gettimeofday:
		return r->rdi ? put(tid, r->rdi, &v, sizeof(v)) : 0;
	default:
		return r->rdi && put(tid, r->rdi, &seconds, sizeof(seconds)) ? -EFAULT : seconds;
	}
}

/* At the filter: no call is made, and what it is to return stands in its place. */
static void answer_call(pid_t tid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &r))
		return;	/* killed meanwhile */
	r.rax = answer(tid, &r);
	r.orig_rax = -1;
	ptrace(PTRACE_SETREGS, tid, NULL, &r);
}

/* 0, which ends every list that is read here, also if it was killed meanwhile. */
static unsigned long word_at(pid_t pid, unsigned long at)
{
	unsigned long word;
	struct iovec here = { &word, sizeof(word) }, there = { (void *)at, sizeof(word) };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(word) ? word : 0;
}

/* After exec: on the stack are argc, argv, NULL, environ, NULL, and the auxiliary vector. */
static void hide_vdso(pid_t pid)
{
	enum { WORD = sizeof(long) };
	struct user_regs_struct r;
	unsigned long at, type;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r))
		return;
	at = r.rsp + (1 + word_at(pid, r.rsp) + 1) * WORD;
	while (word_at(pid, at))
		at += WORD;
	for (at += WORD; (type = word_at(pid, at)) != AT_NULL; at += 2 * WORD)
		if (type == AT_SYSINFO_EHDR)
			ptrace(PTRACE_POKEDATA, pid, at, (long)AT_IGNORE);
}

static void stopped(pid_t tid, int status)
{
	int event = status >> 16;
	long sig = WSTOPSIG(status);

	switch (event) {
	case 0:		/* a signal for the program */
		ptrace(PTRACE_CONT, tid, NULL, sig);
		return;
	case PTRACE_EVENT_STOP:
		if (sig != SIGTRAP) {	/* job control stopped it: it stays stopped */
			ptrace(PTRACE_LISTEN, tid, NULL, NULL);
			return;
		}
		break;
	case PTRACE_EVENT_EXEC:
		hide_vdso(tid);
		break;
	case PTRACE_EVENT_SECCOMP:
		answer_call(tid);
		break;
	}
	ptrace(PTRACE_CONT, tid, NULL, NULL);
}

static void install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_settime, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		fail(CANNOT, "seccomp");
}

static void become_program(char **argv, int traced)
{
	char byte;

	if (read(traced, &byte, 1) != 1)
		_exit(CANNOT);
	install_filter();
	setenv("OWN_CLOCK", "1", 1);
	execvp(argv[0], argv);
	fail(NOT_STARTED, argv[0]);
}

static void end_like(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	long options = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		       PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP;
	int traced[2], status, end = 0;
	pid_t child, tid;

	if (argc < 2 || pipe(traced)) {
		fprintf(stderr, "usage: %s PROGRAM [ARGUMENT...]\n", argv[0]);
		return NOT_STARTED;
	}
	child = fork();
	if (child == 0) {
		close(traced[1]);
		become_program(argv + 1, traced[0]);
	}
	if (ptrace(PTRACE_SEIZE, child, NULL, options))
		fail(CANNOT, "ptrace");	/* the pipe's end ends the child */
	if (write(traced[1], "", 1) != 1)
		fail(CANNOT, "pipe");
	close(traced[1]);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			stopped(tid, status);
		else if (tid == child)
			end = status;
	}
	end_like(end);
}
