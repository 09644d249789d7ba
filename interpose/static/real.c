/* SPDX-License-Identifier: MIT */
/* The real functions: the linker knows them by other names (stub.h). */
#include "real.h"

#define HOME(name)
#define ALSO(name, ours)
#define OLD(name, version)
#define WRAPV(name, version)	WRAP(name)

#define WRAP(name)		extern __typeof__(name) __real_##name;
#include "symbols.def"
#undef WRAP

#define WRAP(name)		.name = __real_##name,
struct real umcg_real = {
#include "symbols.def"
	.ready = true,
};

/* They are there from the beginning. */
void real_resolve(void)
{
}
