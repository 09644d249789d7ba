/* SPDX-License-Identifier: MIT */
/*
 * Memory protection keys. The rights of a thread are in a register that no switch saves, as hardly any program
 * has keys: one that does runs 1:1.
 */
#include "interpose.h"

WRAPPER int pkey_alloc(unsigned flags, unsigned rights)
{
	int key;

	umcg_stay_home();		/* the kernel gives these rights to the caller */
	key = real()->pkey_alloc(flags, rights);
	if (key >= 0)
		retire_for_good();
	return key;
}
