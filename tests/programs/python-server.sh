#!/bin/bash
# SPDX-License-Identifier: MIT
# Python's socketserver with a thread for each connection; its client, which looks at each answer, is never preloaded.
. "${0%/*}/common.sh"
need python3 python3

cat >server.py <<'PYTHON'
import hashlib, signal, socketserver, threading

total = 0
lock = threading.Lock()

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        global total
        for line in self.rfile:
            with lock:
                total += 1
            self.wfile.write(hashlib.sha256(line).hexdigest().encode() + b"\n")

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 128
    daemon_threads = False

with Server("socket", Handler) as server:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
print("answers:", total)
PYTHON

start_server /usr/bin/python3 server.py
until_serves test -S socket
/usr/bin/python3 - <<'PYTHON'
import hashlib, selectors, socket, time

CONNECTIONS, REQUESTS = 64, 800
selector = selectors.DefaultSelector()

class Client:
    def __init__(self, who):
        self.who, self.done, self.got = who, 0, b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("socket")
        selector.register(self.socket, selectors.EVENT_READ, self)
        self.ask()

    def ask(self):
        self.line = b"%d asks for %d\n" % (self.who, self.done)
        self.socket.sendall(self.line)

    def answer(self):
        self.got += self.socket.recv(4096)
        if not self.got.endswith(b"\n"):
            return
        assert self.got == hashlib.sha256(self.line).hexdigest().encode() + b"\n"
        self.got, self.done = b"", self.done + 1
        if self.done < REQUESTS:
            self.ask()
        else:
            selector.unregister(self.socket)
            self.socket.close()

begin = time.monotonic()
clients = [Client(i) for i in range(CONNECTIONS)]
while selector.get_map():
    for key, _ in selector.select():
        key.data.answer()
rate = CONNECTIONS * REQUESTS / (time.monotonic() - begin)
with open("rates", "a") as f:
    print("request", rate, file=f)
print(sum(c.done for c in clients), "right answers")
PYTHON
stop_server kill -TERM "$server"
cat server.log
