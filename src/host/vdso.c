/* SPDX-License-Identifier: MIT */
/* Look-up in the vDSO. */
#include "host/vdso.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static const ElfW(Shdr) *dynamic_symbols(const char *image, const ElfW(Shdr) *sections)
{
	for (int i = 0; i < ((const ElfW(Ehdr) *)image)->e_shnum; i++)
		if (sections[i].sh_type == SHT_DYNSYM)
			return &sections[i];
	return NULL;
}

void *vdso_function(const char *name)
{
	const char *image = (const char *)getauxval(AT_SYSINFO_EHDR), *names;
	const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)image;
	const ElfW(Shdr) *sections, *dynsym;
	const ElfW(Sym) *symbols;

	if (!image || !head->e_shoff)
		return NULL;
	sections = (const ElfW(Shdr) *)(image + head->e_shoff);
	dynsym = dynamic_symbols(image, sections);
	if (!dynsym)
		return NULL;
	symbols = (const ElfW(Sym) *)(image + dynsym->sh_offset);
	names = image + sections[dynsym->sh_link].sh_offset;
	for (size_t i = 0; i < dynsym->sh_size / sizeof(*symbols); i++)
		if (symbols[i].st_shndx != SHN_UNDEF && same(names + symbols[i].st_name, name))
			return (void *)(image + symbols[i].st_value);
	return NULL;
}
