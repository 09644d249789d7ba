/* SPDX-License-Identifier: MIT */
/* Whether the runtime can work in this process. */
#include "host/thread.h"
#include "arch/cpu.h"
#include "base/text.h"
#include "host/sys.h"

#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

enum { ARCH_SHSTK_STATUS_NR = 0x5005 };	/* where Debian 12's headers lack it */

static bool traced_by(const char *name)
{
	static const char field[] = "TracerPid:\t";
	struct text path = { 0 };
	char status[1024], comm[16];
	const char *pid;

	if (!sys_read_file("/proc/self/status", status, sizeof(status)) || !(pid = strstr(status, field)))
		return false;
	text_str(&path, "/proc/");
	for (pid += sizeof(field) - 1; *pid >= '0' && *pid <= '9' && path.len < 32; pid++)
		path.buf[path.len++] = *pid;
	text_str(&path, "/comm");
	path.buf[path.len] = 0;
	return sys_read_file(path.buf, comm, sizeof(comm)) && strncmp(comm, name, strlen(name)) == 0;
}

/* Whether the notes in a segment name Go's linker. */
static bool notes_of_go(const char *notes, size_t size, size_t align)
{
	const ElfW(Nhdr) *n;

	for (size_t at = 0; at + sizeof(*n) <= size;) {
		const char *name = notes + at + sizeof(*n);

		n = (const ElfW(Nhdr) *)(notes + at);
		if (n->n_namesz == 4 && at + sizeof(*n) + 4 <= size && memcmp(name, "Go\0", 4) == 0)
			return true;
		at = (at + sizeof(*n) + n->n_namesz + align - 1) & ~(align - 1);
		at = (at + n->n_descsz + align - 1) & ~(align - 1);
	}
	return false;
}

static int holds_go(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE &&
		    notes_of_go((const char *)info->dlpi_addr + ph->p_vaddr, ph->p_memsz, ph->p_align == 8 ? 8 : 4))
			return true;
	}
	return false;
}

const char *host_missing_feature(void)
{
	const char *unfit = host_libc_unfit();
	unsigned long shadow = 0;

	if (unfit)
		return unfit;
	if ((uintptr_t)pthread_self() != (uintptr_t)cpu_thread_pointer())
		return "pthread_self() is not the thread pointer";
	if (syscall3(SYS_arch_prctl, ARCH_SHSTK_STATUS_NR, (long)&shadow, 0) == 0 && shadow & 1)
		return "shadow stacks are active";
	/* It takes switches for function calls, and keeps one of our signals to itself. */
	if (cpu_is_valgrind())
		return "valgrind runs the program";
	/* It breaks at the return of each call, and resumes only the kernel thread that has made the call. */
	if (traced_by("ltrace\n"))
		return "ltrace traces the program";
	/* Its threads make system calls of their own: identity, alternate stack and mask are the kernel thread's. */
	if (dl_iterate_phdr(holds_go, NULL))
		return "the program holds Go code";
	return NULL;
}

enum tp_switch host_tp_switch(void)
{
	if (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE)
		return TP_WRFSBASE;
	return host_tls_by_pointer() ? TP_STORE : TP_SYSCALL;
}

void host_thread_name(char name[16])
{
	syscall3(SYS_prctl, PR_GET_NAME, (long)name, 0);
}

void *host_tls_of(pthread_t thread, void *ours)
{
	/* A pthread_t is its thread's thread pointer, and initial-exec variables lie at a fixed distance from it. */
	return (char *)thread + ((char *)ours - (char *)cpu_thread_pointer());
}
