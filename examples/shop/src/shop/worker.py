"""Counts orders until it is asked to stop, and finishes the one at hand."""

import signal
import threading

VERSION = "1"
PAUSE_SECONDS = 2

stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stop.set())

print(f"worker of version {VERSION} starts", flush=True)
orders = 0
while not stop.wait(PAUSE_SECONDS):
    orders += 1
    print(f"order {orders} is packed", flush=True)
print(f"worker of version {VERSION} ends after {orders} orders", flush=True)
