#!/bin/bash
# SPDX-License-Identifier: MIT
# pbzip2: a producer, four workers, a writer and a signal thread. Its library is slow on repetitive data, so
# it gets an eighth.
. "${0%/*}/common.sh"
head -c $(($(stat -c %s "$DATA") / 8)) "$DATA" >eighth
round_trip eighth pbzip2 -p4 -1 -c -- pbzip2 -p4 -d -c
