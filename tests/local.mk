# SPDX-License-Identifier: MIT
# The judges (tests/*_test.cc), what they share, and the clients that they start. Included by Makefile.am.

# A client is an ordinary program: none of the library's own flags.
CLIENT_CFLAGS = -std=gnu11 -pthread -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
CLIENT_CXXFLAGS = -std=gnu++20 -pthread -Wall -Wextra -Wno-unused-parameter
CLIENT_LIBS = tests/clients/libclient.la -lm

check_LTLIBRARIES = tests/clients/libclient.la
tests_clients_libclient_la_SOURCES = tests/clients/client.c tests/clients/client.h
tests_clients_libclient_la_CFLAGS = $(CLIENT_CFLAGS)

check_PROGRAMS += tests/clients/create
tests_clients_create_SOURCES = tests/clients/create.c
tests_clients_create_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_create_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/join
tests_clients_join_SOURCES = tests/clients/join.c
tests_clients_join_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_join_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/ends
tests_clients_ends_SOURCES = tests/clients/ends.c
tests_clients_ends_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_ends_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/tsd
tests_clients_tsd_SOURCES = tests/clients/tsd.c
tests_clients_tsd_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_tsd_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/tls_objects
tests_clients_tls_objects_SOURCES = tests/clients/tls_objects.cc
tests_clients_tls_objects_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_tls_objects_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/identity
tests_clients_identity_SOURCES = tests/clients/identity.c
tests_clients_identity_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_identity_LDADD = $(CLIENT_LIBS)

if HAVE_GTEST
JUDGE_CPPFLAGS = -I$(srcdir)/tests $(GTEST_CFLAGS)
JUDGE_CXXFLAGS = -std=gnu++17 -Wall -Wextra -Wno-unused-parameter
JUDGE_LIBS = tests/libjudge.la $(GTEST_LIBS)

check_LTLIBRARIES += tests/libjudge.la
tests_libjudge_la_SOURCES = tests/harness.c tests/harness_proc.c tests/harness.h tests/judge.cc tests/judge.h
tests_libjudge_la_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-unused-parameter
tests_libjudge_la_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_libjudge_la_CPPFLAGS = $(JUDGE_CPPFLAGS) \
	-DTEST_LIB='"$(abs_builddir)/.libs/libumcg-pthread.so"' \
	-DTEST_TOOL='"$(abs_builddir)/umcg"' \
	-DTEST_CLIENTS='"$(abs_builddir)/tests/clients"'

check_PROGRAMS += tests/thread_test
TESTS += tests/thread_test
tests_thread_test_SOURCES = tests/thread_test.cc
tests_thread_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_thread_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_thread_test_LDADD = $(JUDGE_LIBS)
endif
