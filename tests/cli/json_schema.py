#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/schema has a schema for each command, it takes what the tool prints and nothing else. harness.run checks all other JSON."""
import copy
import os

import harness
import schemas
from harness import fails, ok, run, signed


OWN_FORM = ("doctor",)  # a success is an object of its own form, without "ok"; a failure is as everywhere


def names_of_commands():
    harness.command_of([])
    return harness.COMMANDS


def test_every_command_has_its_schema():
    there = sorted(name[:-5] for name in os.listdir(schemas.FOLDER))
    wanted = sorted([name.replace(" ", "-") for name in names_of_commands()] + ["common"])
    missing, left = set(wanted) - set(there), set(there) - set(wanted)
    assert not missing, f"docs/schema lacks {', '.join(sorted(missing))}: docs/contributing.md says how to make a schema"
    assert not left, f"docs/schema has {', '.join(sorted(left))}, and there is no such command"
    for name in wanted:
        schema = schemas.load(name)
        assert schema["$schema"] == schemas.DIALECT and schema["$id"] == f"{name}.json" and schema["title"], name
        if name != "common":
            assert schema["title"] == f"holdfast {name.replace('-', ' ')} --json" or f"holdfast {name}" in schema["title"], name
            common = schema["oneOf"][1] if name in OWN_FORM else schema
            assert schema["unevaluatedProperties"] is False and common["$ref"] == "common.json", f"{name} lets other keys pass"
        schemas.validator("common" if name == "common" else next(c for c in names_of_commands() if c.replace(" ", "-") == name))


def refused(command, value, words):
    try:
        schemas.check(command, value)
    except AssertionError as error:
        assert words in str(error), f"{error} does not tell of {words}"
        return
    raise AssertionError(f"the schema of {command} takes {value}")


def test_schemas_refuse_what_is_not_said():
    made = ok("key", "new", "k.pem", "--json").json()
    schemas.check("key new", made)
    for key in made:
        without = copy.deepcopy(made)
        del without[key]
        refused("key new", without, key)
        other = copy.deepcopy(made)
        other[key] = ["something else"]
        refused("key new", other, key)
    refused("key new", {**made, "surprise": 1}, "surprise")
    refused("key new", {**made, "type": "dsa"}, "dsa")
    failure = run("key", "show", "nothing.pem", "--json").json()
    schemas.check("key show", failure)
    refused("key show", {"ok": False}, "reason")
    refused("key show", {**failure, "ok": True}, "reason")
    inside = copy.deepcopy(failure)
    inside["reason"]["extra"] = 1
    refused("key show", inside, "extra")


def test_an_unknown_command_and_a_missing_schema():
    fails(harness.USAGE, "HOST_COMMAND_UNKNOWN", "nonsense", "--json")
    refused("no such command", {"ok": True}, "docs/contributing.md")


def test_what_the_commands_print_in_all_their_forms():
    """harness.run checks each against its schema."""
    for kind in ("ecdsa-p256", "ed25519", "rsa-2048", "ecdsa-p384"):
        ok("key", "new", f"{kind}.pem", "--type", kind, "--public", f"{kind}.pub.pem", "--json")
        ok("key", "export", f"{kind}.pem", "-o", f"{kind}.out", "--json")
        signed(kind, "1.2.3+4", f"{kind}.pem", 3000, "--security-counter", "7", "--pad", "--confirm", "--boot-record", "app")
        ok("verify", f"{kind}.bin", "-k", f"{kind}.pem", "--json")
        ok("inspect", f"{kind}.bin", "--json")
    boards = ok("board", "list", "--json").json()["boards"]
    assert len(boards) >= 2
    if ok("bootloader", "--list", "--json").json()["loaders"]:
        for board in boards:
            for layout in board["layouts"]:
                out = f"{board['name']}-{layout['name']}.hex"
                made = run("bootloader", "--board", board["name"], "--layout", layout["name"], "--key", "ecdsa-p256.pem", "-o", out, "--json")
                if made.code == harness.OK:
                    ok("inspect", out, "--json")
    signed("a", "1.0.0", "ed25519.pem")
    signed("b", "1.0.1", "ed25519.pem")
    ok("zip", "a.bin@0.0", "b.bin@0.1", "-o", "both.zip", "--json")
    ok("inspect", "both.zip", "--json")
    ok("verify", "both.zip", "-k", "ed25519.pem", "--json")
    ok("verify", "a.bin", "--hash-only", "--json")
    ok("reason", "HF-0218", "--json")
    ok("port", "list", "--json")
    ok("device", "save", "bench", "udp:127.0.0.1", "--json")
    ok("devices", "--json")
    ok("device", "forget", "bench", "--json")


if __name__ == "__main__":
    harness.main(globals())
