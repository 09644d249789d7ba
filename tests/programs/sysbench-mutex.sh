#!/bin/bash
# SPDX-License-Identifier: MIT
# sysbench mutex: one event for each thread.
. "${0%/*}/common.sh"
under sysbench mutex --threads=16 --mutex-num=32 --mutex-locks=20000 --mutex-loops=200 run >report
grep -E '^Number of threads|total number of events' report
