# SPDX-License-Identifier: MIT
"""Images that imgtool signs boot on both virtual boards, in every form of signature that the loaders check; others are refused."""
import os
import sys
import tempfile

from virtual_board import BOARDS, boot, imgtool_sign, make_loader, run

# name, key type, options of imgtool
FORMS = [
    ("ECDSA P-256", "ecdsa-p256", []),
    ("ECDSA P-256, custom TLVs, counter", "ecdsa-p256", ["--custom-tlv", "0x00a0", "0x0102", "-s", "7"]),
    ("Ed25519 over SHA-256", "ed25519", []),
    ("Ed25519 over SHA-512", "ed25519", ["--sha", "512"]),
    ("Ed25519 pure", "ed25519", ["--pure"]),
]


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        keys = {}
        for kind in ("ecdsa-p256", "ed25519", "rsa-2048"):
            keys[kind] = os.path.join(folder, kind + ".pem")
            run(sys.executable, "-m", "imgtool.main", "keygen", "-t", kind, "-k", keys[kind])
        for board in BOARDS:
            loaders = {kind: make_loader(board, keys[kind], folder) for kind in ("ecdsa-p256", "ed25519")}
            image = os.path.join(folder, "image.bin")
            for name, kind, options in FORMS:
                imgtool_sign(sys.executable, board, "1.0.0", keys[kind], image, *options)
                good, text = boot(board, loaders[kind], image, "Holdfast demo 1.0.0")
                assert good, f"{board}, {name}: did not boot\n{text}"
                print(f"{board}: {name} boots")
                count += 1
                # The other loader has not this key: HF-0303, and nothing is started.
                other = loaders["ed25519" if kind == "ecdsa-p256" else "ecdsa-p256"]
                good, text = boot(board, other, image, "HF-0613")
                assert good and "Holdfast demo" not in text, f"{board}, {name}: another key's loader does not refuse it\n{text}"
                count += 1
            imgtool_sign(sys.executable, board, "1.0.0", keys["rsa-2048"], image)
            good, text = boot(board, loaders["ecdsa-p256"], image, "HF-0613")
            assert good and "Holdfast demo" not in text, f"{board}: an RSA image is not refused\n{text}"
            count += 1
    print(f"{count} checks")


main()
