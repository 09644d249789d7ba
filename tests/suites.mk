# SPDX-License-Identifier: MIT
# Existing test suites, fetched as Debian source packages and built unchanged, on NPTL and under the
# preload: check-suites, the quick programs of posixtestsuite that use threads; check-suites-fast, all of
# its quick programs; check-suites-all, all that pass on NPTL, but for those that would take the machine
# down; check-suites-nptl, glibc's own tests of threads. Needs the network for the first
# run; `make check-suites SUITE_FLAGS='--times 3 NAME...'`.

EXTRA_PROGRAMS += tests/suites/run
tests_suites_run_SOURCES = \
	tests/suites/run.c \
	tests/suites/options.c tests/suites/options.h \
	tests/suites/isolate.c tests/suites/isolate.h \
	tests/suites/manner.c tests/suites/manner.h \
	tests/suites/tally.c tests/suites/tally.h
tests_suites_run_CPPFLAGS = -D_GNU_SOURCE
tests_suites_run_CFLAGS = $(WARN_CFLAGS)

SUITE_DIRECTORY = suites-work
SUITE_FLAGS = --jobs 4

SUITE_ARGUMENTS = tests/suites/run$(EXEEXT) .libs/libumcg-pthread.so $(SUITE_DIRECTORY) $(SUITE_FLAGS)

.PHONY: check-suites check-suites-fast check-suites-all check-suites-nptl check-suites-musl check-suites-musl-all
check-suites check-suites-fast check-suites-all check-suites-nptl: tests/suites/run$(EXEEXT) libumcg-pthread.la
check-suites:
	$(srcdir)/tests/suites/check.sh $(SUITE_ARGUMENTS)
check-suites-fast:
	LIST=$(srcdir)/tests/suites/pts-fast.txt $(srcdir)/tests/suites/check.sh $(SUITE_ARGUMENTS)
# Some of them take their time.
check-suites-all:
	LIST=$(srcdir)/tests/suites/pts-all.txt $(srcdir)/tests/suites/check.sh $(SUITE_ARGUMENTS) --deadline 150
check-suites-nptl:
	$(srcdir)/tests/suites/check-nptl.sh $(SUITE_ARGUMENTS)


# The same as static programs for musl, plain and with the library: those that use threads; all that pass there.
if HAVE_MUSL
check-suites-musl check-suites-musl-all: tests/suites/run$(EXEEXT) $(musl_DATA) $(musl_tools)
check-suites-musl:
	PLAIN_CC='$(MUSL_CC)' $(srcdir)/tests/suites/check-musl.sh tests/suites/run$(EXEEXT) \
		$(abs_builddir)/musl/umcg-musl-gcc $(SUITE_DIRECTORY) $(SUITE_FLAGS)
check-suites-musl-all:
	PLAIN_CC='$(MUSL_CC)' LIST=$(srcdir)/tests/suites/pts-musl.txt $(srcdir)/tests/suites/check-musl.sh \
		tests/suites/run$(EXEEXT) $(abs_builddir)/musl/umcg-musl-gcc $(SUITE_DIRECTORY) $(SUITE_FLAGS) --deadline 150
endif

CLEANFILES += tests/suites/run$(EXEEXT)
EXTRA_DIST += \
	tests/suites/check.sh tests/suites/fetch.sh tests/suites/build.sh \
	tests/suites/pts-fast-threads.txt tests/suites/pts-fast.txt tests/suites/pts-all.txt tests/suites/pts-manners.txt \
	tests/suites/check-musl.sh tests/suites/pts-musl.txt tests/suites/pts-musl-threads.txt \
	tests/suites/check-nptl.sh tests/suites/nptl.txt tests/suites/glibc/build.sh \
	tests/suites/glibc/Makeconfig tests/suites/glibc/Rules \
	tests/suites/glibc/stubs/atomic.h tests/suites/glibc/stubs/config.h \
	tests/suites/glibc/stubs/internal.h tests/suites/glibc/stubs/internal-signals.h \
	tests/suites/glibc/stubs/pthreadP.h tests/suites/glibc/stubs/shlib-compat.h
