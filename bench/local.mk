# SPDX-License-Identifier: MIT
# Benchmarks: built and run by "make bench" and "make bench-api" only. All but
# umcg-api are plain POSIX-threads programs: none of the library's flags or headers apply to them.

EXTRA_PROGRAMS += bench/umcg-bench bench/pairs bench/umcg-api

bench_umcg_bench_CPPFLAGS = -D_GNU_SOURCE
bench_umcg_bench_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
bench_umcg_bench_LDADD = -lpthread -lm
bench_umcg_bench_SOURCES = \
	bench/bench.h bench/contest.h bench/histogram.h \
	bench/barrier.c bench/bench.c bench/blocked.c bench/clock.c \
	bench/contest.c bench/create.c bench/echo.c bench/histogram.c \
	bench/mutex.c bench/pingpong.c bench/prodcons.c bench/report.c \
	bench/rwlock.c bench/scale.c bench/sleepers.c bench/stuck.c \
	bench/team.c bench/yield.c

bench_pairs_CPPFLAGS = -D_GNU_SOURCE
bench_pairs_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
bench_pairs_LDADD =
bench_pairs_SOURCES = \
	bench/runner/child.h bench/runner/pairs.h bench/runner/suite.h \
	bench/runner/child.c bench/runner/data.c bench/runner/json.c \
	bench/runner/load.c bench/runner/measure.c bench/runner/options.c \
	bench/runner/pairs.c bench/runner/stats.c bench/runner/suite.c \
	bench/runner/table.c

# A server and its client; the client is never preloaded.
EXTRA_PROGRAMS += bench/server bench/load
bench_server_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
bench_server_LDADD = -lpthread
bench_server_SOURCES = bench/server.c
bench_load_CPPFLAGS = -D_GNU_SOURCE
bench_load_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
bench_load_LDADD =
bench_load_SOURCES = bench/load.c bench/bench.h bench/histogram.h bench/clock.c bench/histogram.c bench/report.c

# The calls of libumcg. The bare switch that they are held against is the library's own.
bench_umcg_api_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/include -I$(srcdir)/src -I$(srcdir)/src/arch/$(UMCG_ARCH)
bench_umcg_api_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS)
bench_umcg_api_LDADD = libumcg.la -lpthread
bench_umcg_api_SOURCES = \
	bench/umcg-api.c bench/api/api.h bench/api/cost.c bench/api/latency.c \
	bench/api/raw.c bench/api/team.c \
	src/arch/x86_64/context.S src/arch/x86_64/frame.c

# With the library's own API: processes, not threads.
EXTRA_PROGRAMS += bench/processes
bench_processes_CPPFLAGS = -I$(srcdir)/include
bench_processes_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
bench_processes_LDFLAGS = -no-install
bench_processes_LDADD = libumcg.la
bench_processes_SOURCES = bench/processes.c

EXTRA_DIST += bench/README.md \
	bench/python/event_pingpong.py bench/python/gil_io.py bench/python/queue8.py

CLEANFILES += bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT) \
	bench/server$(EXEEXT) bench/load$(EXEEXT) \
	bench/umcg-api$(EXEEXT) bench/umcg-api.json \
	bench/umcg-bench.musl bench/umcg-bench.umcg-musl bench/pairs.json \
	bench/processes$(EXEEXT) bench/processes.json

# More options for the runner, such as BENCHFLAGS='--only mutex --runs 3'.
BENCHFLAGS =

run_pairs = bench/pairs$(EXEEXT) --lib .libs/libumcg-pthread.so \
	--scripts $(srcdir)/bench/python --json bench/pairs.json

.PHONY: bench bench-musl bench-musl-static
bench: libumcg-pthread.la bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT) bench/server$(EXEEXT) bench/load$(EXEEXT)
	$(run_pairs) $(BENCHFLAGS)

.PHONY: bench-processes
bench-processes: bench/processes$(EXEEXT)
	bench/processes$(EXEEXT) bench/processes.json

if HAVE_MUSL
# The same with a third column: the benchmarks linked statically against musl.
bench-musl: libumcg-pthread.la bench/umcg-bench$(EXEEXT) bench/pairs$(EXEEXT) bench/umcg-bench.musl bench/server$(EXEEXT) bench/load$(EXEEXT)
	$(run_pairs) --musl bench/umcg-bench.musl $(BENCHFLAGS)

bench/umcg-bench.musl: $(bench_umcg_bench_SOURCES) | musl/include/linux
	@$(MKDIR_P) bench
	sources=; for file in $(bench_umcg_bench_SOURCES); do \
	  case $$file in *.c) sources="$$sources $(srcdir)/$$file" ;; esac; done; \
	$(MUSL_CC) -static -O2 -std=gnu11 -isystem musl/include -pthread -o $@ $$sources

# Static programs for musl: plain musl against the same linked with the library.
bench-musl-static: bench/pairs$(EXEEXT) bench/umcg-bench.musl bench/umcg-bench.umcg-musl
	bench/pairs$(EXEEXT) --lib '' --plain musl --bench bench/umcg-bench.musl --ours bench/umcg-bench.umcg-musl \
		--json bench/pairs.json $(BENCHFLAGS)

bench/umcg-bench.umcg-musl: $(bench_umcg_bench_SOURCES) $(musl_DATA) $(musl_tools)
	@$(MKDIR_P) bench
	sources=; for file in $(bench_umcg_bench_SOURCES); do \
	  case $$file in *.c) sources="$$sources $(srcdir)/$$file" ;; esac; done; \
	musl/umcg-musl-gcc -O2 -std=gnu11 -isystem musl/include -pthread -o $@ $$sources
endif

# What the calls of libumcg.h cost. Options: APIBENCHFLAGS='--only swap,switch --runs 3'.
APIBENCHFLAGS =
.PHONY: bench-api
bench-api: bench/umcg-api$(EXEEXT)
	bench/umcg-api$(EXEEXT) --json bench/umcg-api.json $(APIBENCHFLAGS)
