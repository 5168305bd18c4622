# SPDX-License-Identifier: MIT
"""Between a client and a device that speak UDP: datagrams are lost, doubled, delayed and overtake each other."""
import contextlib
import random
import selectors
import socket
import threading
import time


class Proxy:
    """Between a client and a device: each datagram of either direction meets the faults by chance, from one seed."""

    def __init__(self, device_port, seed, loss=0.0, double=0.0, late=0.0):
        self.random, self.loss, self.double, self.late = random.Random(seed), loss, double, late
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect(("127.0.0.1", device_port))
        self.port = self.front.getsockname()[1]
        self.client, self.held, self.ended = None, [], False
        self.counts = {"seen": 0, "lost": 0, "doubled": 0, "late": 0}
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.front.close()
        self.back.close()

    def send(self, to_device, data):
        with contextlib.suppress(OSError):
            if to_device:
                self.back.send(data)
            elif self.client:
                self.front.sendto(data, self.client)

    def pass_on(self, to_device, data):
        self.counts["seen"] += 1
        chance = self.random.random()
        if chance < self.loss:
            self.counts["lost"] += 1
        elif chance < self.loss + self.late:
            self.counts["late"] += 1
            self.held.append((time.monotonic() + self.random.uniform(0.005, 0.4), to_device, data))
        else:
            self.send(to_device, data)
            if self.random.random() < self.double:
                self.counts["doubled"] += 1
                self.send(to_device, data)

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.front, selectors.EVENT_READ)
        selector.register(self.back, selectors.EVENT_READ)
        while not self.ended:
            for key, _ in selector.select(0.005):
                with contextlib.suppress(OSError):
                    if key.fileobj is self.front:
                        data, self.client = self.front.recvfrom(65536)
                        self.pass_on(True, data)
                    else:
                        self.pass_on(False, self.back.recv(65536))
            now = time.monotonic()
            due = [item for item in self.held if item[0] <= now]
            self.held = [item for item in self.held if item[0] > now]
            for _, to_device, data in due:
                self.send(to_device, data)
        selector.close()
