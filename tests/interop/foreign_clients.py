#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that others wrote against a device of `holdfast serve`, each over a serial line and over UDP: echo, files to and fro, list,
upload, test, reset, trial, confirm, taken back, erase; then whatever else the client can ask. mcumgr-client knows serial lines only."""
import contextlib
import os
import random
import re
import subprocess
import tempfile
import time

from checks import count
from other_clients import HOST, PORT, kinds_here, on_purpose, story
from own_network import own_network
from virtual_board import CLI, evidence, run, write


@contextlib.contextmanager
def device(image, key):
    """(path of its line, its UDP address)"""
    with subprocess.Popen([CLI, "serve", image, "-k", key, "--udp", f"{HOST}:{PORT}", "--pty", "--boot-ms", "50"], stdout=subprocess.PIPE, text=True) as server:
        try:
            line = None
            for text in server.stdout:
                line = line or (re.search(r"/dev/pts/\d+", text) or [None])[0]
                if text.startswith("boot "):
                    break
            assert line, "no serial line was named"
            yield line
        finally:
            server.terminate()


def main():
    own_network()
    kinds = kinds_here()
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key.pem")
        run(CLI, "key", "new", key)
        images = {}
        for version in ("1.0.0", "1.1.0"):
            app = write(os.path.join(folder, f"{version}.payload"), random.Random(version).randbytes(20000))
            images[version] = os.path.join(folder, f"{version}.bin")
            run(CLI, "sign", app, images[version], "-v", version, "-H", "0x200", "-S", "0x80000", "--pad-header", "-k", key)
        for name, kind in kinds.items():
            for wire in ("serial",) if name == "mcumgr-client" else ("serial", "udp"):
                began = time.monotonic()
                with device(images["1.0.0"], key) as line:
                    on_purpose(lambda: kind(wire, line), f"{name}, {wire}")
                    client = kind(wire, line)
                    story(client, images, f"{name}, {wire}", files_in=folder)
                    client.close()
                print(f"{name}, {wire}: {time.monotonic() - began:.1f} s", flush=True)
    evidence("foreign_clients.py", f"{', '.join(kinds)} against `holdfast serve`, serial line and UDP: update, trial, taken back, files and all else they can ask", count())


main()
