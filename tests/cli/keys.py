#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""key new, show, export: files that OpenSSL agrees with, and every way a key file can be wrong."""
import hashlib
import os
import stat
import subprocess

import harness
from harness import FILE, REFUSED, USAGE, fails, ok, read, write

TYPES = ["ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072", "ecdsa-p384"]


def openssl(*args, data=None):
    done = subprocess.run(["openssl", *args], capture_output=True, input=data, check=False)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout


def test_new_key_is_what_openssl_reads():
    for kind in TYPES:
        path = f"{kind}.pem"
        shown = ok("key", "new", path, "--type", kind, "--public", f"{kind}.pub.pem", "--json").json()
        assert shown["type"] == kind and shown["private"] is True
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert openssl("pkey", "-in", path, "-pubout") == read(f"{kind}.pub.pem")
        form = ["-RSAPublicKey_out"] if kind.startswith("rsa") else ["-pubout"]
        tool = "rsa" if kind.startswith("rsa") else "pkey"
        der = openssl(tool, "-in", path, *form, "-outform", "DER")
        assert shown["hash_sha256"] == hashlib.sha256(der).hexdigest()
        again = ok("key", "show", f"{kind}.pub.pem", "--json").json()
        assert again["hash_sha256"] == shown["hash_sha256"] and again["private"] is False
        ok("key", "export", path, "--form", "der", "-o", f"{kind}.der")
        assert read(f"{kind}.der") == der
        assert ok("key", "export", path).out.encode() == read(f"{kind}.pub.pem")
    assert harness.leftovers() == []


def test_openssl_key_is_read():
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "pkcs8.pem")
    openssl("ec", "-in", "pkcs8.pem", "-out", "sec1.pem")
    openssl("ec", "-in", "pkcs8.pem", "-conv_form", "compressed", "-pubout", "-out", "compressed.pem")
    hashes = {ok("key", "show", name, "--json").json()["hash_sha256"] for name in ("pkcs8.pem", "sec1.pem", "compressed.pem")}
    assert len(hashes) == 1
    openssl("genrsa", "-out", "rsa.pem", "2048")
    openssl("rsa", "-in", "rsa.pem", "-RSAPublicKey_out", "-out", "rsapub.pem")
    assert ok("key", "show", "rsapub.pem", "--json").json()["type"] == "rsa-2048"


def test_export_raw_and_c():
    ok("key", "new", "k.pem", "-t", "ed25519")
    der = ok("key", "export", "k.pem", "--form", "der", binary=True).out
    assert ok("key", "export", "k.pem", "--form", "raw", binary=True).out == der[12:]
    text = ok("key", "export", "k.pem", "--form", "c").out
    assert "ed25519_pub_key[]" in text and "ed25519_pub_key_len = 44;" in text
    body = text[text.index("{") + 1:text.index("}")]
    assert bytes(int(word, 16) for word in body.replace(",", " ").split()) == der


def test_passphrase():
    secret = {"HOLDFAST_PASSPHRASE": "open sesame"}
    ok("key", "new", "k.pem", "--passphrase", env=secret)
    assert b"ENCRYPTED" in read("k.pem")
    fails(REFUSED, "HOST_KEY_PASSPHRASE_NEEDED", "key", "show", "k.pem", holds=["k.pem"])
    fails(REFUSED, "HOST_KEY_PASSPHRASE_WRONG", "key", "show", "k.pem", env={"HOLDFAST_PASSPHRASE": "wrong"})
    ok("key", "show", "k.pem", env=secret)
    write("secret", b"open sesame\n")
    ok("key", "show", "k.pem", "--passphrase-file", "secret")
    write("empty", b"\n")
    fails(REFUSED, "HOST_KEY_PASSPHRASE_NEEDED", "key", "new", "n.pem", "--passphrase-file", "empty")
    assert not os.path.exists("n.pem")
    openssl("pkey", "-in", "k.pem", "-passin", "pass:open sesame", "-pubout")
    openssl("genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:x", "-out", "o.pem")
    ok("key", "show", "o.pem", env={"HOLDFAST_PASSPHRASE": "x"})
    write("app", harness.payload())
    fails(REFUSED, "HOST_KEY_PASSPHRASE_NEEDED", "sign", "app", "out.bin", "-v", "1", "-H", "0x200", "-S", "0x10000", "--pad-header", "-k", "k.pem")
    assert not os.path.exists("out.bin")


def test_no_key_is_ever_replaced():
    ok("key", "new", "k.pem")
    before = read("k.pem")
    fails(FILE, "HOST_FILE_EXISTS", "key", "new", "k.pem", holds=["k.pem"])
    assert read("k.pem") == before
    ok("key", "new", "k.pem", "--force")
    assert read("k.pem") != before
    assert harness.leftovers() == []


def test_what_is_no_key():
    write("text.pem", b"hello\n")
    fails(REFUSED, "HOST_KEY_FORMAT", "key", "show", "text.pem", holds=["expected a PEM", "found no PEM text"])
    write("cut.pem", b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n")
    fails(REFUSED, "HOST_KEY_FORMAT", "key", "show", "cut.pem")
    write("empty.pem", b"")
    fails(FILE, "HOST_FILE_EMPTY", "key", "show", "empty.pem")
    fails(FILE, "HOST_FILE_MISSING", "key", "show", "absent.pem", holds=["absent.pem"])
    fails(FILE, "HOST_FILE_READ", "key", "show", ".")
    write("large.pem", b"x" * 100000)
    fails(FILE, "HOST_FILE_TOO_LARGE", "key", "show", "large.pem")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-out", "k1.pem")
    fails(REFUSED, "HOST_KEY_TYPE", "key", "show", "k1.pem", holds=["EC"])
    openssl("genrsa", "-out", "small.pem", "1024")
    fails(REFUSED, "HOST_KEY_TYPE", "key", "show", "small.pem", holds=["1024 bits"])
    openssl("genpkey", "-algorithm", "X25519", "-out", "x.pem")
    fails(REFUSED, "HOST_KEY_TYPE", "key", "show", "x.pem", holds=["X25519"])
    fails(USAGE, "HOST_OPTION_VALUE", "key", "new", "z.pem", "--type", "dsa", holds=["dsa"])


def test_unwritable_places():
    fails(FILE, "HOST_FILE_WRITE", "key", "new", "no/such/folder/k.pem", holds=["No such file"])
    fails(FILE, "HOST_FILE_WRITE", "key", "export", ok_key(), "-o", "/dev/full", holds=["/dev/full", "No space"])


def ok_key():
    ok("key", "new", "good.pem")
    return "good.pem"


harness.main(globals())
