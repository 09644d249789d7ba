# SPDX-License-Identifier: MIT
# Debian's own programs, unmodified, on NPTL and under the preload; for example
# `make check-programs PROGRAM_FLAGS='--times 20 --full --only pigz,xz'`.
# They need, beside what the judges need: erlang-base, openjdk-17-jdk-headless, sbcl, swi-prolog-nox, restic, firefox-esr; memcached, libmemcached-tools, nginx-light, wrk, mariadb-server.

PROGRAM_FLAGS =

.PHONY: check-programs
check-programs: umcg$(EXEEXT) libumcg-pthread.la
	$(srcdir)/tests/programs.sh $(PROGRAM_FLAGS) ./umcg$(EXEEXT)

# A server of our own, for longer: see tests/servers.sh; `make check-servers SERVER_FLAGS='--requests 10000000'`.
SERVER_FLAGS =

.PHONY: check-servers
check-servers: libumcg-pthread.la bench/server$(EXEEXT) bench/load$(EXEEXT)
	$(srcdir)/tests/servers.sh $(SERVER_FLAGS) .libs/libumcg-pthread.so

EXTRA_DIST += tests/servers.sh
EXTRA_DIST += tests/programs.sh tests/programs/common.sh tests/programs/gen.c \
	tests/programs/hackbench.sh tests/programs/lbzip2.sh tests/programs/pbzip2.sh \
	tests/programs/pigz.sh tests/programs/python-event.sh tests/programs/python-signals.sh tests/programs/python.sh \
	tests/programs/erlang.sh tests/programs/firefox.sh tests/programs/java.sh tests/programs/restic.sh tests/programs/sbcl.sh tests/programs/swipl.sh \
	tests/programs/mariadb.sh tests/programs/memcached.sh tests/programs/nginx.sh tests/programs/python-server.sh \
	tests/programs/redis-io.sh tests/programs/redis.sh tests/programs/ruby.sh tests/programs/sort.sh tests/programs/sqlite.sh tests/programs/sysbench-mutex.sh \
	tests/programs/sysbench-threads.sh tests/programs/xz.sh tests/programs/zstd.sh
