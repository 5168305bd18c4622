#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vectors_outside.py VERDICT_TOOL: runs a folder of images with MCUboot's own verdicts through hf_verdict_of.

The folder is named by HOLDFAST_VECTORS and has a manifest.json with `good` and `broken`, keys/*.pub.pem, and for each image what
loaders of MCUboot said. Without the variable the test is skipped (exit 77). Every disagreement must be one that is stricter on
purpose and is listed here with its reason; a looser one is a failure whatever it is.
"""
import json
import os
import subprocess
import sys

# Stricter on purpose: the rule of ours that refuses -> the names of images that MCUboot takes.
STRICTER = {
    "IMAGE_HEADER_SMALL": {"hdr-28"},
    "IMAGE_TLV_BEYOND_AREA": {"prot-spill"},
    "KEY_HASH_SIZE": {"keyhash-16", "keyhash-0"},
    "IMAGE_ENCRYPTED": None,  # any image: this version does not decrypt
}

FORMS = {"sha256": 2, "sha384": 4, "sha512": 8, "pure": 16}


def loader_options(loader, folder):
    """What a build of MCUboot is, said in our rules: its keys (NAME, then NAME-b where it exists) and its one form."""
    families = {"Ed25519": "ed25519", "ECDSA P-256": "p256", "ECDSA P-384": "p384", "RSA-2048": "rsa2048", "RSA-3072": "rsa3072"}
    options = ["--limit", "0x2000", "--slot", "0x4000"] if "slot" not in loader else []
    name = next((key for text, key in families.items() if loader.startswith(text)), None)
    if name:
        for suffix in ("", "-b"):
            path = os.path.join(folder, "keys", f"{name}{suffix}.pub.pem")
            if os.path.exists(path):
                options += ["--key", path]
    if loader.startswith("Ed25519"):
        form = "pure" if "pure" in loader else "sha512" if "SHA-512" in loader else "sha256"
        options += ["--refuse-forms", str(sum(FORMS.values()) - FORMS[form])]
    if "key hash held by hardware" in loader:
        options.append("--full-key")
    if "stored counter 5" in loader:
        options += ["--counter-min", "5"]
    return options


def ask(tool, folder, entry, loader):
    command = [tool, *loader_options(loader, folder), os.path.join(folder, entry["file"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{entry['name']}: {' '.join(command)}\n{done.stderr}")
    return done.stdout.split()[:2]


def main():
    folder = os.environ.get("HOLDFAST_VECTORS")
    if not folder:
        print("HOLDFAST_VECTORS is not set")
        sys.exit(77)
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    counts, faults = {"agree": 0, "stricter": 0, "no verdict": 0}, []
    for entry in manifest["good"] + manifest["broken"]:
        runs = entry["mcuboot"] if isinstance(entry["mcuboot"], list) else [entry["mcuboot"]]
        wanted = [(run["loader"], {run["as_update"], run["as_primary"]}) for run in runs if run.get("loader")]
        if not wanted or entry["file"].endswith(".hex"):
            counts["no verdict"] += 1
            continue
        # One rule for all back ends: it must take what all take, may take what one takes, must refuse what all refuse.
        loader = wanted[0][0]
        said = set().union(*(verdicts for _, verdicts in wanted)) - {None}
        ours, reason = ask(sys.argv[1], folder, entry, loader)
        can_accept = "accept" in said
        must_accept = said == {"accept"}
        if ours == "accept" and not can_accept:
            faults.append(f"LOOSER   {entry['name']}: accepted, {loader} refuses")
        elif ours == "refuse" and must_accept and entry["name"] not in (STRICTER.get(reason, set()) or {entry["name"]}
                                                                       if reason in STRICTER else set()):
            faults.append(f"STRICTER {entry['name']}: {reason}, {loader} accepts")
        elif ours == "refuse" and can_accept:
            counts["stricter"] += 1
            print(f"stricter: {entry['name']}: {reason} (MCUboot: {', '.join(sorted(said))})")
        else:
            counts["agree"] += 1
        if os.environ.get("HOLDFAST_VECTORS_VERBOSE"):
            print(entry["name"], ours, reason, sorted(said))
    print("\n".join(faults))
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
