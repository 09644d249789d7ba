/* SPDX-License-Identifier: MIT */
#include "interpose.h"

__attribute__((constructor(101))) static void begin(void)
{
	interpose_init();
}
