# SPDX-License-Identifier: MIT
"""Eight threads on one bounded queue.Queue, four that put and four that get.

The work is fixed, so the figure is the time it takes; --seconds is accepted, as
every benchmark of the runner takes it, and scales the work from its 0.3 s default.
"""
import argparse
import json
import queue
import threading
import time

SIDES = 4
ITEMS_PER_SECOND = 300000
CAPACITY = 16

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=0.3)
options = parser.parse_args()
each = max(100, int(options.seconds * ITEMS_PER_SECOND / SIDES))

items = queue.Queue(CAPACITY)
sums = [0] * SIDES


def put():
    for i in range(1, each + 1):
        items.put(i)
    items.put(None)


def get(index):
    # One None per putting thread: each getting thread takes exactly one and stops.
    while (item := items.get()) is not None:
        sums[index] += item


threads = [threading.Thread(target=put) for _ in range(SIDES)]
threads += [threading.Thread(target=get, args=(i,)) for i in range(SIDES)]
start = time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
elapsed = time.monotonic() - start

if sum(sums) != SIDES * each * (each + 1) // 2 or not items.empty():
    raise SystemExit("queue8: items were lost or came twice")
print(json.dumps({"bench": "queue8", "seconds": elapsed, "operations": SIDES * each}))
