# SPDX-License-Identifier: MIT
# The runtime for musl, by musl's own compiler wrapper: libumcg-pthread.a for static programs, and a preload for
# dynamic ones. In musl/ of the build directory; included by Makefile.am.

musl_dynamic_own = src/host/musl/stack.c src/host/musl/thread.c src/host/musl/text_shared.c interpose/musl/attr.c interpose/musl/real.c \
	interpose/musl/sem.c interpose/musl/setxid.c
musl_static_own = src/host/musl/text_static.c interpose/static/anchor.c interpose/static/begin.c interpose/static/calls.c \
	interpose/static/helpers.c interpose/static/real.c interpose/static/streams.c
EXTRA_DIST += $(musl_dynamic_own) $(musl_static_own) src/host/musl/text.h src/host/musl/libc_begin.S src/host/musl/libc_end.S \
	interpose/musl/setxid.h interpose/static/libumcg-pthread.ld interpose/static/link.def interpose/static/names.h \
	interpose/static/stub.h \
	src/host/musl/host/attr.h src/host/musl/host/cleanup.h src/host/musl/host/cond.h src/host/musl/host/message.h src/host/musl/host/mutex.h \
	src/host/musl/host/prototypes.h src/host/musl/host/rwlock.h src/host/musl/host/sem.h src/host/musl/host/signals.h \
	src/host/musl/host/spin.h src/host/musl/host/stack.h src/host/musl/host/stdio.h src/host/musl/host/symbols.def \
	tools/umcg-musl-gcc.in tools/umcg-musl-gcc.specs.in tools/mark-tls tools/mark-tls.specs.in

if HAVE_MUSL
musl_dynamic_sources = $(filter-out src/host/glibc/% interpose/glibc/%, $(filter %.c %.S, \
	$(libruntime_la_SOURCES) $(libapi_la_SOURCES) $(libumcg_pthread_la_SOURCES))) $(musl_dynamic_own)
musl_static_sources = $(filter-out src/host/musl/text_shared.c interpose/musl/real.c interpose/preload/%, $(musl_dynamic_sources)) \
	$(musl_static_own)

# See interpose/static/anchor.c.
musl_link_check = use_umcg_musl_gcc_or_the_whole_line_of_pkg_config___static___libs_umcg_pthread_musl

MUSL_CPPFLAGS = -D_GNU_SOURCE -DMUSL_VERSION='"$(MUSL_VERSION)"' -isystem musl/include \
	-I$(srcdir)/src -I$(srcdir)/src/arch/$(UMCG_ARCH) -I$(srcdir)/src/host/musl -I$(srcdir)/include -I$(srcdir)/interpose \
	-I$(srcdir)/interpose/musl
# musl's threads end without unwinding; tables are for debuggers.
MUSL_CFLAGS = $(WARN_CFLAGS) -std=gnu11 -O2 -g -fvisibility=hidden -fno-exceptions -fasynchronous-unwind-tables \
	-fno-stack-protector -mno-red-zone -mno-tls-direct-seg-refs -ffunction-sections
MUSL_COMPILE = $(MUSL_CC) $(MUSL_CPPFLAGS) -MMD -MP

musl_dynamic_objects = $(patsubst %,musl/dynamic/%.o,$(musl_dynamic_sources))
musl_static_objects = $(patsubst %,musl/static/%.o,$(musl_static_sources))

musl/dynamic/%.o: % | musl/include/linux
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(MUSL_COMPILE) -I$(srcdir)/interpose/preload $(MUSL_CFLAGS) -fPIC -fno-plt -ftls-model=initial-exec -c -o $@ $<

musl/static/%.o: % | musl/include/linux
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(MUSL_COMPILE) -I$(srcdir)/interpose/static $(MUSL_CFLAGS) -fPIE -c -o $@ $<

# The kernel's headers, which musl's compiler wrapper does not look for.
musl/include/linux:
	@$(MKDIR_P) musl/include
	$(AM_V_GEN)for d in $(KERNEL_HEADERS); do ln -sfn "$$d" musl/include/ || exit 1; done

musl/libumcg-pthread.so: $(musl_dynamic_objects)
	$(AM_V_CCLD)$(MUSL_CC) -shared -Wl,-z,now -Wl,-z,defs -Wl,-Bsymbolic-functions -Wl,--gc-sections -o $@ $(musl_dynamic_objects)

musl/umcg-pthread.o: $(musl_static_objects)
	$(AM_V_CCLD)$(LD) -r -o $@ $(musl_static_objects)

musl/libumcg-pthread.a: interpose/static/libumcg-pthread.ld
	$(AM_V_GEN)cp $< $@

musl/libc_%.o: src/host/musl/libc_%.S
	$(AM_V_CC)$(MUSL_CC) -c -o $@ $<

# The build directory's own, and those to install.
musl/umcg-musl-gcc.specs musl/mark-tls.specs musl/umcg-musl-gcc: musl/%: tools/%.in
	$(AM_V_GEN)sed -e 's|@musldir''@|$(abs_builddir)/musl|g' -e 's|@MUSL_CC''@|$(MUSL_CC)|g' $< >$@.tmp
	@chmod +x $@.tmp && mv $@.tmp $@
musl/install/umcg-musl-gcc.specs musl/install/mark-tls.specs musl/install/umcg-musl-gcc: musl/install/%: tools/%.in
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)sed -e 's|@musldir''@|$(musldir)|g' -e 's|@MUSL_CC''@|$(MUSL_CC)|g' $< >$@.tmp
	@chmod +x $@.tmp && mv $@.tmp $@

musl/mark-tls: tools/mark-tls
	$(AM_V_GEN)cp $< $@

# What the linker is to be told of each symbol.
musl/wrap: $(srcdir)/musl.mk $(srcdir)/interpose/symbols.def $(srcdir)/src/host/musl/host/symbols.def $(srcdir)/interpose/static/link.def
	$(AM_V_GEN)printf '%s\n' '#define WRAP(name) --wrap=name' '#define WRAPV(name, version) --wrap=name' \
		'#define HOME(name) --wrap=name' '#define ALSO(name, ours) --wrap=name' '#define OLD(name, version)' \
		'#include "symbols.def"' 'WRAP($(musl_link_check))' '--require-defined=__wrap_$(musl_link_check)' | \
		$(CC) -E -P -xc -I$(srcdir)/interpose -I$(srcdir)/interpose/static -I$(srcdir)/src/host/musl - >$@.tmp && mv $@.tmp $@

-include $(patsubst %.o,%.d,$(musl_dynamic_objects) $(musl_static_objects))

musldir = $(libdir)/umcg-musl
musl_DATA = musl/libumcg-pthread.so musl/libumcg-pthread.a musl/umcg-pthread.o musl/wrap musl/libc_begin.o \
	musl/libc_end.o musl/mark-tls musl/install/umcg-musl-gcc.specs musl/install/mark-tls.specs
pkgconfig_DATA += umcg-pthread-musl.pc
musl_tools = musl/umcg-musl-gcc musl/umcg-musl-gcc.specs musl/mark-tls.specs
bin_SCRIPTS = musl/install/umcg-musl-gcc

all-local: $(musl_DATA) $(musl_tools)

endif
