/* SPDX-License-Identifier: MIT */
/* The system calls that are cancellation points pass here: what may wait, and is not known to be where that stops nobody, goes home. */
#include "interpose.h"

/* Those of functions whose wrappers have seen to it, and those that do not wait for others. */
static bool waits(long nr)
{
	switch (nr) {
	case SYS_read:
	case SYS_readv:
	case SYS_write:
	case SYS_writev:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_accept:
	case SYS_accept4:
	case SYS_poll:
	case SYS_select:
	case SYS_epoll_pwait:
	case SYS_futex:
	case SYS_open:
	case SYS_openat:
	case SYS_close:
	case SYS_pread64:
	case SYS_preadv:
	case SYS_pwrite64:
	case SYS_pwritev:
		return false;
	default:
		return true;
	}
}

WRAPPER long __syscall_cp(long nr, long a, long b, long c, long d, long e, long f)
{
	if (on_carrier() && waits(nr))
		umcg_go_home();
	return real()->__syscall_cp(nr, a, b, c, d, e, f);
}
