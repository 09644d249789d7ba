/* SPDX-License-Identifier: MIT */
/* Memory protection keys. */
#include "interpose.h"

#include <sys/syscall.h>

WRAPPER int pkey_alloc(unsigned flags, unsigned rights)
{
	return (int)syscall(SYS_pkey_alloc, flags, rights);
}
