/* SPDX-License-Identifier: MIT */
/* Look-up of the real functions. */
#include "real.h"

#include <dlfcn.h>

struct real umcg_real;

/* Where the stubs jump to: one pointer for each HOME symbol. */
#define WRAP(name)
#define WRAPV(name, version)
#define HOME(name) void *umcg_real_##name __attribute__((visibility("hidden")));
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME

static void *next(const char *name, const char *version)
{
	void *p = version ? dlvsym(RTLD_NEXT, name, version) : NULL;

	return p ? p : dlsym(RTLD_NEXT, name);
}

void real_resolve(void)
{
	/* Two threads at once find and store the same values. */
#define WRAP(name)		umcg_real.name = (__typeof__(umcg_real.name))next(#name, NULL);
#define WRAPV(name, version)	umcg_real.name = (__typeof__(umcg_real.name))next(#name, version);
#define HOME(name)		umcg_real_##name = next(#name, NULL);
#include "symbols.def"
#undef WRAP
#undef WRAPV
#undef HOME
	store_release(&umcg_real.ready, true);	/* pairs with real() */
}
