#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How a device is named: addresses of every form, saved names, the list of what is here."""
import os

import harness
from harness import FILE, USAGE, Device, fails, ok


def config():
    return os.path.join(os.environ["XDG_CONFIG_HOME"], "holdfast", "devices")


def test_saved_name_stands_for_the_device():
    ok("key", "new", "k.pem")
    old = harness.signed("old", "1.0.0", "k.pem")
    with Device("k.pem", old) as line:
        ok("device", "save", "bench", f"serial:{line}?baud=1000000")
        assert ok("echo", "bench", "hello", "--json").json()["echo"] == "hello"
        assert ok("echo", f"serial:{line}", "hello", "--json").json()["echo"] == "hello"
        listed = ok("devices", "--json").json()["saved"]
        assert listed == [{"name": "bench", "address": f"serial:{line}?baud=1000000"}]
        fails(USAGE, "HOST_NAME_UNKNOWN", "echo", "bensh", "x", holds=["'bench'"])
        ok("device", "save", "bench", line)
        assert ok("devices", "--json").json()["saved"] == [{"name": "bench", "address": line}]
        ok("device", "forget", "bench")
        fails(USAGE, "HOST_NAME_UNKNOWN", "echo", "bench", "x")
        fails(USAGE, "HOST_NAME_UNKNOWN", "device", "forget", "bench")


def test_comments_and_order_of_the_file_stay():
    os.makedirs(os.path.dirname(config()))
    harness.write(config(), b"# ours\n\nattic=udp:192.0.2.7\n  bench =  /dev/ttyACM0  \n# end\n")
    ok("device", "save", "cellar", "udp:[2001:db8::7]:1400?mtu=1400")
    ok("device", "save", "attic", "udp:attic.example")
    assert harness.read(config()) == (b"# ours\n\nattic = udp:attic.example\n  bench =  /dev/ttyACM0  \n# end\n"
                                      b"cellar = udp:[2001:db8::7]:1400?mtu=1400\n")
    assert [row["name"] for row in ok("devices", "--json").json()["saved"]] == ["attic", "bench", "cellar"]


def test_damaged_file_is_named_with_its_line():
    os.makedirs(os.path.dirname(config()))
    harness.write(config(), b"# fine\nno equals sign\n")
    fails(FILE, "HOST_CONFIG_READ", "echo", "bench", "x", holds=[config(), "line 2"])
    fails(FILE, "HOST_CONFIG_READ", "devices")
    harness.write(config(), b"bench = nonsense\n")
    fails(USAGE, "HOST_ADDRESS", "echo", "bench", "x", holds=["nonsense"])


def test_names_that_are_none():
    for name in ("", "-x", "a b", "a/b", "x" * 64, "ä", "udp:"):
        fails(USAGE, "HOST_NAME_BAD", "device", "save", "--", name, "/dev/ttyACM0")
    fails(USAGE, "HOST_ADDRESS", "device", "save", "bench", "other-name")
    fails(USAGE, "HOST_OPTION_MISSING", "device", "save", "bench")
    assert not os.path.exists(config())


def test_addresses_that_are_none():
    for text, words in (("udp:", "host is missing"), ("udp::1337", "host is missing"), ("udp:host:0", "1 to 65535"),
                        ("udp:host:65536", "1 to 65535"), ("udp:host:", "1 to 65535"), ("udp:[::1", "']'"), ("udp:[::1]x", "']'"),
                        ("udp:host?mtu=100", "does not fit"), ("udp:host?baud=9600", "does not fit"), ("udp:host?mtu", "KEY=VALUE"),
                        ("serial:", "missing"), ("serial:/dev/x?speed=1", "does not fit"), ("serial:/dev/x?port=1", "does not fit"),
                        ("serial:/dev/x?framing=odd", "does not fit"), ("usb:", "missing"), ("usb:1234?port=99", "does not fit"),
                        ("udp:" + "h" * 400, "too long"), ("serial:/" + "p" * 400, "too long")):
        fails(USAGE, "HOST_ADDRESS", "echo", text, "x", holds=[words])
    fails(FILE, "HOST_PORT_OPEN", "echo", "usb:no-such-number", "x", holds=["no-such-number"])
    fails(USAGE, "HOST_OPTION_VALUE", "echo", "serial:/dev/null?baud=12345", "x")
    fails(FILE, "HOST_NET", "echo", "udp:no-such-host.invalid", "x", holds=["no-such-host.invalid"])


def test_nobody_listens_on_that_port():
    fails(harness.DEVICE, "HOST_DEVICE_SILENT", "echo", "udp:127.0.0.1:9", "x", "--timeout", "200", "--tries", "2",
          holds=["nothing listens on port 9"])


harness.main(globals())
