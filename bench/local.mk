# SPDX-License-Identifier: MIT
# Benchmarks: built and run by "make bench" only. They are plain POSIX-threads
# programs: none of the library's flags or headers apply to them.

EXTRA_PROGRAMS += bench/umcg-bench bench/pairs

bench_umcg_bench_CPPFLAGS = -D_GNU_SOURCE
bench_umcg_bench_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
bench_umcg_bench_LDADD = -lpthread -lm
bench_umcg_bench_SOURCES = \
	bench/bench.h bench/contest.h bench/histogram.h \
	bench/barrier.c bench/bench.c bench/blocked.c bench/clock.c \
	bench/contest.c bench/create.c bench/echo.c bench/histogram.c \
	bench/mutex.c bench/pingpong.c bench/prodcons.c bench/report.c \
	bench/rwlock.c bench/scale.c bench/team.c bench/yield.c

bench_pairs_CPPFLAGS = -D_GNU_SOURCE
bench_pairs_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
bench_pairs_LDADD =
bench_pairs_SOURCES = \
	bench/runner/child.h bench/runner/pairs.h bench/runner/suite.h \
	bench/runner/child.c bench/runner/data.c bench/runner/json.c \
	bench/runner/load.c bench/runner/measure.c bench/runner/options.c \
	bench/runner/pairs.c bench/runner/stats.c bench/runner/suite.c \
	bench/runner/table.c

EXTRA_DIST += bench/README.md \
	bench/python/event_pingpong.py bench/python/queue8.py

CLEANFILES += bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT) \
	bench/umcg-bench.musl bench/pairs.json

# More options for the runner, such as BENCHFLAGS='--only mutex --runs 3'.
BENCHFLAGS =
MUSL_GCC = musl-gcc

run_pairs = bench/pairs$(EXEEXT) --lib .libs/libumcg-pthread.so \
	--scripts $(srcdir)/bench/python --json bench/pairs.json

.PHONY: bench bench-musl
bench: libumcg-pthread.la bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT)
	$(run_pairs) $(BENCHFLAGS)

# The same with a third column: the benchmarks linked statically against musl.
bench-musl: libumcg-pthread.la bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT) bench/umcg-bench.musl
	$(run_pairs) --musl bench/umcg-bench.musl $(BENCHFLAGS)

bench/umcg-bench.musl: $(bench_umcg_bench_SOURCES)
	@$(MKDIR_P) bench
	sources=; for file in $(bench_umcg_bench_SOURCES); do \
	  case $$file in *.c) sources="$$sources $(srcdir)/$$file" ;; esac; done; \
	$(MUSL_GCC) -static -O2 -std=gnu11 -pthread -o $@ $$sources
