#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is in the .debs: programs, pages, completions, licences, what they depend on; and that `cmake --install` puts the same in place.

lintian looks at them too where it is installed. It is told to keep quiet about the address of the maintainer: there is none.
"""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import debs

FILES = {
    "holdfast": ["bin/holdfast", "share/man/man1/holdfast.1.gz", "share/bash-completion/completions/holdfast",
                 "share/zsh/site-functions/_holdfast", "share/fish/vendor_completions.d/holdfast.fish", "share/doc/holdfast/copyright",
                 "share/doc/holdfast/README.md", "share/doc/holdfast/cli.md",
                 "share/doc/holdfast/schema/common.json"],
    "holdfast-board": ["bin/holdfast-board", "share/man/man1/holdfast-board.1.gz", "share/bash-completion/completions/holdfast-board",
                       "share/zsh/site-functions/_holdfast-board", "share/fish/vendor_completions.d/holdfast-board.fish",
                       "share/doc/holdfast-board/copyright"],
}
# Words that the licences ask to go with the binaries.
COPYRIGHT = {
    "holdfast": ["The Holdfast authors", "p256-m", "common-licenses/Apache-2.0", "Loup Vaillant", "Redistributions in binary form"],
    "holdfast-board": ["The Holdfast authors", "Unicorn", "combined work", "version 2", "/usr/share/common-licenses/GPL-2"],
}
# What dpkg-shlibdeps must have found, at least.
DEPENDS = {"holdfast": ["libc6", "libcjson1", "liblzma5", "libserialport0", "libssl3", "libsystemd0", "libyaml-0-2", "libzip4"], "holdfast-board": ["libc6", "libunicorn2"]}


def below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def check_control(name, path):
    fields = {field: debs.run("dpkg-deb", "-f", path, field).strip() for field in ("Depends", "Recommends", "Version", "Description", "Installed-Size")}
    assert all(fields.values()), fields
    depends = {word.split()[0] for word in fields["Depends"].split(", ")}
    assert depends >= set(DEPENDS[name]) and not any(word.endswith("-dev") for word in depends), fields
    assert fields["Recommends"] in FILES and fields["Recommends"] != name, fields
    assert "libunicorn" not in fields["Depends"] or "GPL-2" in fields["Description"], fields


def main():
    with tempfile.TemporaryDirectory(prefix="holdfast-package-") as folder:
        made = debs.make(os.path.join(folder, "debs"))
        found = []
        for name, path in made.items():
            check_control(name, path)
            into = os.path.join(folder, name)
            debs.run("dpkg-deb", "-x", path, into)
            there = below(os.path.join(into, "usr"))
            found += there
            assert os.listdir(into) == ["usr"], os.listdir(into)
            for file in FILES[name]:
                assert file in there, f"{name}: {file} is missing of {there}"
            with open(os.path.join(into, "usr/share/doc", name, "copyright"), encoding="utf-8") as file:
                text = file.read()
            for words in COPYRIGHT[name]:
                assert words in text, f"{name}: copyright says nothing of {words}"
            assert ".symtab" not in debs.run("readelf", "-S", "-W", os.path.join(into, f"usr/bin/{name}")), f"{name} is not stripped"
            print(f"{name}: {len(there)} files, {os.path.getsize(path)} bytes")
        debs.run("cmake", "--install", debs.BUILD, "--prefix", os.path.join(folder, "prefix"))
        assert below(os.path.join(folder, "prefix")) == sorted(found), "cmake --install and the packages differ"
        if shutil.which("lintian"):
            print(debs.run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
                           "bogus-mail-host,bogus-mail-host-in-debian-changelog", *made.values()), end="")
        else:
            print("lintian is not installed: the packages were not tried with it")


if __name__ == "__main__":
    main()
