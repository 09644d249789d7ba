/* SPDX-License-Identifier: MIT */
/* Look-up of a code segment. */
#include "host/text_bounds.h"

#include <link.h>

struct text_bounds {
	uintptr_t pc, lo, hi;
};

static int find_text(struct dl_phdr_info *info, size_t size, void *data)
{
	struct text_bounds *b = data;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t lo = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) || b->pc < lo || b->pc >= lo + ph->p_memsz)
			continue;
		b->lo = lo;
		b->hi = lo + ph->p_memsz;
		return 1;
	}
	return 0;
}

void find_text_bounds(uintptr_t pc, uintptr_t *lo, uintptr_t *hi)
{
	struct text_bounds b = { .pc = pc };

	dl_iterate_phdr(find_text, &b);
	*lo = b.lo;
	*hi = b.hi;
}
