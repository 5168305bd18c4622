#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OpenSSL's own command verifies the signatures in images that holdfast signs, and refuses them once a byte is changed."""
import hashlib
import os
import subprocess
import tempfile

from image_bytes import Image
from virtual_board import evidence

CLI = os.environ["HOLDFAST_CLI"]
PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256"]


def run(*args):
    return subprocess.run(args, capture_output=True, text=True, check=False)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def openssl_accepts(kind, image, pure, region):
    """region: header, payload and protected TLVs, right or changed."""
    hash_name, _ = image.digest()
    write("signature", image.signature()[2])
    if kind == "ed25519":
        write("message", region if pure else hashlib.new(hash_name, region).digest())
        done = run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin", "-in", "message", "-sigfile", "signature")
    else:
        write("message", region)
        more = PSS if kind.startswith("rsa") else []
        done = run("openssl", "dgst", f"-{hash_name}", *more, "-verify", "pub.pem", "-signature", "signature", "message")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def check(kind, *options):
    for path in ("key.pem", "pub.pem"):
        if os.path.exists(path):
            os.remove(path)
    made = run(CLI, "key", "new", "key.pem", "--type", kind, "--public", "pub.pem")
    assert made.returncode == 0, made.stderr
    signed = run(CLI, "sign", "app", "image.bin", "-v", "1.0.0", "-H", "0x200", "-S", "0x10000", "--pad-header", "-s", "5", "-k", "key.pem", *options)
    assert signed.returncode == 0, signed.stderr
    with open("image.bin", "rb") as file:
        image = Image(file.read())
    assert hashlib.new(image.digest()[0], image.hashed).digest() == image.digest()[1]
    assert openssl_accepts(kind, image, "--pure" in options, image.hashed), (kind, options)
    changed = bytearray(image.hashed)
    changed[0x210] ^= 1
    assert not openssl_accepts(kind, image, "--pure" in options, bytes(changed)), (kind, options)


def main():
    with tempfile.TemporaryDirectory(prefix="holdfast-openssl-") as folder:
        os.environ["XDG_DATA_HOME"] = os.path.join(folder, "data")
        os.chdir(folder)
        write("app", bytes(range(256)) * 12)
        cases = [("ecdsa-p256",), ("ecdsa-p384",), ("rsa-2048",), ("rsa-3072",), ("ed25519",), ("ed25519", "--sha", "512"), ("ed25519", "--pure")]
        for case in cases:
            check(*case)
        evidence("openssl_agrees.py", "OpenSSL's command verifies signatures of every kind that holdfast makes, and refuses the changed image", len(cases))


main()
