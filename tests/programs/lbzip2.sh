#!/bin/bash
# SPDX-License-Identifier: MIT
# lbzip2 has its main thread in sigwait and its workers on one condition variable.
. "${0%/*}/common.sh"
round_trip "$DATA" lbzip2 -n4 -c -- lbzip2 -n4 -d -c
