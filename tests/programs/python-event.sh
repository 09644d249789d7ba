#!/bin/bash
# SPDX-License-Identifier: MIT
# Two Python threads hand a token to and fro through two threading.Event objects.
. "${0%/*}/common.sh"
under /usr/bin/python3.11 - <<'PYTHON'
import threading

ROUNDS = 20000
ping, pong = threading.Event(), threading.Event()
seen = []

def answer():
    for turn in range(ROUNDS):
        ping.wait()
        ping.clear()
        seen.append(turn)
        pong.set()

thread = threading.Thread(target=answer)
thread.start()
for turn in range(ROUNDS):
    ping.set()
    pong.wait()
    pong.clear()
    if len(seen) != turn + 1:
        raise SystemExit(f"turn {turn}: {len(seen)} answers")
thread.join()
print(len(seen), sum(seen))
PYTHON
