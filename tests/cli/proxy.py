# SPDX-License-Identifier: MIT
"""Between a client and a device that speak UDP: datagrams are lost, doubled, delayed and overtake each other."""
import contextlib
import random
import selectors
import socket
import threading
import time


class Between:
    """Something on the way between a client and a device, at work for the length of a `with`: run() until ended, then close()."""

    def __enter__(self):
        self.ended = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.close()


class Proxy(Between):
    """Between a client and a device: each datagram of either direction meets the faults by chance, from one seed."""

    def __init__(self, device_port, seed, loss=0.0, double=0.0, late=0.0, again=0.0, host="127.0.0.1"):
        self.random, self.loss, self.double, self.late, self.again = random.Random(seed), loss, double, late, again
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.front = socket.socket(family, socket.SOCK_DGRAM)
        self.front.bind((host, 0))
        self.family, self.device = family, (host, device_port)
        self.backs = {}  # a client's address: its socket to the device, so that the device sees as many ports as there are clients
        self.port = self.front.getsockname()[1]
        self.held = []
        self.counts = {"seen": 0, "lost": 0, "doubled": 0, "late": 0, "again": 0}

    def close(self):
        self.front.close()
        for back in self.backs.values():
            back.close()

    def send(self, to_device, data, client):
        with contextlib.suppress(OSError):
            if to_device:
                self.backs[client].send(data)
            else:
                self.front.sendto(data, client)

    def pass_on(self, to_device, data, client):
        self.counts["seen"] += 1
        chance = self.random.random()
        if chance < self.loss:
            self.counts["lost"] += 1
        elif chance < self.loss + self.late:
            self.counts["late"] += 1
            self.held.append((time.monotonic() + self.random.uniform(0.005, 0.4), to_device, data, client))
        else:
            self.send(to_device, data, client)
            if self.random.random() < self.double:
                self.counts["doubled"] += 1
                self.send(to_device, data, client)
        if self.random.random() < self.again:  # a twin, later
            self.counts["again"] += 1
            self.held.append((time.monotonic() + self.random.uniform(0.005, 0.4), to_device, data, client))

    def take(self, selector, key):
        if key.fileobj is self.front:
            data, client = self.front.recvfrom(65536)
            if client not in self.backs:
                self.backs[client] = socket.socket(self.family, socket.SOCK_DGRAM)
                self.backs[client].connect(self.device)
                selector.register(self.backs[client], selectors.EVENT_READ, client)
            self.pass_on(True, data, client)
        else:
            self.pass_on(False, key.fileobj.recv(65536), key.data)

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.front, selectors.EVENT_READ)
        while not self.ended:
            for key, _ in selector.select(0.005):
                with contextlib.suppress(OSError):
                    self.take(selector, key)
            now = time.monotonic()
            due = [item for item in self.held if item[0] <= now]
            self.held = [item for item in self.held if item[0] > now]
            for _, *item in due:
                self.send(*item)
        selector.close()
