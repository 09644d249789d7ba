/* SPDX-License-Identifier: MIT */
/* Streams: whichever function uses one, it reads and writes here. */
#include "interpose.h"
#include "streams.h"

WRAPPER size_t __stdio_read(FILE *f, unsigned char *buf, size_t n)
{
	return umcg_await_input(f) ? real()->__stdio_read(f, buf, n) : 0;
}

WRAPPER size_t __stdio_write(FILE *f, const unsigned char *buf, size_t n)
{
	int fd = host_file_descriptor(f);

	if (fd >= 0)
		umcg_before(fd, POLLOUT);
	return real()->__stdio_write(f, buf, n);
}
