# SPDX-License-Identifier: MIT
"""Two threads that wake each other with threading.Event: time per round trip."""
import argparse
import json
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=0.3)
options = parser.parse_args()


def measure(rounds):
    ping, pong = threading.Event(), threading.Event()
    answered = 0

    def answer():
        nonlocal answered
        for _ in range(rounds):
            ping.wait()
            ping.clear()
            answered += 1
            pong.set()

    thread = threading.Thread(target=answer)
    thread.start()
    start = time.monotonic()
    for _ in range(rounds):
        ping.set()
        pong.wait()
        pong.clear()
    elapsed = time.monotonic() - start
    thread.join()
    if answered != rounds:
        raise SystemExit("event_pingpong: %d answers in %d rounds" % (answered, rounds))
    return elapsed


rounds = 100
elapsed = measure(rounds)
while elapsed < options.seconds / 2:
    rounds = int(rounds * min(10, max(1.5, options.seconds / elapsed))) + 1
    elapsed = measure(rounds)

print(json.dumps({"bench": "event_pingpong", "us_per_round_trip": elapsed * 1e6 / rounds,
                  "operations": rounds, "seconds": elapsed}))
