#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Updates over UDP against `holdfast serve`: IPv4 and IPv6, and through a proxy that loses, doubles, delays and reorders datagrams."""
import os
import random
import socket
import time

import harness
from harness import DEVICE, FILE, USAGE, fails, free_port, ok, serve
from proxy import Proxy

SURE = ("--timeout", "250", "--tries", "20")
HOSTS = ("127.0.0.1", "::1")


def prepare(size=60000):
    ok("key", "new", "k.pem", "--force")
    return harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", size)


def assert_updated(where, *more):
    images = ok("image", "list", where, "--json", *more).json()["images"]
    assert images[0]["version"] == "1.1.0" and images[0]["confirmed"], images


def test_update_over_ipv4_and_ipv6():
    old, new = prepare()
    four, six = free_port(), free_port(socket.AF_INET6, "::1")
    with serve(old, "--udp", str(four), "--udp", f"[::1]:{six}", "-k", "k.pem") as said:
        assert [row["address"] for row in said["udp"]] == [f"udp:127.0.0.1:{four}", f"udp:[::1]:{six}"]
        assert ok("echo", f"udp:[::1]:{six}", "hello", "--json").json()["echo"] == "hello"
        assert ok("echo", f"udp:localhost:{four}", "hello", "--json").json()["echo"] == "hello"
        ok("update", f"udp:127.0.0.1:{four}", new)
        assert_updated(f"udp:[::1]:{six}")


def test_losses():
    update_through("127.0.0.1", loss=0.08)


def test_losses_over_ipv6():
    update_through("::1", loss=0.08)


def test_duplicates():
    update_through("127.0.0.1", double=0.5, again=0.3)


def test_duplicates_over_ipv6():
    update_through("::1", double=0.5, again=0.3)


def test_reordering():
    update_through("127.0.0.1", late=0.08)


def test_reordering_over_ipv6():
    update_through("::1", late=0.08)


def test_all_of_it():
    for host in HOSTS:
        update_through(host, loss=0.05, double=0.2, late=0.05, again=0.1)


def place_of(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def free_port_of(host):
    return free_port(socket.AF_INET6 if ":" in host else socket.AF_INET, host)


def update_through(host, **faults):
    old, new = prepare(40000)
    port = free_port_of(host)
    seed = int(os.environ.get("HOLDFAST_SEED", "3"))
    with serve(old, "--udp", place_of(host, port), "-k", "k.pem"), Proxy(port, seed, host=host, **faults) as proxy:
        ok("update", f"udp:{place_of(host, proxy.port)}?mtu=576", new, *SURE, timeout=300)
        assert_updated(f"udp:{place_of(host, port)}")
        names = {"loss": "lost", "double": "doubled", "late": "late", "again": "again"}
        assert all(proxy.counts[names[fault]] > 3 for fault in faults), proxy.counts


def test_commands_run_once():
    """Each datagram comes two and three times, at once and late; then some get lost, too, so that the client asks again."""
    for host in HOSTS:
        old, new = prepare(3000)
        port = free_port_of(host)
        with serve(old, "--udp", place_of(host, port), "-k", "k.pem", "--boot-ms", "50"), \
                Proxy(port, 11, host=host, double=0.5, again=1.0) as proxy:
            where = f"udp:{place_of(host, proxy.port)}"
            for number in range(1, 9):
                assert ok("shell", where, "count", "--json").json()["output"].strip() == str(number), proxy.counts
            ok("image", "erase", where)
            proxy.loss = 0.2
            ok("image", "upload", where, new, *SURE)
            time.sleep(0.5)  # until the last twin has come
            assert len(ok("image", "list", where, "--json", *SURE).json()["images"]) == 2, "a late erase took the upload away"
            assert min(proxy.counts[name] for name in ("doubled", "again", "lost")) > 3, proxy.counts
            # A reset that comes again would take the trial back.
            proxy.loss = 0.0
            ok("image", "test", where, new)
            ok("reset", where)
            time.sleep(0.5)
            images = ok("image", "list", where, "--json", *SURE).json()["images"]
            assert images[0]["version"] == "1.1.0" and not images[0]["confirmed"], images


def test_message_size_follows_the_path():
    old, new = prepare(20000)
    port = free_port()
    largest = []
    with serve(old, "--udp", str(port), "-k", "k.pem"), Proxy(port, 1) as proxy:
        plain = proxy.pass_on
        proxy.pass_on = lambda to_device, data, client: (largest.append(len(data)), plain(to_device, data, client))
        for mtu, limit in ((576, 548), (1280, 1252), (None, 1472)):
            largest.clear()
            ok("image", "upload", f"udp:127.0.0.1:{proxy.port}" + (f"?mtu={mtu}" if mtu else ""), new)
            assert limit - 32 < max(largest) <= limit, (mtu, max(largest))
            ok("image", "erase", f"udp:127.0.0.1:{proxy.port}")


def test_serial_line_of_the_same_device_and_flash_in_a_file():
    old, new = prepare(3000)
    port = free_port()
    with serve(old, "--udp", str(port), "--pty", "--flash", "flash", "-k", "k.pem") as said:
        ok("update", said["pty"], new)
        assert_updated(f"udp:127.0.0.1:{port}")
    with serve("--pty", "--flash", "flash", "-k", "k.pem") as said:
        assert_updated(said["pty"])


def test_refused_update_is_explained():
    old, _ = prepare()
    ok("key", "new", "foreign.pem")
    foreign = harness.signed("foreign", "2.0.0", "foreign.pem")
    port = free_port()
    with serve(old, "--udp", str(port), "-k", "k.pem"):
        fails(harness.REFUSED, "KEY_UNKNOWN", "update", f"udp:127.0.0.1:{port}", foreign, holds=["the bootloader refused the image"])


def test_serve_says_what_is_missing():
    old, _ = prepare()
    port = free_port()
    fails(USAGE, "HOST_OPTION_MISSING", "serve")
    fails(USAGE, "HOST_OPTION_MISSING", "serve", "-k", "k.pem", "--udp", str(port))
    fails(USAGE, "HOST_OPTION_VALUE", "serve", old, "--slot-size", "1000")
    fails(USAGE, "HOST_ADDRESS", "serve", old, "--udp", "127.0.0.1:99999")
    fails(FILE, "HOST_NET", "serve", old, "--udp", f"192.0.2.1:{port}")
    fails(FILE, "HOST_FILE_TOO_LARGE", "serve", old, "--slot-size", "0x4000", "--flash", "new.bin", "--udp", str(port))
    fails(FILE, "HOST_FILE_MISSING", "serve", "absent.bin", "--udp", str(port))


def test_hostile_datagrams_leave_the_device_alive():
    old, new = prepare(3000)
    port = free_port()
    chance = random.Random(5)
    with serve(old, "--udp", str(port), "-k", "k.pem"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for size in (0, 1, 7, 8, 9, 100, 1472, 2048, 2049, 30000, 65507):
            sender.sendto(bytes(chance.randrange(256) for _ in range(size)), ("127.0.0.1", port))
        ok("update", f"udp:127.0.0.1:{port}", new, "--timeout", "500", "--tries", "5")


def test_device_that_goes_away_mid_upload():
    old, new = prepare()
    port = free_port()
    with serve(old, "--udp", str(port), "-k", "k.pem"), Proxy(port, 1) as proxy:
        plain, seen = proxy.pass_on, []
        proxy.pass_on = lambda to_device, data, client: (seen.append(1), len(seen) < 20 and plain(to_device, data, client))
        failure = harness.run("image", "upload", f"udp:127.0.0.1:{proxy.port}?mtu=576", new, "--timeout", "150", "--tries", "2")
        assert failure.code == DEVICE and f"HF-{harness.number_of('SMP_UPLOAD_STUCK'):04d}" in failure.err, failure.text()
        proxy.pass_on = plain
        again = ok("image", "upload", f"udp:127.0.0.1:{proxy.port}?mtu=576", new, "--json").json()
        assert again["resumed_off"] > 0 and again.get("ok") is True, again


harness.main(globals())
