# SPDX-License-Identifier: MIT
# The judges (tests/*_test.cc), what they share, and the clients that they start. Included by Makefile.am.

# A client is an ordinary program: none of the library's own flags.
CLIENT_CFLAGS = -std=gnu11 -pthread -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
CLIENT_CXXFLAGS = -std=gnu++20 -pthread -Wall -Wextra -Wno-unused-parameter
CLIENT_LIBS = tests/clients/libclient.la -lm

check_LTLIBRARIES = tests/clients/libclient.la
tests_clients_libclient_la_SOURCES = tests/clients/client.c tests/clients/client.h tests/clients/compat.h
tests_clients_libclient_la_CFLAGS = $(CLIENT_CFLAGS)

check_PROGRAMS += tests/clients/create
tests_clients_create_SOURCES = tests/clients/create.c
tests_clients_create_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_create_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/stacks
tests_clients_stacks_SOURCES = tests/clients/stacks.c
tests_clients_stacks_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_stacks_LDADD = $(CLIENT_LIBS)

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

check_PROGRAMS += tests/clients/alone
tests_clients_alone_SOURCES = tests/clients/alone.c
tests_clients_alone_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_alone_LDADD = $(CLIENT_LIBS)
check_PROGRAMS += tests/clients/cpu_clock
tests_clients_cpu_clock_SOURCES = tests/clients/cpu_clock.c
tests_clients_cpu_clock_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_cpu_clock_LDADD = $(CLIENT_LIBS)
check_PROGRAMS += tests/clients/identity
tests_clients_identity_SOURCES = tests/clients/identity.c
tests_clients_identity_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_identity_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/mutex
tests_clients_mutex_SOURCES = tests/clients/mutex.c
tests_clients_mutex_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_mutex_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/mutex_timed
tests_clients_mutex_timed_SOURCES = tests/clients/mutex_timed.c
tests_clients_mutex_timed_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_mutex_timed_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/mutex_words
tests_clients_mutex_words_SOURCES = tests/clients/mutex_words.c
tests_clients_mutex_words_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_mutex_words_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/contend
tests_clients_contend_SOURCES = tests/clients/contend.c
tests_clients_contend_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contend_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/shared
tests_clients_shared_SOURCES = tests/clients/shared.c
tests_clients_shared_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_shared_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/robust
tests_clients_robust_SOURCES = tests/clients/robust.c
tests_clients_robust_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_robust_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cond
tests_clients_cond_SOURCES = tests/clients/cond.c
tests_clients_cond_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_cond_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cond_versions
tests_clients_cond_versions_SOURCES = tests/clients/cond_versions.c
tests_clients_cond_versions_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_cond_versions_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/tools
tests_clients_tools_SOURCES = tests/clients/tools.c
tests_clients_tools_CFLAGS = $(CLIENT_CFLAGS) -g
tests_clients_tools_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cond_timed
tests_clients_cond_timed_SOURCES = tests/clients/cond_timed.c
tests_clients_cond_timed_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_cond_timed_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/queue
tests_clients_queue_SOURCES = tests/clients/queue.c
tests_clients_queue_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_queue_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/rwlock
tests_clients_rwlock_SOURCES = tests/clients/rwlock.c
tests_clients_rwlock_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_rwlock_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/barrier
tests_clients_barrier_SOURCES = tests/clients/barrier.c
tests_clients_barrier_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_barrier_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/spin
tests_clients_spin_SOURCES = tests/clients/spin.c
tests_clients_spin_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_spin_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/no_tables
tests_clients_no_tables_SOURCES = tests/clients/no_tables.c
tests_clients_no_tables_CFLAGS = $(CLIENT_CFLAGS) -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables
tests_clients_no_tables_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/once_throw
tests_clients_once_throw_SOURCES = tests/clients/once_throw.cc
tests_clients_once_throw_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_once_throw_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sem
tests_clients_sem_SOURCES = tests/clients/sem.c
tests_clients_sem_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sem_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/c11
tests_clients_c11_SOURCES = tests/clients/c11.c
tests_clients_c11_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_c11_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sleep
tests_clients_sleep_SOURCES = tests/clients/sleep.c
tests_clients_sleep_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sleep_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/clock_set
tests_clients_clock_set_SOURCES = tests/clients/clock_set.c
tests_clients_clock_set_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_clock_set_LDADD = $(CLIENT_LIBS)

# Runs a client with a CLOCK_REALTIME of its own.
check_PROGRAMS += tests/own_clock
tests_own_clock_SOURCES = tests/own_clock.c
tests_own_clock_CFLAGS = $(WARN_CFLAGS) -std=gnu11

check_PROGRAMS += tests/clients/nohang
tests_clients_nohang_SOURCES = tests/clients/nohang.c
tests_clients_nohang_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_nohang_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/stuck
tests_clients_stuck_SOURCES = tests/clients/stuck.c
tests_clients_stuck_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_stuck_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/nohang_libc
tests_clients_nohang_libc_SOURCES = tests/clients/nohang_libc.c
tests_clients_nohang_libc_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_nohang_libc_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/confined
tests_clients_confined_SOURCES = tests/clients/confined.c tests/clients/crowd.h
tests_clients_confined_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_confined_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/fork
tests_clients_fork_SOURCES = tests/clients/fork.c tests/clients/crowd.h
tests_clients_fork_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_fork_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/spawn
tests_clients_spawn_SOURCES = tests/clients/spawn.c
tests_clients_spawn_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_spawn_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/fatal
tests_clients_fatal_SOURCES = tests/clients/fatal.c
tests_clients_fatal_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_fatal_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/handler
tests_clients_handler_SOURCES = tests/clients/handler.c
tests_clients_handler_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_handler_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigmask
tests_clients_sigmask_SOURCES = tests/clients/sigmask.c
tests_clients_sigmask_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigmask_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigqueue
tests_clients_sigqueue_SOURCES = tests/clients/sigqueue.c
tests_clients_sigqueue_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigqueue_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/rawmask
tests_clients_rawmask_SOURCES = tests/clients/rawmask.c
tests_clients_rawmask_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_rawmask_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigfd
tests_clients_sigfd_SOURCES = tests/clients/sigfd.c
tests_clients_sigfd_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigfd_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigself
tests_clients_sigself_SOURCES = tests/clients/sigself.c
tests_clients_sigself_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigself_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigtake
tests_clients_sigtake_SOURCES = tests/clients/sigtake.c
tests_clients_sigtake_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigtake_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/sigstorm
tests_clients_sigstorm_SOURCES = tests/clients/sigstorm.c
tests_clients_sigstorm_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_sigstorm_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/alarm
tests_clients_alarm_SOURCES = tests/clients/alarm.c
tests_clients_alarm_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_alarm_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/creds
tests_clients_creds_SOURCES = tests/clients/creds.c
tests_clients_creds_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_creds_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/descriptors
tests_clients_descriptors_SOURCES = tests/clients/descriptors.c
tests_clients_descriptors_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_descriptors_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/messages
tests_clients_messages_SOURCES = tests/clients/messages.c
tests_clients_messages_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_messages_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/other_names
tests_clients_other_names_SOURCES = tests/clients/other_names.c
tests_clients_other_names_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_other_names_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/old_versions
tests_clients_old_versions_SOURCES = tests/clients/old_versions.c
tests_clients_old_versions_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_old_versions_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/oldsignals
tests_clients_oldsignals_SOURCES = tests/clients/oldsignals.c
tests_clients_oldsignals_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_oldsignals_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/jumps
tests_clients_jumps_SOURCES = tests/clients/jumps.c
tests_clients_jumps_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_jumps_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/children
tests_clients_children_SOURCES = tests/clients/children.c
tests_clients_children_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_children_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/kthread
tests_clients_kthread_SOURCES = tests/clients/kthread.c tests/clients/kthread.h
tests_clients_kthread_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_kthread_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/kthread_raw
tests_clients_kthread_raw_SOURCES = tests/clients/kthread_raw.c tests/clients/kthread.h
tests_clients_kthread_raw_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_kthread_raw_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cancel
tests_clients_cancel_SOURCES = tests/clients/cancel.c
tests_clients_cancel_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_cancel_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/early
tests_clients_early_SOURCES = tests/clients/early.c
tests_clients_early_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_early_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cxx_sync
tests_clients_cxx_sync_SOURCES = tests/clients/cxx_sync.cc
tests_clients_cxx_sync_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_cxx_sync_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/cxx_future
tests_clients_cxx_future_SOURCES = tests/clients/cxx_future.cc
tests_clients_cxx_future_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_cxx_future_LDADD = $(CLIENT_LIBS)

# Waiting for descriptors.
check_LTLIBRARIES += tests/clients/libio.la
tests_clients_libio_la_SOURCES = tests/clients/io.c tests/clients/io.h
tests_clients_libio_la_CFLAGS = $(CLIENT_CFLAGS)

check_PROGRAMS += tests/clients/io_race
tests_clients_io_race_SOURCES = tests/clients/io_race.c
tests_clients_io_race_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_race_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_socket
tests_clients_io_socket_SOURCES = tests/clients/io_socket.c
tests_clients_io_socket_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_socket_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_connect
tests_clients_io_connect_SOURCES = tests/clients/io_connect.c
tests_clients_io_connect_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_connect_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_life
tests_clients_io_life_SOURCES = tests/clients/io_life.c
tests_clients_io_life_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_life_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_pipe
tests_clients_io_pipe_SOURCES = tests/clients/io_pipe.c
tests_clients_io_pipe_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_pipe_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_signal
tests_clients_io_signal_SOURCES = tests/clients/io_signal.c
tests_clients_io_signal_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_signal_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_cancel
tests_clients_io_cancel_SOURCES = tests/clients/io_cancel.c
tests_clients_io_cancel_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_cancel_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_numbers
tests_clients_io_numbers_SOURCES = tests/clients/io_numbers.c
tests_clients_io_numbers_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_numbers_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/futex
tests_clients_futex_SOURCES = tests/clients/futex.c
tests_clients_futex_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_futex_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_stream
tests_clients_io_stream_SOURCES = tests/clients/io_stream.c
tests_clients_io_stream_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_stream_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_output
tests_clients_io_output_SOURCES = tests/clients/io_output.c
tests_clients_io_output_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_output_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_open
tests_clients_io_open_SOURCES = tests/clients/io_open.c
tests_clients_io_open_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_open_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_raw
tests_clients_io_raw_SOURCES = tests/clients/io_raw.c
tests_clients_io_raw_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_raw_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_seldom
tests_clients_io_seldom_SOURCES = tests/clients/io_seldom.c
tests_clients_io_seldom_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_seldom_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_others
tests_clients_io_others_SOURCES = tests/clients/io_others.c
tests_clients_io_others_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_others_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_event
tests_clients_io_event_SOURCES = tests/clients/io_event.c
tests_clients_io_event_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_event_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/io_wait
tests_clients_io_wait_SOURCES = tests/clients/io_wait.c
tests_clients_io_wait_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_io_wait_LDADD = tests/clients/libio.la $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/limits
tests_clients_limits_SOURCES = tests/clients/limits.c
tests_clients_limits_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_limits_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/measure
tests_clients_measure_SOURCES = tests/clients/measure.c
tests_clients_measure_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_measure_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/park
tests_clients_park_SOURCES = tests/clients/park.c
tests_clients_park_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_park_LDADD = $(CLIENT_LIBS)

# Clients of the library itself, which are schedulers, or call one. They are run from the build directory.
UMCG_CLIENT_CPPFLAGS = -I$(srcdir)/include
UMCG_CLIENT_LIBS = libumcg.la $(CLIENT_LIBS)

check_LTLIBRARIES += tests/clients/libsteps.la
tests_clients_libsteps_la_SOURCES = tests/clients/steps.c tests/clients/steps.h
tests_clients_libsteps_la_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_libsteps_la_CFLAGS = $(CLIENT_CFLAGS)

check_PROGRAMS += tests/clients/contract_ctl
tests_clients_contract_ctl_SOURCES = tests/clients/contract_ctl.c
tests_clients_contract_ctl_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_ctl_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_ctl_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_ctl_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_wait
tests_clients_contract_wait_SOURCES = tests/clients/contract_wait.c
tests_clients_contract_wait_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_wait_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_wait_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_wait_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_switch
tests_clients_contract_switch_SOURCES = tests/clients/contract_switch.c
tests_clients_contract_switch_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_switch_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_switch_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_switch_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_block
tests_clients_contract_block_SOURCES = tests/clients/contract_block.c
tests_clients_contract_block_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_block_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_block_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_block_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_identity
tests_clients_contract_identity_SOURCES = tests/clients/contract_identity.c
tests_clients_contract_identity_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_identity_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_identity_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_identity_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_list
tests_clients_contract_list_SOURCES = tests/clients/contract_list.c
tests_clients_contract_list_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_list_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_list_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_list_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/contract_breach
tests_clients_contract_breach_SOURCES = tests/clients/contract_breach.c
tests_clients_contract_breach_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_contract_breach_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_contract_breach_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_contract_breach_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/groups
tests_clients_groups_SOURCES = tests/clients/groups.c
tests_clients_groups_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_groups_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_groups_LDADD = $(UMCG_CLIENT_LIBS)
tests_clients_groups_LDFLAGS = -no-install

check_PROGRAMS += tests/clients/groups_cxx
tests_clients_groups_cxx_SOURCES = tests/clients/groups_cxx.cc
tests_clients_groups_cxx_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_groups_cxx_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_groups_cxx_LDADD = $(UMCG_CLIENT_LIBS)
tests_clients_groups_cxx_LDFLAGS = -no-install

# With libumcg.so it runs alone, too; no libtool wrapper: that would be preloaded as well.
check_PROGRAMS += tests/clients/share
tests_clients_share_SOURCES = tests/clients/share.c
tests_clients_share_CPPFLAGS = -I$(srcdir)/include
tests_clients_share_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_share_LDFLAGS = -no-install
tests_clients_share_LDADD = $(CLIENT_LIBS) libumcg.la

check_PROGRAMS += tests/clients/stress
tests_clients_stress_SOURCES = tests/clients/stress.c tests/clients/stress.h \
	tests/clients/stress_contract.c tests/clients/stress_group.c
tests_clients_stress_CPPFLAGS = $(UMCG_CLIENT_CPPFLAGS)
tests_clients_stress_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_stress_LDADD = tests/clients/libsteps.la $(UMCG_CLIENT_LIBS)
tests_clients_stress_LDFLAGS = -no-install

# Preloaded beside the library by a judge.
check_LTLIBRARIES += tests/clients/slowmalloc.la
tests_clients_slowmalloc_la_SOURCES = tests/clients/slowmalloc.c
tests_clients_slowmalloc_la_CFLAGS = $(CLIENT_CFLAGS) -fno-builtin -ftls-model=initial-exec
tests_clients_slowmalloc_la_LDFLAGS = -module -shared -avoid-version -rpath $(abs_builddir)

# Opened and closed by client modules.
check_LTLIBRARIES += tests/clients/module.la
tests_clients_module_la_SOURCES = tests/clients/module.cc
tests_clients_module_la_CXXFLAGS = $(CLIENT_CXXFLAGS)
tests_clients_module_la_LDFLAGS = -module -shared -avoid-version -rpath $(abs_builddir)

check_PROGRAMS += tests/clients/tools_go
tests_clients_tools_go_SOURCES = tests/clients/tools.c tests/clients/go_note.c
tests_clients_tools_go_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_tools_go_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/altstack
tests_clients_altstack_SOURCES = tests/clients/altstack.c
tests_clients_altstack_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_altstack_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/own_names
tests_clients_own_names_SOURCES = tests/clients/own_names.c
tests_clients_own_names_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_own_names_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/modules
tests_clients_modules_SOURCES = tests/clients/modules.c
tests_clients_modules_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_modules_LDADD = $(CLIENT_LIBS)

check_PROGRAMS += tests/clients/restarts
tests_clients_restarts_SOURCES = tests/clients/restarts.c
tests_clients_restarts_CFLAGS = $(CLIENT_CFLAGS)
tests_clients_restarts_LDADD = $(CLIENT_LIBS) -lrt -lutil

check_PROGRAMS += tests/clients/jobs
tests_clients_jobs_SOURCES = tests/clients/jobs.c
tests_clients_jobs_CFLAGS = $(CLIENT_CFLAGS) -g
tests_clients_jobs_LDADD = $(CLIENT_LIBS) -lutil

check_PROGRAMS += tests/clients/openmp
tests_clients_openmp_SOURCES = tests/clients/openmp.c
tests_clients_openmp_CFLAGS = $(CLIENT_CFLAGS) -fopenmp
tests_clients_openmp_LDADD = $(CLIENT_LIBS) -lgomp

if HAVE_SQLITE3

check_PROGRAMS += tests/clients/sqlite
tests_clients_sqlite_SOURCES = tests/clients/sqlite.c
tests_clients_sqlite_CFLAGS = $(CLIENT_CFLAGS) $(SQLITE3_CFLAGS)
tests_clients_sqlite_LDADD = $(CLIENT_LIBS) $(SQLITE3_LIBS)
endif

EXTRA_DIST += tests/clients/rust_std.rs
if HAVE_RUSTC
check_PROGRAMS += tests/clients/rust_std
tests_clients_rust_std_SOURCES =
tests/clients/rust_std$(EXEEXT): tests/clients/rust_std.rs
	$(AM_V_GEN)$(MKDIR_P) tests/clients && unset MAKEFLAGS && $(RUSTC) --edition 2021 -O -o $@ $(srcdir)/tests/clients/rust_std.rs
endif

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

check_PROGRAMS += tests/mutex_test
TESTS += tests/mutex_test
tests_mutex_test_SOURCES = tests/mutex_test.cc
tests_mutex_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_mutex_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_mutex_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/cond_test
TESTS += tests/cond_test
tests_cond_test_SOURCES = tests/cond_test.cc
tests_cond_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_cond_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_cond_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/sync_test
TESTS += tests/sync_test
tests_sync_test_SOURCES = tests/sync_test.cc
tests_sync_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_sync_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_sync_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/time_test
TESTS += tests/time_test
tests_time_test_SOURCES = tests/time_test.cc
tests_time_test_CPPFLAGS = $(JUDGE_CPPFLAGS) -DTEST_OWN_CLOCK='"$(abs_builddir)/tests/own_clock"'
tests_time_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_time_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/hang_test
TESTS += tests/hang_test
tests_hang_test_SOURCES = tests/hang_test.cc
tests_hang_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_hang_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_hang_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/wait_test
TESTS += tests/wait_test
tests_wait_test_SOURCES = tests/wait_test.cc
tests_wait_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_wait_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_wait_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/io_test
TESTS += tests/io_test
tests_io_test_SOURCES = tests/io_test.cc
tests_io_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_io_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_io_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/process_test
TESTS += tests/process_test
tests_process_test_SOURCES = tests/process_test.cc
tests_process_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_process_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_process_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/signal_test
TESTS += tests/signal_test
tests_signal_test_SOURCES = tests/signal_test.cc
tests_signal_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_signal_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_signal_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/contract_test
TESTS += tests/contract_test
tests_contract_test_SOURCES = tests/contract_test.cc
tests_contract_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_contract_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_contract_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/cancel_test
TESTS += tests/cancel_test
tests_cancel_test_SOURCES = tests/cancel_test.cc
tests_cancel_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_cancel_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_cancel_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/kernel_test
TESTS += tests/kernel_test
tests_kernel_test_SOURCES = tests/kernel_test.cc
tests_kernel_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_kernel_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_kernel_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/start_test
TESTS += tests/start_test
tests_start_test_SOURCES = tests/start_test.cc
tests_start_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_start_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_start_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/lang_test
TESTS += tests/lang_test
tests_lang_test_SOURCES = tests/lang_test.cc
tests_lang_test_CPPFLAGS = $(JUDGE_CPPFLAGS) $(LANG_CLIENTS)
tests_lang_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_lang_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/limits_test
TESTS += tests/limits_test
tests_limits_test_SOURCES = tests/limits_test.cc
tests_limits_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_limits_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_limits_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/coverage_test
TESTS += tests/coverage_test
tests_coverage_test_SOURCES = tests/coverage_test.cc
tests_coverage_test_CPPFLAGS = $(JUDGE_CPPFLAGS) \
	-DTEST_SYMBOLS='"$(abs_top_srcdir)/interpose/symbols.def"' \
	-DTEST_LIBC_SYMBOLS='"$(abs_top_srcdir)/src/host/$(UMCG_LIBC)/host/symbols.def"' -DTEST_SOURCES='"$(abs_srcdir)/tests/clients"'
tests_coverage_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_coverage_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/share_test
TESTS += tests/share_test
tests_share_test_SOURCES = tests/share_test.cc
tests_share_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_share_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_share_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/gdb_test
TESTS += tests/gdb_test
tests_gdb_test_SOURCES = tests/gdb_test.cc
tests_gdb_test_CPPFLAGS = $(JUDGE_CPPFLAGS)
tests_gdb_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_gdb_test_LDADD = $(JUDGE_LIBS)

check_PROGRAMS += tests/tools_test
TESTS += tests/tools_test
tests_tools_test_SOURCES = tests/tools_test.cc
tests_tools_test_CPPFLAGS = $(JUDGE_CPPFLAGS) -DTEST_SOURCES='"$(abs_srcdir)/tests/clients"'
tests_tools_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_tools_test_LDADD = $(JUDGE_LIBS)

# The programs themselves: libtool's wrappers are scripts.
check_PROGRAMS += tests/example_test
TESTS += tests/example_test
tests_example_test_SOURCES = tests/example_test.cc
tests_example_test_CPPFLAGS = $(JUDGE_CPPFLAGS) \
	-DTEST_EXAMPLES='"$(abs_builddir)/examples/.libs"' -DTEST_LIBRARY_DIRECTORY='"$(abs_builddir)/.libs"'
tests_example_test_CXXFLAGS = $(JUDGE_CXXFLAGS)
tests_example_test_LDADD = $(JUDGE_LIBS)

# Lateness and CPU time are measured while no other judge runs.
# The name is put together because automake leaves a log's rule to whoever names the log.
$(addsuffix .log,tests/time_test): tests/thread_test.log tests/mutex_test.log tests/cond_test.log tests/sync_test.log tests/hang_test.log tests/wait_test.log tests/io_test.log tests/process_test.log tests/signal_test.log tests/contract_test.log tests/cancel_test.log tests/kernel_test.log tests/start_test.log tests/lang_test.log tests/limits_test.log tests/coverage_test.log tests/gdb_test.log tests/tools_test.log tests/share_test.log $(MUSL_JUDGES)
$(addsuffix .log,tests/example_test): tests/time_test.log

LANG_CLIENTS =
if HAVE_SQLITE3
LANG_CLIENTS += -DHAVE_SQLITE_CLIENT
endif
if HAVE_RUSTC
LANG_CLIENTS += -DHAVE_RUST_CLIENT
endif
endif

# The same judges again and again, for what shows once in many runs, and ten minutes of each scheduler's stress.
STRESS_ROUNDS = 20
STRESS_SECONDS = 100
FUZZ_CALLS = 10000000
FUZZ_SEED =
.PHONY: check-stress check-stress-umcg check-fuzz check-sanitized
check-stress: check-stress-umcg
	GTEST_REPEAT=$(STRESS_ROUNDS) GTEST_BRIEF=1 $(MAKE) check

# Of the library alone and under the preload: two times three runs.
check-stress-umcg: libumcg.la libumcg-pthread.la tests/clients/stress$(EXEEXT)
	for n in 1 2 8; do \
		tests/clients/stress servers_$$n $(STRESS_SECONDS) && \
		LD_PRELOAD=$(abs_builddir)/.libs/libumcg-pthread.so tests/clients/stress servers_$$n $(STRESS_SECONDS) || \
		exit 1; \
	done

check-fuzz: libumcg.la tests/clients/stress$(EXEEXT)
	tests/clients/stress fuzz $(FUZZ_CALLS) $(FUZZ_SEED)

# In a build directory of its own.
check-sanitized:
	$(srcdir)/tests/sanitized.sh $(abs_top_srcdir)

EXTRA_DIST += tests/sanitized.sh
