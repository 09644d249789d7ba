#!/bin/bash
# SPDX-License-Identifier: MIT
# zstd -T4, whose frames do not depend on which thread finishes first.
. "${0%/*}/common.sh"
round_trip "$DATA" zstd -q -T4 -c -- zstd -q -d -c
