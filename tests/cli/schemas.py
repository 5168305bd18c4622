#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The JSON of the tool against docs/schema: harness.run hands every --json output of the tests here.

As a program: python3 tests/cli/schemas.py "key show" OUTPUT.json...   prints a draft of docs/schema/key-show.json from such outputs. Then the
descriptions are written by hand, and "required" is left with what every success has.
"""
import functools
import json
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schema")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMMON = ("ok", "reason", "notes", "steps")


def path_of(command):
    return os.path.join(FOLDER, command.replace(" ", "-") + ".json")


def library():
    """jsonschema; Debian's package serves another Python 3 as well, all that it needs is Python."""
    for folder in (None, "/usr/lib/python3/dist-packages"):
        if folder:
            sys.path.append(folder)
        try:
            import jsonschema
            return jsonschema
        except ImportError:
            continue
    raise AssertionError("the Python package jsonschema is missing: ./dev setup installs python3-jsonschema")


def load(name):
    with open(path_of(name), encoding="utf-8") as file:
        return json.load(file)


def with_references(value, change):
    """A copy in which each $ref is changed."""
    if isinstance(value, dict):
        return {key: change(inner) if key == "$ref" else with_references(inner, change) for key, inner in value.items() if key != "$id"}
    return [with_references(inner, change) for inner in value] if isinstance(value, list) else value


def in_common(ref):
    return "#/$defs/common.json" + ref.partition("#")[2]


def in_command(ref):
    return in_common(ref) if ref.startswith("common.json") else ref


@functools.lru_cache
def validator(command):
    """common.json is put inside, so that nothing is looked for elsewhere."""
    jsonschema = library()
    if not os.path.exists(path_of(command)):
        raise AssertionError(f"docs/schema/{os.path.basename(path_of(command))} is missing: each command that prints JSON has its schema there. "
                             f"A draft: python3 tests/cli/schemas.py \"{command}\" OUTPUT.json (docs/contributing.md)")
    schema = with_references(load(command), in_command)
    schema.setdefault("$defs", {})["common.json"] = with_references(load("common"), in_common)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def check(command, value):
    """Raises AssertionError with each place that the schema does not allow."""
    found = [f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message[:300]}" for error in validator(command).iter_errors(value)]
    assert not found, f"the JSON of `holdfast {command}` is not as docs/schema/{command.replace(' ', '-')}.json says:\n  " + "\n  ".join(found)


# --- a draft ----------------------------------------------------------------------------------------------------------------------

def is_hex(text):
    return len(text) >= 8 and len(text) % 2 == 0 and set(text) <= set("0123456789abcdef")


def draft(values):
    kinds = {type(value) for value in values}
    if kinds == {dict}:
        keys = list(dict.fromkeys(key for value in values for key in value))
        return {"type": "object", "properties": {key: draft([value[key] for value in values if key in value]) for key in keys},
                "required": [key for key in keys if all(key in value for value in values)], "additionalProperties": False}
    if kinds == {list}:
        members = [member for value in values for member in value]
        return {"type": "array", "items": draft(members) if members else {}}
    if kinds == {bool}:
        return {"type": "boolean"}
    if kinds <= {int, float}:
        return {"$ref": "common.json#/$defs/number"}
    return {"$ref": "common.json#/$defs/hex"} if all(is_hex(value) for value in values) else {"type": "string"}


def draft_of_command(command, values):
    made = draft(values)
    good = draft([value for value in values if value.get("ok")] or values)
    return {"$schema": DIALECT, "$id": command.replace(" ", "-") + ".json", "title": f"holdfast {command} --json", "$ref": "common.json",
            "properties": {key: value for key, value in made["properties"].items() if key not in COMMON},
            "if": {"properties": {"ok": {"const": True}}},
            "then": {"required": [key for key in good["required"] if key not in COMMON]},
            "unevaluatedProperties": False}


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: schemas.py COMMAND OUTPUT.json...")
    values = []
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            values.append(json.load(file))
    print(json.dumps(draft_of_command(sys.argv[1], values), indent=2))


if __name__ == "__main__":
    main()
