#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make.py [FOLDER]: makes the images of this folder (README.txt says what they are) anew, here or in FOLDER. Needs imgtool and the
cryptography package.

Good images come from `imgtool sign`. Broken ones are put together here from the same parts, so that each has one defect and is right
in everything else, its signature included.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

HERE = os.path.dirname(os.path.abspath(__file__))
INTO = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else HERE
KEYS = {"p256": None, "p256-b": None, "p384": None, "ed25519": None, "ed25519-b": None, "rsa2048": None, "rsa3072": None}
KEYHASH, PUBKEY, SHA256, SHA384, SHA512, RSA2048, ECDSA, RSA3072, ED25519, PURE = (0x01, 0x02, 0x10, 0x11, 0x12, 0x20, 0x22, 0x23, 0x24, 0x25)
SEC_CNT, VENDOR = 0x50, 0xA1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
FORMS = {"sha256": 2, "sha384": 4, "sha512": 8, "pure": 16}

manifest = []


def path(*parts):
    return os.path.join(INTO, *parts)


def load_keys():
    os.makedirs(path("keys"), exist_ok=True)
    makers = {"p256": lambda: ec.generate_private_key(ec.SECP256R1()), "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
              "ed25519": ed25519.Ed25519PrivateKey.generate,
              "rsa2048": lambda: rsa.generate_private_key(65537, 2048), "rsa3072": lambda: rsa.generate_private_key(65537, 3072)}
    for name in KEYS:
        private = path("keys", name + ".pem")
        if not os.path.exists(private):
            key = makers[name.split("-")[0]]()
            with open(private, "wb") as file:
                file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            with open(path("keys", name + ".pub.pem"), "wb") as file:
                file.write(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        with open(private, "rb") as file:
            KEYS[name] = serialization.load_pem_private_key(file.read(), None)


def public_der(name):
    public = KEYS[name].public_key()
    if name.startswith("rsa"):
        return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign_digest(name, digest):
    key = KEYS[name]
    if name.startswith("ed25519"):
        return key.sign(digest)
    if name.startswith("rsa"):
        return key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), 32), utils.Prehashed(hashes.SHA256()))
    kind = hashes.SHA256() if len(digest) == 32 else hashes.SHA384()
    return key.sign(digest, ec.ECDSA(utils.Prehashed(kind)))


def payload(size):
    """The first two vectors of a Cortex-M application in a primary slot at 0x10000, then bytes that repeat nowhere soon."""
    filler = b"".join(hashlib.sha256(struct.pack("<I", i)).digest() for i in range(size // 32 + 1))
    return (struct.pack("<II", 0x20010000, 0x10000 + 0x240 + 1) + filler)[:size]


def tlv(kind, data):
    return struct.pack("<HH", kind, len(data)) + data


def area(magic, entries):
    body = b"".join(entries)
    return struct.pack("<HH", magic, 4 + len(body)) + body


def header(body, protected=b"", size=0x20, flags=0, load=0, version=(1, 2, 3, 4), **change):
    """change: any field of the header by name, to lie about it."""
    field = {"magic": 0x96F3B83D, "load": load, "size": size, "protected": len(protected), "payload": len(body), "flags": flags,
             "pad": 0, **change}
    packed = struct.pack("<IIHHII", field["magic"], field["load"], field["size"], field["protected"], field["payload"], field["flags"])
    packed += struct.pack("<BBHII", *version, field["pad"])
    return packed + b"\xff" * (size - len(packed))


def key_and_signature(name, digest, hash_name="sha256"):
    kind = {"p2": ECDSA, "p3": ECDSA, "ed": ED25519}.get(name[:2]) or (RSA2048 if name == "rsa2048" else RSA3072)
    return [tlv(KEYHASH, hashlib.new(hash_name, public_der(name)).digest()), tlv(kind, sign_digest(name, digest))]


SHA_TLV = {"sha256": SHA256, "sha384": SHA384, "sha512": SHA512}


def build(name="ed25519", hash_name="sha256", payload_bytes=200, protected=None, make_entries=None, tail=b"", **lies):
    """An image with its TLVs. make_entries(digest, hashed bytes) gives the unprotected ones if they are not the usual."""
    body = payload(payload_bytes)
    prot = area(0x6908, protected) if protected is not None else b""
    hashed = header(body, prot, **lies) + body + prot
    digest = hashlib.new(hash_name, hashed).digest()
    if make_entries:
        entries = make_entries(digest, hashed)
    else:
        entries = [tlv(SHA_TLV[hash_name], digest)] + (key_and_signature(name, digest, hash_name) if name else [])
    return hashed + area(0x6907, entries) + tail


def add(name, data, expect, keys=("ed25519",), **more):
    """expect: `accept`, or the name of the reason."""
    os.makedirs(path("images"), exist_ok=True)
    with open(path("images", name + ".bin"), "wb") as file:
        file.write(data)
    manifest.append({"name": name, "expect": expect, "keys": list(keys), **more})


def imgtool(name, options, expect="accept", keys=(), size=200, **more):
    with open(path("payload.tmp"), "wb") as file:
        file.write(payload(size))
    out = path("out.tmp")
    command = [sys.executable, "-m", "imgtool.main", "sign", "-v", "1.2.3+4", "-S", "0x10000", "--pad-header"] + options.split()
    if keys:
        command += ["-k", path("keys", keys[0] + ".pem")]
    subprocess.run(command + [path("payload.tmp"), out], check=True, stdout=subprocess.DEVNULL)
    with open(out, "rb") as file:
        add(name, file.read(), expect, keys, made_by="imgtool sign " + options, **more)
    os.unlink(out)
    os.unlink(path("payload.tmp"))


def good_images():
    imgtool("none", "-H 0x200", cuts=True)
    imgtool("none-sha384", "-H 0x20 --sha 384")
    imgtool("none-sha512", "-H 0x20 --sha 512")
    imgtool("p256", "-H 0x20", keys=["p256"], cuts=True, flips="all")
    imgtool("p256-padsig", "-H 0x200 --pad-sig", keys=["p256"], cuts=True)
    imgtool("p256-second-key", "-H 0x20", keys=["p256-b", "p256"])
    imgtool("p384", "-H 0x20", keys=["p384"], cuts=True)
    imgtool("ed25519", "-H 0x20", keys=["ed25519"], cuts=True, flips="all")
    imgtool("ed25519-sha512", "-H 0x800 --sha 512", keys=["ed25519"], cuts=True)
    imgtool("ed25519-pure", "-H 0x20 --pure", keys=["ed25519"], cuts=True, flips="hashed")
    imgtool("ed25519-protected", "-H 0x20 -s 9 --boot-record SPE --custom-tlv 0x00a1 abc", keys=["ed25519"], cuts=True, flips="all")
    imgtool("ed25519-confirmed", "-H 0x200 --confirm --align 8 -S 0x1800 -M 16", keys=["ed25519"])
    imgtool("rsa2048", "-H 0x20", keys=["rsa2048"], cuts=True)
    imgtool("rsa3072", "-H 0x20", keys=["rsa3072"])
    imgtool("full-key-p256", "-H 0x20 --public-key-format full", keys=["p256"], full_key=True)
    imgtool("full-key-pure", "-H 0x20 --pure --public-key-format full", keys=["ed25519"], full_key=True)
    imgtool("full-key-sha512", "-H 0x20 --sha 512 --public-key-format full", keys=["ed25519"], full_key=True)
    imgtool("full-key-rsa3072", "-H 0x20 --public-key-format full", keys=["rsa3072"], full_key=True)
    imgtool("full-key-p384", "-H 0x20 --public-key-format full", keys=["p384"], full_key=True)
    imgtool("full-key-by-hash", "-H 0x20 --public-key-format full", "KEY_IN_FULL", keys=["p256"])
    imgtool("counter-7-min-7", "-H 0x20 -s 7", keys=["ed25519"], counter_min=7)
    imgtool("counter-6-min-7", "-H 0x20 -s 6", "POLICY_COUNTER", keys=["ed25519"], counter_min=7)
    imgtool("counter-none-min-7", "-H 0x20", "POLICY_COUNTER_MISSING", keys=["ed25519"], counter_min=7)
    imgtool("non-bootable", "-H 0x20 --non-bootable", "IMAGE_NON_BOOTABLE", keys=["ed25519"])
    imgtool("big-endian", "-H 0x20 -e big", "IMAGE_MAGIC", keys=["ed25519"])


def header_images():
    good = build()
    add("blank", b"\xff" * 512, "IMAGE_BLANK")
    add("magic-1", build(magic=0x96F3B83C), "IMAGE_MAGIC")
    add("header-28", build_header_28(), "IMAGE_HEADER_SMALL")
    add("header-0", good[:8] + b"\0\0" + good[10:], "IMAGE_HEADER_SMALL")
    add("wraps", good[:12] + struct.pack("<I", 0xFFFFFFF0) + good[16:], "IMAGE_SIZE_WRAPS")
    add("wraps-protected", good[:10] + struct.pack("<HI", 0xFFFF, 0xFFFF0000) + good[16:], "IMAGE_SIZE_WRAPS")
    add("two-gigabytes", good[:12] + struct.pack("<I", 0x80000000) + good[16:], "IMAGE_BEYOND_SLOT")
    add("one-longer", good[:12] + struct.pack("<I", 201) + good[16:], "IMAGE_TLV_MAGIC")
    add("limit-exact", good, "accept", limit=len(good))
    add("limit-one-over", good, "IMAGE_BEYOND_LIMIT", limit=len(good) - 1)
    for name, flags, expect in (("aes128", 0x4, "IMAGE_ENCRYPTED"), ("aes256", 0x8, "IMAGE_ENCRYPTED"), ("both-aes", 0xC, "IMAGE_FLAGS_CONFLICT"),
                                ("lzma1", 0x200, "IMAGE_COMPRESSED"), ("lzma2", 0x400, "IMAGE_COMPRESSED"),
                                ("lzma2-thumb", 0xC00, "IMAGE_COMPRESSED"), ("both-lzma", 0x600, "IMAGE_FLAGS_CONFLICT"),
                                ("thumb-alone", 0x800, "IMAGE_FLAGS_CONFLICT"), ("unknown", 0x80000000, "accept"), ("pic", 0x1, "accept"),
                                ("ram-load", 0x20, "accept")):
        add("flags-" + name, build(flags=flags), expect)
    add("pad-not-zero", build(pad=0x12345678), "accept")
    add("empty-payload", build(payload_bytes=0), "accept")


def build_header_28():
    body = payload(200)
    hashed = header(body)[:28].replace(struct.pack("<H", 0x20), struct.pack("<H", 28), 1) + body
    digest = hashlib.sha256(hashed).digest()
    return hashed + area(0x6907, [tlv(SHA256, digest)] + key_and_signature("ed25519", digest))


def area_images():
    counter = tlv(SEC_CNT, struct.pack("<I", 9))
    vendor = tlv(VENDOR, b"abc")
    good = build(protected=[counter, vendor])
    end = 0x20 + 200
    add("protected", good, "accept")
    add("protected-empty", build(protected=[]), "accept")
    add("protected-missing", build()[:10] + struct.pack("<H", 24) + build()[12:], "IMAGE_PROTECTED_MISSING")
    add("protected-longer", good[:end + 2] + struct.pack("<H", 20) + good[end + 4:], "IMAGE_PROTECTED_SIZE")
    add("protected-unannounced", good[:10] + b"\0\0" + good[12:], "IMAGE_PROTECTED_UNANNOUNCED")
    add("protected-spills", build(protected=[counter, vendor[:2] + struct.pack("<H", 7) + vendor[4:]]), "IMAGE_TLV_BEYOND_AREA")
    add("protected-stray", build(protected=[counter, b"\x01\x02"]), "IMAGE_TLV_CUT")
    add("protected-hash-wrong", build(protected=[tlv(SHA256, bytes(32))]), "IMAGE_HASH_WRONG")
    add("protected-signature-first", build(protected=[tlv(ED25519, bytes(64))]), "accept")
    add("protected-unknown-types", build(protected=[tlv(0xFFFF, b""), tlv(0x1234, b"x" * 40)]), "accept")
    add("area-magic", good.replace(struct.pack("<H", 0x6907), struct.pack("<H", 0x6906)), "IMAGE_TLV_MAGIC")
    for total, expect in ((3, "IMAGE_TLV_AREA_SIZE"), (4, "SIG_MISSING"), (6, "IMAGE_TLV_CUT"), (0xFFFF, "IMAGE_BEYOND_SLOT")):
        add(f"area-{total}", with_total(build(), end, total), expect)
    add("behind-the-end", build(tail=b"more bytes"), "accept")
    add("tlv-63", build(protected=[tlv(VENDOR, b"")] * 60), "accept")
    add("tlv-65", build(protected=[tlv(VENDOR, b"")] * 62), "IMAGE_TLV_COUNT")
    add("counter-short", build(protected=[tlv(SEC_CNT, b"\1\0\0")]), "IMAGE_COUNTER_SIZE")
    add("counter-twice", build(protected=[counter, tlv(SEC_CNT, struct.pack("<I", 7))]), "IMAGE_COUNTER_TWICE")
    for kind, name in ((SEC_CNT, "counter"), (0x40, "dependency"), (VENDOR, "vendor"), (0, "zero"), (0x13, "next-to-hash"), (0x26, "next-to-pure"),
                       (0x35, "next-to-key-blob"), (0x110, "high-byte")):
        extra = tlv(kind, bytes(4))
        add("unprotected-" + name,
            build(make_entries=lambda d, h, extra=extra: [tlv(SHA256, d), extra] + key_and_signature("ed25519", d)), "IMAGE_TLV_NOT_ALLOWED")
    add("unprotected-key-blob", build(make_entries=lambda d, h: [tlv(SHA256, d), tlv(0x32, bytes(113))] + key_and_signature("ed25519", d)), "accept")


def with_total(image, end, total):
    return image[:end + 2] + struct.pack("<H", total) + image[end + 4:]


def hash_images():
    pair = lambda d, h=None: key_and_signature("ed25519", d)
    add("hash-missing", build(make_entries=lambda d, h: pair(d)), "IMAGE_HASH_MISSING")
    add("hash-31", build(make_entries=lambda d, h: [tlv(SHA256, d[:31])] + pair(d)), "IMAGE_HASH_SIZE")
    add("hash-wrong", build(make_entries=lambda d, h: [tlv(SHA256, d[:31] + bytes([d[31] ^ 1]))] + pair(d)), "IMAGE_HASH_WRONG")
    add("hash-twice", build(make_entries=lambda d, h: [tlv(SHA256, d)] + pair(d) + [tlv(SHA256, d)]), "accept")
    add("hash-twice-wrong", build(make_entries=lambda d, h: [tlv(SHA256, d)] + pair(d) + [tlv(SHA256, bytes(32))]), "IMAGE_HASH_WRONG")
    add("hash-other-kind-too", build(make_entries=lambda d, h: [tlv(SHA512, bytes(64)), tlv(SHA256, d)] + pair(d)), "accept")
    add("hash-only-other-kind", build(make_entries=lambda d, h: [tlv(SHA512, hashlib.sha512(h).digest())] + pair(d)), "IMAGE_HASH_MISSING")
    image = bytearray(build())
    image[0x20 + 100] ^= 0x10
    add("payload-changed", bytes(image), "IMAGE_HASH_WRONG")
    image = bytearray(build())
    image[20] = 9
    add("version-changed", bytes(image), "IMAGE_HASH_WRONG")


def key_images():
    both = ("ed25519", "ed25519-b")
    one = lambda d: key_and_signature("ed25519", d)
    two = lambda d: key_and_signature("ed25519-b", d)
    bad = lambda d: [two(d)[0], tlv(ED25519, bytes(64))]
    entries = lambda make: build(make_entries=lambda d, h: [tlv(SHA256, d)] + make(d))
    add("key-unknown", build("ed25519-b"), "KEY_UNKNOWN")
    add("key-unknown-p256", build("p256-b"), "KEY_UNKNOWN", keys=("p256",))
    add("key-missing", entries(lambda d: one(d)[1:]), "SIG_BEFORE_KEY")
    add("key-after-signature", entries(lambda d: one(d)[::-1]), "SIG_BEFORE_KEY")
    add("key-of-the-other", entries(lambda d: [two(d)[0], one(d)[1]]), "SIG_WRONG", keys=both)
    add("key-hash-16", entries(lambda d: [tlv(KEYHASH, one(d)[0][4:20]), one(d)[1]]), "KEY_HASH_SIZE")
    add("key-hash-0", entries(lambda d: [tlv(KEYHASH, b""), one(d)[1]]), "KEY_HASH_SIZE")
    add("key-hash-48", entries(lambda d: [tlv(KEYHASH, hashlib.sha384(public_der("ed25519")).digest()), one(d)[1]]), "KEY_UNKNOWN")
    add("signature-none", entries(lambda d: []), "SIG_MISSING")
    add("signature-none-needed", entries(lambda d: []), "accept", keys=())
    add("signed-but-none-needed", build(), "accept", keys=())
    add("pairs-unknown-good", entries(lambda d: two(d) + one(d)), "accept")
    add("pairs-good-bad", entries(lambda d: one(d) + bad(d)), "SIG_WRONG", keys=both)
    add("pairs-bad-good", entries(lambda d: bad(d) + one(d)), "accept", keys=both)
    add("pairs-good-unknown", entries(lambda d: one(d) + two(d)), "accept")
    add("one-key-good-bad", entries(lambda d: one(d) + [tlv(ED25519, bytes(64))]), "accept")
    add("one-key-bad-good", entries(lambda d: [one(d)[0], tlv(ED25519, bytes(64)), one(d)[1]]), "SIG_WRONG")
    add("two-keys-last-counts", entries(lambda d: [two(d)[0]] + one(d)), "accept", keys=both)
    add("two-keys-unknown-last", entries(lambda d: [one(d)[0], two(d)[0], one(d)[1]]), "SIG_BEFORE_KEY")
    add("wrong-length-then-good", entries(lambda d: [two(d)[0], tlv(ED25519, bytes(63))] + one(d)), "SIG_SIZE", keys=both)
    add("other-type-too", entries(lambda d: [one(d)[0], tlv(RSA2048, bytes(256)), one(d)[1]]), "accept")
    add("other-type-only", entries(lambda d: [one(d)[0], tlv(RSA2048, bytes(256))]), "SIG_TYPE_OTHER")
    add("p384-over-sha256", build("p384"), "KEY_UNKNOWN", keys=("p384",))
    add("form-refused", build(), "SIG_FORM_REFUSED", refused_forms=FORMS["sha256"])
    add("form-not-refused", build(), "accept", refused_forms=FORMS["sha512"] + FORMS["pure"])


def signature_images():
    entries = lambda name, make: build(make_entries=lambda d, h: [tlv(SHA256, d), key_and_signature(name, d)[0]] + make(d))
    ed = lambda make: entries("ed25519", lambda d: [tlv(ED25519, make(sign_digest("ed25519", d)))])
    number = lambda b: int.from_bytes(b, "little")
    add("ed25519-65", ed(lambda s: s + b"\0"), "SIG_SIZE")
    add("ed25519-0", ed(lambda s: b""), "SIG_SIZE")
    add("ed25519-s-plus-order", ed(lambda s: s[:32] + (number(s[32:]) + ED25519_ORDER).to_bytes(32, "little")), "SIG_WRONG")
    add("ed25519-other-image", ed(lambda s: sign_digest("ed25519", bytes(32))), "SIG_WRONG")
    add("ed25519-of-the-hash-name", ed(lambda s: KEYS["ed25519"].sign(b"sha256")), "SIG_WRONG")
    add("rsa-other-salt", entries("rsa2048", lambda d: [tlv(RSA2048, KEYS["rsa2048"].sign(d, padding.PSS(padding.MGF1(hashes.SHA256()), 20),
                                                                                    utils.Prehashed(hashes.SHA256())))]), "SIG_WRONG", keys=("rsa2048",))
    add("rsa-pkcs1", entries("rsa2048", lambda d: [tlv(RSA2048, KEYS["rsa2048"].sign(d, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())))]),
        "SIG_WRONG", keys=("rsa2048",))
    add("rsa-257", entries("rsa2048", lambda d: [tlv(RSA2048, b"\0" + sign_digest("rsa2048", d))]), "SIG_SIZE", keys=("rsa2048",))

    def der(r, s, change=None):
        part = lambda b: b"\x02" + bytes([len(b)]) + b
        body = part(r) + part(s)
        return change(body) if change else b"\x30" + bytes([len(body)]) + body

    def minimal(n):
        return n.to_bytes(n.bit_length() // 8 + 1, "big")

    def ecdsa(make, low=None, r_below=2**256):
        """make(r, s) -> DER; low: ask for numbers below 2^255 (True) or r above it (False), for cases that need them."""
        def entry(d):
            while True:
                r, s = utils.decode_dss_signature(sign_digest("p256", d))
                if r >= r_below:
                    continue
                if low is None or (low and max(r, s) < 2**255) or (not low and r >= 2**255):
                    return [tlv(ECDSA, make(r, s))]
        return entries("p256", entry)

    plain = lambda r, s: der(minimal(r), minimal(s))
    for name, data, expect in (
            ("both-low", ecdsa(plain, True), "accept"), ("mirror", ecdsa(lambda r, s: plain(r, P256_ORDER - s)), "accept"),
            ("negative-r", ecdsa(lambda r, s: der(r.to_bytes(32, "big"), minimal(s)), False), "accept"),
            ("zero-before-r", ecdsa(lambda r, s: der(b"\0" + r.to_bytes(32, "big"), minimal(s)), True), "accept"),
            ("two-zeros-before-r", ecdsa(lambda r, s: der(b"\0\0" + r.to_bytes(32, "big"), minimal(s)), True), "SIG_DER"),
            ("33-bytes-r", ecdsa(lambda r, s: der(b"\1" + r.to_bytes(32, "big"), minimal(s))), "SIG_DER"),
            ("one-zero-behind", ecdsa(lambda r, s: plain(r, s) + b"\0", True), "accept"),
            ("two-zeros-behind", ecdsa(lambda r, s: plain(r, s) + b"\0\0", True), "accept"),
            ("zeros-to-72", ecdsa(lambda r, s: plain(r, s).ljust(72, b"\0"), True, 2**247), "accept"), # as imgtool pads: here three
            ("zeros-to-73", ecdsa(lambda r, s: plain(r, s).ljust(73, b"\0")), "SIG_SIZE"),
            ("one-behind", ecdsa(lambda r, s: plain(r, s) + b"\1", True), "SIG_DER"),
            ("zeros-to-128", ecdsa(lambda r, s: plain(r, s).ljust(128, b"\0")), "SIG_SIZE"),
            ("inside-behind-s", ecdsa(lambda r, s: der(minimal(r), minimal(s), lambda b: b"\x30" + bytes([len(b) + 2]) + b + b"\0\0"), True), "SIG_DER"),
            ("long-length", ecdsa(lambda r, s: der(minimal(r), minimal(s), lambda b: b"\x30\x81" + bytes([len(b)]) + b), True), "SIG_DER"),
            ("indefinite", ecdsa(lambda r, s: der(minimal(r), minimal(s), lambda b: b"\x30\x80" + b + b"\0\0"), True), "SIG_DER"),
            ("sequence-longer", ecdsa(lambda r, s: der(minimal(r), minimal(s), lambda b: b"\x30" + bytes([len(b) + 1]) + b)), "SIG_DER"),
            ("sequence-shorter", ecdsa(lambda r, s: der(minimal(r), minimal(s), lambda b: b"\x30" + bytes([len(b) - 1]) + b)), "SIG_DER"),
            ("tag", ecdsa(lambda r, s: b"\x31" + plain(r, s)[1:]), "SIG_DER"),
            ("only-r", ecdsa(lambda r, s: der(minimal(r), b"", lambda b: b"\x30" + bytes([len(b) - 2]) + b[:-2])), "SIG_DER"),
            ("empty", ecdsa(lambda r, s: b""), "SIG_DER"), ("one-byte", ecdsa(lambda r, s: b"\x30"), "SIG_DER"),
            ("s-empty", ecdsa(lambda r, s: der(minimal(r), b"")), "SIG_DER"), ("r-zero", ecdsa(lambda r, s: plain(0, s)), "SIG_WRONG"),
            ("s-zero", ecdsa(lambda r, s: plain(r, 0)), "SIG_WRONG"), ("s-plus-order", ecdsa(lambda r, s: der(minimal(r), minimal(P256_ORDER))), "SIG_WRONG")):
        add("ecdsa-" + name, data, expect, keys=("p256",))


def pure_images():
    key = [tlv(KEYHASH, hashlib.sha512(public_der("ed25519")).digest())]
    flag = [tlv(PURE, b"\1")]
    signature = lambda h: [tlv(ED25519, KEYS["ed25519"].sign(h))]
    digest = lambda h: [tlv(SHA512, hashlib.sha512(h).digest())]
    entries = lambda make: build(make_entries=lambda d, h: make(h))
    add("pure-no-flag", entries(lambda h: digest(h) + key + signature(h)), "SIG_WRONG")
    add("pure-flag-2", entries(lambda h: digest(h) + [tlv(PURE, b"\2")] + key + signature(h)), "SIG_PURE_VALUE")
    add("pure-flag-long", entries(lambda h: digest(h) + [tlv(PURE, b"\1\0")] + key + signature(h)), "SIG_PURE_VALUE")
    add("pure-flag-0-then-1", entries(lambda h: digest(h) + [tlv(PURE, b"\0")] + flag + key + signature(h)), "SIG_PURE_VALUE")
    add("pure-flag-late", entries(lambda h: digest(h) + key + signature(h) + flag), "accept")
    add("pure-over-digest", entries(lambda h: digest(h) + flag + key + [tlv(ED25519, sign_digest("ed25519", hashlib.sha512(h).digest()))]), "SIG_WRONG")
    add("pure-no-hash", entries(lambda h: flag + key + signature(h)), "accept")
    add("pure-hash-wrong", entries(lambda h: [tlv(SHA512, bytes(64))] + flag + key + signature(h)), "accept")
    add("pure-key-hash-32", entries(lambda h: digest(h) + flag + [tlv(KEYHASH, hashlib.sha256(public_der("ed25519")).digest())] + signature(h)),
        "SIG_HASH_OTHER")
    add("pure-p256", build("p256", make_entries=lambda d, h: [tlv(SHA256, d)] + flag + key_and_signature("p256", d)), "SIG_PURE_KEY", keys=("p256",))
    add("pure-refused", entries(lambda h: digest(h) + flag + key + signature(h)), "SIG_FORM_REFUSED", refused_forms=FORMS["pure"])
    changed = bytearray(entries(lambda h: digest(h) + flag + key + signature(h)))
    changed[0x20 + 50] ^= 1
    add("pure-payload-changed", bytes(changed), "SIG_WRONG")


def fuzz_corpus():
    """Seeds for tests/fuzz/fuzz_image.c: some of these images, and some for its second half, where every digest is 32 bytes of 0x11
    (or 48, 64) and every signature counts as good, so that changed bytes reach what lies behind the hash."""
    folder = path("..", "fuzz", "corpus", "image")
    os.makedirs(folder, exist_ok=True)
    for name in ("p256", "ed25519", "ed25519-pure", "ed25519-protected", "p384", "rsa2048", "full-key-p256", "none-sha384", "tlv-63",
                 "counter-twice", "protected-spills", "ecdsa-two-zeros-behind", "pairs-bad-good", "hash-twice", "flags-aes128"):
        with open(path("images", name + ".bin"), "rb") as file, open(os.path.join(folder, name), "wb") as out:
            out.write(file.read())
    eleven = lambda n: b"\x11" * n
    der = b"\x30\x44\x02\x20" + eleven(32) + b"\x02\x20" + eleven(32)
    kinds = {"ecdsa": (32, ECDSA, der), "ecdsa-padded": (32, ECDSA, der + b"\0\0"), "ed25519": (32, ED25519, bytes(64)),
             "sha512": (64, ED25519, bytes(64)), "rsa": (32, RSA2048, bytes(256))}
    for name, (size, kind, signature) in kinds.items():
        protected = area(0x6908, [tlv(SEC_CNT, bytes(4)), tlv(VENDOR, b"x")])
        entries = [tlv(SHA512 if size == 64 else SHA256, eleven(size)), tlv(KEYHASH, eleven(size)), tlv(kind, signature)]
        for pure in (False, True):
            extra = [tlv(PURE, b"\1")] if pure else []
            with open(os.path.join(folder, f"eleven-{name}" + ("-pure" if pure else "")), "wb") as out:
                out.write(header(payload(32), protected) + payload(32) + protected + area(0x6907, extra + entries))


def main():
    load_keys()
    for group in (good_images, header_images, area_images, hash_images, key_images, signature_images, pure_images):
        group()
    if INTO == HERE:
        fuzz_corpus()
    with open(path("manifest.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in manifest) + "\n]\n")
    print(f"{len(manifest)} images")


if __name__ == "__main__":
    main()
