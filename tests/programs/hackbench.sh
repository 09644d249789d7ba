#!/bin/bash
# SPDX-License-Identifier: MIT
# hackbench -T: 160 threads send to each other, over socket pairs and then over pipes.
. "${0%/*}/common.sh"
under hackbench -T -g 4 -l 200 >sockets
under hackbench -T -p -g 4 -l 200 >pipes
grep -c '^Time: [0-9]' sockets pipes
grep -v '^Time: ' sockets
