# SPDX-License-Identifier: MIT
"""Two threads that compute and one that has its bytes echoed by another process, all under the interpreter's lock.

The figure is the 99th percentile of a round trip. /bin/cat is the other process; it never runs under the preload.
"""
import argparse
import json
import os
import subprocess
import threading
import time

ROUNDS_AT_LEAST = 100

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=0.3)
options = parser.parse_args()

plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
echo = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=plain)
to, back = echo.stdin.fileno(), echo.stdout.fileno()
loops = [0, 0]
times = []
over = False


def compute(index):
    x = 1
    while not over:
        for _ in range(1000):
            x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        loops[index] += 1


def talk():
    end = time.monotonic() + options.seconds
    while time.monotonic() < end or len(times) < ROUNDS_AT_LEAST:
        sent = b"%08d" % len(times)
        start = time.monotonic_ns()
        os.write(to, sent)
        got = b""
        while len(got) < len(sent):
            got += os.read(back, len(sent) - len(got))
        times.append(time.monotonic_ns() - start)
        if got != sent:
            raise SystemExit("gil_io: other bytes came back")


threads = [threading.Thread(target=compute, args=(i,)) for i in range(2)]
talker = threading.Thread(target=talk)
start = time.monotonic()
for thread in threads:
    thread.start()
talker.start()
talker.join()
elapsed = time.monotonic() - start
over = True
for thread in threads:
    thread.join()
echo.stdin.close()
if echo.wait() != 0 or len(times) < ROUNDS_AT_LEAST:
    raise SystemExit("gil_io: the echo ended badly")

times.sort()
print(json.dumps({"bench": "gil_io", "p99_us": times[len(times) * 99 // 100] / 1e3,
                  "p50_us": times[len(times) // 2] / 1e3, "max_us": times[-1] / 1e3,
                  "us_per_loop": elapsed * 1e6 / sum(loops), "operations": len(times), "seconds": elapsed}))
