/* SPDX-License-Identifier: MIT */
/* musl's struct msghdr and cmsghdr have padding, of any value, where the kernel's have the upper half of a length. */
#ifndef UMCG_HOST_MESSAGE_H
#define UMCG_HOST_MESSAGE_H

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_MESSAGE_FDS = 255 };	/* that old kernels take at once: for so much is room */

struct host_message {
	struct msghdr head;
	struct cmsghdr control[CMSG_SPACE(HOST_MESSAGE_FDS * sizeof(int)) / sizeof(struct cmsghdr) + 1];
};

static inline struct msghdr *host_message_in(struct host_message *copy, struct msghdr *m)
{
	if (!m)
		return NULL;
	copy->head = *m;
	copy->head.__pad1 = copy->head.__pad2 = 0;
	return &copy->head;
}

static inline struct msghdr *host_message_out(struct host_message *copy, const struct msghdr *m)
{
	struct msghdr *h = host_message_in(copy, (struct msghdr *)m);

	if (!h || !h->msg_controllen)
		return h;
	if (h->msg_controllen > sizeof(copy->control))
		return NULL;
	memcpy(copy->control, m->msg_control, h->msg_controllen);
	h->msg_control = copy->control;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		c->__pad1 = 0;
	return h;
}

static inline void host_message_done(const struct host_message *copy, struct msghdr *m)
{
	if (m)
		*m = copy->head;
}

#endif
