/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked circular list with its links inside the elements.
 *
 * No locking: the owner of the list says what guards it. A node that is on no
 * list points to itself.
 */
#ifndef UMCG_BASE_LIST_H
#define UMCG_BASE_LIST_H

#include <stdbool.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_push_tail(struct list *l, struct list *node)
{
	node->next = l;
	node->prev = l->prev;
	l->prev->next = node;
	l->prev = node;
}

static inline void list_push_head(struct list *l, struct list *node)
{
	list_push_tail(l->next, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#endif
