/* SPDX-License-Identifier: MIT */
/* Main's stack stays as musl's own start leaves it: a program that reads there before it writes finds the same. */
#include "interpose.h"
#include "arch/context.h"

__attribute__((constructor(101))) static void begin(void)
{
	static _Alignas(16) char stack[16384];

	arch_call_on_stack(interpose_init, stack + sizeof stack);
}
