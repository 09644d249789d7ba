/* SPDX-License-Identifier: MIT */
/* glibc's struct msghdr is the kernel's. */
#ifndef UMCG_HOST_MESSAGE_H
#define UMCG_HOST_MESSAGE_H

#include <sys/socket.h>

struct host_message {
	char nothing;
};

/* m as the kernel has it, to send or to be filled; NULL if there is no room for it. */
static inline struct msghdr *host_message_out(struct host_message *copy, const struct msghdr *m)
{
	return (struct msghdr *)m;
}

static inline struct msghdr *host_message_in(struct host_message *copy, struct msghdr *m)
{
	return m;
}

/* It has been filled, or not. */
static inline void host_message_done(const struct host_message *copy, struct msghdr *m)
{
}

#endif
