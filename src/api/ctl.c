/* SPDX-License-Identifier: MIT */
/* umcg_ctl() and umcg_wait() of UMCG v0.4: checks at the edge, the work is in sched/contract.c. */
#include "umcg/umcg.h"
#include "core/state.h"
#include "sched/contract.h"

#include <errno.h>

static int result(int ret)
{
	if (ret == 0)
		return 0;
	errno = -ret;
	return -1;
}

/* 0 or -errno: what must hold of a structure that comes to be registered. */
static int check_self(const struct umcg_task *self, enum role role)
{
	if (!self || (uintptr_t)self % sizeof(uint64_t))
		return -EINVAL;
	if (!sys_accessible((uintptr_t)self) || !sys_accessible((uintptr_t)(self + 1) - sizeof(uint32_t)))
		return -EFAULT;
	if (self->next_tid)
		return -EINVAL;
	if (role == ROLE_SERVER)
		return self->state != UMCG_TASK_RUNNING || self->idle_workers_ptr || self->idle_server_tid_ptr
		       ? -EINVAL : 0;
	if (self->state != UMCG_TASK_IDLE || !self->idle_workers_ptr || !self->idle_server_tid_ptr ||
	    self->idle_workers_ptr % sizeof(uint64_t) || self->idle_server_tid_ptr % sizeof(uint32_t))
		return -EINVAL;
	return sys_accessible(self->idle_workers_ptr) && sys_accessible(self->idle_server_tid_ptr) ? 0 : -EFAULT;
}

static int ctl_register(struct umcg_task *self, enum role role)
{
	struct task *t = umcg_self;
	int ret = t && t->role ? -EINVAL : check_self(self, role);

	if (!ret)
		ret = runtime_enter();
	if (ret)
		return ret;
	t = task_self_or_new();
	if (!t)
		return -ENOMEM;
	np_enter(t);
	ret = task_pinned(t) ? -EINVAL : member_register(t, self, role, false);
	np_leave(t);
	return ret;
}

EXPORT int umcg_ctl(uint32_t flags, struct umcg_task *self)
{
	struct task *t = umcg_self;
	int ret = -EINVAL;

	switch (flags) {
	case UMCG_CTL_REGISTER:
		return result(ctl_register(self, ROLE_SERVER));
	case UMCG_CTL_REGISTER | UMCG_CTL_WORKER:
		return result(ctl_register(self, ROLE_WORKER));
	case UMCG_CTL_UNREGISTER:
		if (!self && t && t->role) {
			np_enter(t);
			ret = member_unregister(t);
			np_leave(t);
		}
	}
	return result(ret);
}

EXPORT int umcg_wait(uint32_t flags, uint64_t abs_timeout)
{
	struct task *t = umcg_self;
	bool wake_only = flags & UMCG_WAIT_WAKE_ONLY;
	int ret;

	if (!t || !t->role || flags & ~(uint32_t)(UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU))
		return result(-EINVAL);
	if (wake_only && (abs_timeout || !load_relaxed(&t->ut->next_tid)))
		return result(-EINVAL);
	np_enter(t);
	ret = wake_only ? member_wake(load_relaxed(&t->ut->next_tid)) : member_wait(t, abs_timeout);
	np_leave(t);
	return result(ret);
}
