# SPDX-License-Identifier: MIT
# Existing test suites, fetched as Debian source packages and built unchanged, on NPTL and under the
# preload. Needs the network for the first run; `make check-suites SUITE_FLAGS='--times 3 NAME...'`.

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

.PHONY: check-suites
check-suites: tests/suites/run$(EXEEXT) libumcg-pthread.la
	$(srcdir)/tests/suites/check.sh tests/suites/run$(EXEEXT) .libs/libumcg-pthread.so \
		$(SUITE_DIRECTORY) $(SUITE_FLAGS)

CLEANFILES += tests/suites/run$(EXEEXT)
EXTRA_DIST += \
	tests/suites/check.sh tests/suites/fetch.sh tests/suites/build.sh \
	tests/suites/pts-fast-threads.txt tests/suites/pts-manners.txt
