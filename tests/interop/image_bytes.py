# SPDX-License-Identifier: MIT
"""An MCUboot image taken apart with nothing but struct, for tests that must not believe either signing tool."""
import struct

SIGNATURES = {0x20: "RSA2048", 0x22: "ECDSA", 0x23: "RSA3072", 0x24: "ED25519"}
HASHES = {0x10: "sha256", 0x11: "sha384", 0x12: "sha512"}


class Image:
    def __init__(self, data):
        magic, _, header, protected, payload = struct.unpack_from("<IIHHI", data)
        assert magic == 0x96F3B83D
        self.data = data
        self.hashed = data[: header + payload + protected]
        self.tlvs = []
        at = len(self.hashed)
        info, total = struct.unpack_from("<HH", data, at)
        assert info == 0x6907
        self.end = at + total
        at += 4
        while at < self.end:
            kind, size = struct.unpack_from("<HH", data, at)
            self.tlvs.append((kind, at + 4, data[at + 4 : at + 4 + size]))
            at += 4 + size
        assert at == self.end

    def digest(self):
        return next((HASHES[kind], value) for kind, _, value in self.tlvs if kind in HASHES)

    def signature(self):
        return next(((kind, at, value) for kind, at, value in self.tlvs if kind in SIGNATURES), None)

    def without_signature(self):
        """All bytes before and all after the signature and the two lengths that depend on it."""
        found = self.signature()
        if found is None:
            return self.data, b""
        _, at, value = found
        before = bytearray(self.data[: at - 2])
        struct.pack_into("<H", before, len(self.hashed) + 2, 0)
        return bytes(before), self.data[at + len(value) : self.end]
