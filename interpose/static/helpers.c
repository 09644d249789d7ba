/* SPDX-License-Identifier: MIT */
/* Threads that the libc creates for its own use, and whose thread-local data it resets: they stay the libc's. */
#include "interpose.h"

static int done(int ret)
{
	umcg_life.creates_helper = false;
	return ret;
}

WRAPPER int mq_notify(mqd_t mq, const struct sigevent *event)
{
	umcg_life.creates_helper = true;
	return done(real()->mq_notify(mq, event));
}

WRAPPER int aio_read(struct aiocb *cb)
{
	umcg_life.creates_helper = true;
	return done(real()->aio_read(cb));
}

WRAPPER int aio_write(struct aiocb *cb)
{
	umcg_life.creates_helper = true;
	return done(real()->aio_write(cb));
}

WRAPPER int aio_fsync(int op, struct aiocb *cb)
{
	umcg_life.creates_helper = true;
	return done(real()->aio_fsync(op, cb));
}

WRAPPER int lio_listio(int mode, struct aiocb *restrict const *restrict cbs, int n, struct sigevent *restrict event)
{
	umcg_go_home();			/* it may wait for all of them */
	umcg_life.creates_helper = true;
	return done(real()->lio_listio(mode, cbs, n, event));
}
