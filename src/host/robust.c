/* SPDX-License-Identifier: MIT */
/* The robust list. A thread may be killed between any two of these stores: the chain of next pointers is whole at each. */
#include "host/robust.h"
#include "base/atomic.h"
#include "host/sys.h"

/* The libc marks entries of priority-inheriting mutexes in bit 0 of the pointer to them. */
static struct robust_list *plain(struct robust_list *entry)
{
	return (struct robust_list *)((uintptr_t)entry & ~(uintptr_t)1);
}

static struct robust_list **prev_of(struct robust_list *entry)
{
	return (struct robust_list **)((char *)plain(entry) - ROBUST_PREV);
}

struct robust_list_head *robust_head(void)
{
	struct robust_list_head *head = NULL;
	size_t size;

	return syscall3(SYS_get_robust_list, 0, (long)&head, (long)&size) ? NULL : head;
}

static void set_prev(struct robust_list *entry, struct robust_list *prev, struct robust_list_head *head)
{
	if (plain(entry) != &head->list)
		*prev_of(entry) = prev;
}

void robust_insert(struct robust_list_head *head, struct robust_list *after, struct robust_list *entry)
{
	struct robust_list *next = after->next;

	entry->next = next;
	set_prev(entry, after, head);
	set_prev(next, entry, head);
	compiler_barrier();	/* the kernel follows next pointers only, on behalf of this very thread */
	after->next = entry;
	compiler_barrier();
}

void robust_remove(struct robust_list_head *head, struct robust_list *entry)
{
	struct robust_list *prev = plain(*prev_of(entry));

	compiler_barrier();
	prev->next = entry->next;
	compiler_barrier();
	set_prev(entry->next, prev, head);
}
