/* SPDX-License-Identifier: MIT */
/* Signals: what glibc has besides. */
#include "interpose.h"

WRAPPER sighandler_t ssignal(int sig, sighandler_t handler)
{
	return signal(sig, handler);
}

WRAPPER sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
	if (handler == SIG_ERR || sig <= 0 || sig >= NSIG) {
		errno = EINVAL;
		return SIG_ERR;
	}
	return umcg_signal(sig, handler, (int)(SA_RESETHAND | SA_NODEFER), false);
}

WRAPPER sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	return __sysv_signal(sig, handler);
}

WRAPPER int pthread_sigqueue(pthread_t thread, int sig, const union sigval value)
{
	if (thread == pthread_self())
		umcg_go_home();
	return umcg_sent_to_thread(thread, sig, real()->pthread_sigqueue(thread, sig, value));
}

WRAPPER int tgkill(pid_t group, pid_t tid, int sig)
{
	umcg_go_home();
	return umcg_sent_to_tid(tid, sig, real()->tgkill(group, tid, sig));
}
