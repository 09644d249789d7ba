# SPDX-License-Identifier: MIT
# The clients once more, as programs for musl: dynamic ones, and static ones without and with the library. From the
# same sources.

MUSL_CLIENTS = alarm alone altstack barrier c11 cancel children cond cond_timed confined contend cpu_clock create creds descriptors early \
	ends fatal fork futex handler identity io_cancel io_connect io_event io_life io_numbers io_open io_others io_pipe io_race io_raw \
	io_signal io_socket io_stream io_wait join jumps kthread kthread_raw limits messages mutex mutex_timed no_tables \
	nohang nohang_libc oldsignals queue rawmask robust rwlock sem shared sigfd sigmask sigqueue sigself sigstorm \
	sigtake sleep spawn spin stacks stuck tsd

if HAVE_MUSL
MUSL_CLIENT_COMPILE = $(MUSL_CC) -mno-tls-direct-seg-refs -isystem musl/include $(CLIENT_CFLAGS) -g -O2 -MMD -MP
musl_client_helpers = tests/clients/musl/client.o tests/clients/musl/io.o
musl_client_ways = $(MUSL_CLIENTS:%=tests/clients/musl/%) $(MUSL_CLIENTS:%=tests/clients/musl/%.static) \
	$(MUSL_CLIENTS:%=tests/clients/musl/%.umcg)

tests/clients/musl/no_tables.o: MUSL_CLIENT_FLAGS = -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables

# One object for all ways, compiled as by umcg-musl-gcc: what the linker makes of it differs.
tests/clients/musl/%.o: tests/clients/%.c | musl/include/linux
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(MUSL_CLIENT_COMPILE) $(MUSL_CLIENT_FLAGS) -c -o $@ $<

$(MUSL_CLIENTS:%=tests/clients/musl/%): %: %.o $(musl_client_helpers)
	$(AM_V_CCLD)$(MUSL_CC) -pthread -o $@ $< $(musl_client_helpers)
$(MUSL_CLIENTS:%=tests/clients/musl/%.static): %.static: %.o $(musl_client_helpers)
	$(AM_V_CCLD)$(MUSL_CC) -static -pthread -o $@ $< $(musl_client_helpers)
$(MUSL_CLIENTS:%=tests/clients/musl/%.umcg): %.umcg: %.o $(musl_client_helpers) $(musl_DATA) $(musl_tools)
	$(AM_V_CCLD)musl/umcg-musl-gcc -pthread -o $@ $< $(musl_client_helpers)

# The server of the benchmarks, and its client.
tests/clients/musl/server.umcg: bench/server.c $(musl_DATA) $(musl_tools)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)musl/umcg-musl-gcc -std=gnu11 -O2 -o $@ $<

if HAVE_GTEST
check_DATA = $(musl_client_ways) tests/clients/musl/server.umcg bench/load$(EXEEXT)
MUSL_JUDGES = tests/musl_test.log tests/musl_preload_test.log

check_PROGRAMS += tests/musl_test tests/musl_preload_test
TESTS += tests/musl_test tests/musl_preload_test
MUSL_JUDGE_CPPFLAGS = $(JUDGE_CPPFLAGS) -DTEST_MUSL='"$(abs_builddir)/musl"' -DTEST_MUSL_CC='"$(MUSL_CC)"' \
	-DTEST_LOAD='"$(abs_builddir)/bench/load"' -DTEST_MUSL_CLIENTS='"$(MUSL_CLIENTS)"'
tests_musl_test_SOURCES = tests/musl_test.cc tests/musl_judge.h
tests_musl_test_CPPFLAGS = $(MUSL_JUDGE_CPPFLAGS)
tests_musl_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_musl_test_LDADD = $(JUDGE_LIBS)
tests_musl_preload_test_SOURCES = tests/musl_preload_test.cc tests/musl_judge.h
tests_musl_preload_test_CPPFLAGS = $(MUSL_JUDGE_CPPFLAGS)
tests_musl_preload_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_musl_preload_test_LDADD = $(JUDGE_LIBS)
endif

-include $(MUSL_CLIENTS:%=tests/clients/musl/%.d) $(musl_client_helpers:.o=.d)
endif
