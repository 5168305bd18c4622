# SPDX-License-Identifier: MIT
"""SMP requests as those between client and device see them: which one is it?"""


def kind_of(message):
    """Of an SMP request, by group, command, and what is in it; facts from Zephyr's SMP documents."""
    writes, number = message[0] & 7 == 2, (int.from_bytes(message[4:6], "big"), message[7])
    if number == (1, 0) and writes:
        return "confirm" if b"\x67confirm\xf5" in message else "test"
    return {(1, 0): "state", (1, 1): "upload", (0, 5): "reset"}.get(number)


def number_after(message, key):
    """The number of a CBOR item, or its length, behind a key; None: no such key."""
    at = message.find(key) + len(key)
    if at < len(key):
        return None
    small = message[at] & 31
    return small if small < 24 else int.from_bytes(message[at + 1:at + 1 + (1 << small - 24)], "big")
