/* SPDX-License-Identifier: MIT */
/* Look-up of the real functions. musl's neither allocates nor locks by public names, and its symbols have no versions. */
#include "real.h"

#include <dlfcn.h>

struct real umcg_real;

/* Where the stubs jump to: one pointer for each HOME symbol. */
#define WRAP(name)
#define WRAPV(name, version)
#define OLD(name, version)
#define ALSO(name, ours)
#define HOME(name) void *umcg_real_##name __attribute__((visibility("hidden")));
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME

void real_resolve(void)
{
	/* Two threads at once find and store the same values. */
#define WRAP(name)		umcg_real.name = (__typeof__(umcg_real.name))dlsym(RTLD_NEXT, #name);
#define WRAPV(name, version)	WRAP(name)
#define HOME(name)		umcg_real_##name = dlsym(RTLD_NEXT, #name);
#include "symbols.def"
	store_release(&umcg_real.ready, true);	/* pairs with real() */
}
