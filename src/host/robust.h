/* SPDX-License-Identifier: MIT */
/*
 * The kernel thread's robust list: words that the kernel marks FUTEX_OWNER_DIED,
 * and one waiter of each that it wakes, when the thread ends in whatever way.
 *
 * The list is the libc's, whose robust mutexes are on it too: an entry of ours
 * has the libc's form, a pointer to the next entry with one to the previous
 * before it. The word lies at a fixed distance from its entry. Only the thread
 * itself touches its list; the kernel follows the next pointers from the head.
 */
#ifndef UMCG_HOST_ROBUST_H
#define UMCG_HOST_ROBUST_H

#include <linux/futex.h>

/* Bytes before an entry that belong to it. */
#define ROBUST_PREV sizeof(void *)

/* Of the calling kernel thread; NULL if it has none. */
struct robust_list_head *robust_head(void);

/* after: &head->list, or an entry on the list. The kernel comes to entry right after it. */
void robust_insert(struct robust_list_head *head, struct robust_list *after, struct robust_list *entry);
void robust_remove(struct robust_list_head *head, struct robust_list *entry);

#endif
