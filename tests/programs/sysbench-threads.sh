#!/bin/bash
# SPDX-License-Identifier: MIT
# sysbench threads: 16 threads yield around a few mutexes; every event must be counted, and once.
. "${0%/*}/common.sh"
under sysbench threads --threads=16 --events=3000 --time=0 --thread-yields=100 --thread-locks=4 run >report
grep -E '^Number of threads|total number of events' report
