#!/bin/bash
# SPDX-License-Identifier: MIT
# A program in Go, which is to notice that it runs 1:1.
. "${0%/*}/common.sh"
need restic restic
export RESTIC_PASSWORD=x RESTIC_REPOSITORY=repository XDG_CACHE_HOME=$PWD
under restic -q init
under restic -q backup "$DATA"
under restic -q check
under restic -q restore latest --target restored
cmp "restored$DATA" "$DATA"
echo restored
