/* SPDX-License-Identifier: MIT */
/* syscall(SYS_futex, …): private futexes wait in the parking lot (sync/futex.h), others in the kernel, at home. */
#include "futex.h"
#include "interpose.h"
#include "sync/futex.h"

#include <limits.h>

enum { FIRST_PAGE = 4096 };		/* of the address space: nothing is there */

static bool is_word(uintptr_t p)
{
	return p >= FIRST_PAGE && p % sizeof(uint32_t) == 0;
}

static bool is_time(const struct timespec *ts)
{
	return !ts || (ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < (long)NSEC_PER_SEC);
}

static bool waits(int command)
{
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

/* What is left to the kernel to refuse or to do is not ours. */
static bool is_ours(const long *a)
{
	int op = (int)a[1], command = op & FUTEX_CMD_MASK;

	if (!(op & FUTEX_PRIVATE_FLAG) || !is_word((uintptr_t)a[0]) || !umcg_rt.config.futex)
		return false;
	switch (command) {
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAKE_BITSET:
		if (!(uint32_t)a[5])
			return false;
		break;
	case FUTEX_WAIT:
	case FUTEX_WAKE:
		break;
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return is_word((uintptr_t)a[4]) && (int)a[2] >= 0 && (int)a[3] >= 0;
	case FUTEX_WAKE_OP:
		return is_word((uintptr_t)a[4]);
	default:
		return false;
	}
	return !waits(command) || is_time((const struct timespec *)a[3]);
}

static struct wait_until until_of(const long *a)
{
	const struct timespec *ts = (const struct timespec *)a[3];
	struct wait_until until = WAIT_FOREVER;
	uint64_t now;

	if (!ts)
		return until;
	if (((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT) {
		now = host_now();
		until.deadline = timespec_to_ns(ts) < NO_DEADLINE - 1 - now ? now + timespec_to_ns(ts) : NO_DEADLINE - 1;
	} else if ((int)a[1] & FUTEX_CLOCK_REALTIME) {
		until.realtime = timespec_to_ns(ts);
		if (!until.realtime)
			until.deadline = 0;
	} else {
		until.deadline = timespec_to_ns(ts);
	}
	return until;
}

/* n of them have been woken or moved here; the rest is for those in the kernel. */
static long go_on_in_kernel(const long *a, int n)
{
	long rest[6] = { a[0], a[1], (int)a[2] - n, a[3], a[4], a[5] };
	long ret = syscall6(SYS_futex, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]);

	return ret < 0 ? (n ? n : ret) : ret + n;
}

static long wake(const long *a, struct task *t)
{
	int n = (int)a[2] > 0 ? (int)a[2] : 1;	/* the kernel wakes one at least */
	uint32_t bitset = ((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAKE_BITSET ? (uint32_t)a[5] : FUTEX_BITSET_MATCH_ANY;
	int woken = futex_wake((uint32_t *)a[0], n, bitset, t);

	return woken < n ? go_on_in_kernel(a, woken) : woken;
}

static long requeue(const long *a, struct task *t)
{
	uint32_t expected = (uint32_t)a[5];
	int n = (int)a[2], m = (int)a[3], woken;
	int ret = futex_requeue((uint32_t *)a[0], (uint32_t *)a[4], n, m,
				((int)a[1] & FUTEX_CMD_MASK) == FUTEX_CMP_REQUEUE ? &expected : NULL, &woken, t);
	long more;

	if (ret < 0 || ret == n + m)
		return ret;
	more = syscall6(SYS_futex, a[0], a[1], n - woken, m - (ret - woken), a[4], a[5]);
	return more > 0 ? ret + more : ret;
}

static int operand(unsigned op)
{
	int arg = (int)(op << 8) >> 20;		/* bits 12 to 23, with sign */

	return op >> 28 & FUTEX_OP_OPARG_SHIFT ? 1 << (arg & 31) : arg;
}

/* The word's old value; false if the operation is unknown. */
static bool apply(uint32_t *word, unsigned op, int *old)
{
	int arg = operand(op);

	switch (op >> 28 & 7) {
	case FUTEX_OP_SET:
		*old = (int)swap_acq_rel(word, (uint32_t)arg);
		return true;
	case FUTEX_OP_ADD:
		*old = (int)add_acq_rel(word, (uint32_t)arg);
		return true;
	case FUTEX_OP_OR:
		*old = (int)or_acq_rel(word, (uint32_t)arg);
		return true;
	case FUTEX_OP_ANDN:
		*old = (int)and_acq_rel(word, ~(uint32_t)arg);
		return true;
	case FUTEX_OP_XOR:
		*old = (int)__atomic_fetch_xor(word, (uint32_t)arg, __ATOMIC_ACQ_REL);
		return true;
	default:
		return false;
	}
}

static bool holds(unsigned op, int old)
{
	int arg = (int)(op << 20) >> 20;

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ: return old == arg;
	case FUTEX_OP_CMP_NE: return old != arg;
	case FUTEX_OP_CMP_LT: return old < arg;
	case FUTEX_OP_CMP_LE: return old <= arg;
	case FUTEX_OP_CMP_GT: return old > arg;
	default: return old >= arg;
	}
}

static long wake_some(uint32_t *word, int n, struct task *t)
{
	long a[6] = { (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n };

	return wake(a, t);
}

static long wake_op(const long *a, struct task *t)
{
	unsigned op = (unsigned)a[5];
	long ret;
	int old;

	if ((op >> 24 & 15) > FUTEX_OP_CMP_GE || !apply((uint32_t *)a[4], op, &old))
		return -ENOSYS;
	ret = wake_some((uint32_t *)a[0], (int)a[2], t);
	if (holds(op, old))
		ret += wake_some((uint32_t *)a[4], (int)a[3], t);
	return ret;
}

bool futex_call(const long *a, long *ret)
{
	struct task *t;

	if (!is_ours(a) || !(t = task_self()))
		return false;
	switch ((int)a[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		*ret = futex_wait((uint32_t *)a[0], (uint32_t)a[2],
				  ((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : (uint32_t)a[5],
				  t, until_of(a));
		break;
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		*ret = wake(a, t);
		break;
	case FUTEX_WAKE_OP:
		*ret = wake_op(a, t);
		break;
	default:
		*ret = requeue(a, t);
		break;
	}
	return true;
}
