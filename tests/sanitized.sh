#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/sanitized.sh SOURCE: builds the library and its clients with AddressSanitizer and UBSan in ./sanitized,
# and runs the checks of the library that end by themselves. The preload is left out: both want to be first.
set -eu
source=$1
mkdir -p sanitized
cd sanitized
san='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
[ -f Makefile ] || "$source/configure" CFLAGS="-O1 -g $san" CXXFLAGS="-O1 -g $san"
clients='contract_ctl contract_wait contract_switch contract_block contract_identity contract_list groups groups_cxx stress'
programs=
for c in $clients; do
	programs="$programs tests/clients/$c"
done
make -j"$(nproc)" libumcg.la
make -j"$(nproc)" $programs
export ASAN_OPTIONS=detect_stack_use_after_return=0:detect_leaks=0:handle_segv=0
status=0
for c in $clients; do
	names=$(tests/clients/$c --list | cut -d' ' -f1)
	for name in $names; do
		if timeout -s KILL 120 tests/clients/$c "$name" >out 2>&1; then
			echo "ok: $c $name"
		elif [ $? -eq 77 ]; then
			echo "skipped: $c $name"
		else
			echo "FAILED: $c $name"
			cat out
			status=1
		fi
	done
done
exit $status
