#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Help, man pages and completions: each command and option is in all of them, and the shells really complete.

zsh, fish and mandoc are tried where they are installed; what was left out is said.
"""
import os
import pty
import re
import select
import shutil
import subprocess

import harness
from harness import ok

WORDS = os.path.join(os.environ["HOLDFAST_BUILD_DIR"], "words")
BOARD = os.environ.get("HOLDFAST_BOARD")
PROGRAMS = ["holdfast"] + (["holdfast-board"] if BOARD else [])


def page(form, program):
    name = {"man": f"man/{program}.1", "bash": f"bash/{program}", "zsh": f"zsh/_{program}", "fish": f"fish/{program}.fish"}[form]
    return os.path.join(WORDS, name)


def text_of(form, program="holdfast"):
    with open(page(form, program), encoding="utf-8") as file:
        return file.read()


def commands():
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?) {2,}\S", ok("--help").out.split("Exit codes")[0], re.M)


def options(help_text):
    """(letter or None, name) of each row."""
    return re.findall(r"^  (?:-(\w), |    )--([a-z0-9-]+)", help_text, re.M)


def section(form, command):
    """The part of a page that tells of one command."""
    text = text_of(form)
    if form == "man":
        return text.split(f"\n.SS {command}\n", 1)[1].split("\n.S", 1)[0].replace("\\-", "-")
    if form == "fish":
        return "\n".join(line for line in text.splitlines() if f"-n '__holdfast_is {command}'" in line)
    return text.split(f"\t'{command}')\n", 1)[1].split(";;\n\t'" if form == "bash" else "\n\t'", 1)[0]


def test_every_command_has_examples_and_words():
    names = commands()
    assert len(names) >= 25, names
    for name in names:
        text = ok(*name.split(), "--help").out
        assert f"Usage: holdfast {name}" in text and "\nExit codes:" in text, text
        examples = text.split("\nExamples:\n", 1)[1].split("\n\n", 1)[0].splitlines()
        assert examples and all(line.startswith("  ") for line in examples), text
        assert any(re.match(rf"  (\S+=\S+ )*holdfast {name}\b", line) for line in examples), f"no example of {name}: {examples}"


def test_the_overview_has_sections():
    titles = re.findall(r"\n\n([A-Z][a-z, ]+)\n  [a-z]", ok("--help").out)
    with open(os.path.join(os.environ["HOLDFAST_SOURCE_DIR"], "host", "help.c"), encoding="utf-8") as file:
        wanted = re.findall(r'\{ "[a-z ]+", "([A-Z][^"]+)" \}', file.read().split("sections[]", 1)[1].split("};", 1)[0])
    assert titles == wanted and len(titles) > 5, f"{titles}: a section's first command is gone or stands elsewhere"


def test_every_option_is_on_every_page():
    for name in commands():
        rows = options(ok(*name.split(), "--help").out)
        assert ("", "json") in rows and ("h", "help") in rows, rows
        for form in ("man", "bash", "zsh", "fish"):
            part = section(form, name)
            for letter, option in rows:
                if form == "man" and option in ("json", "help"):
                    continue  # told once, for all commands
                spelled = f"-l {option}" if form == "fish" else f"--{option}"
                assert re.search(re.escape(spelled) + r"(?![a-z0-9-])", part), f"{form}: {name}: {option} is missing"
                if letter and form in ("man", "zsh"):
                    assert f"-{letter}" in part, f"{form}: {name}: -{letter} is missing"
    common = text_of("man").split(".SH COMMON OPTIONS", 1)[1].replace("\\-", "-")
    assert "--json" in common and "--help" in common


def test_the_board_program_has_its_pages():
    if not BOARD:
        print("     this build has no holdfast-board")
        return
    text = subprocess.run([BOARD, "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"--([a-z][a-z-]+)", text.split("Exit codes")[0].split("\n\n", 2)[2])
    assert len(names) > 20
    for form in ("man", "bash", "zsh", "fish"):
        page_text = text_of(form, "holdfast-board").replace("\\-", "-")
        for name in names:
            assert (f"-l {name} " if form == "fish" else f"--{name}") in page_text, f"{form}: {name}"


def test_man_pages_render():
    for program in PROGRAMS:
        for tool, words in (("groff", ["-man", "-ww", "-z", "-Tutf8"]), ("mandoc", ["-T", "lint", "-W", "warning"])):
            if not shutil.which(tool):
                print(f"     {tool} is not installed: {program}.1 was not tried with it")
                continue
            done = subprocess.run([tool, *words, page("man", program)], capture_output=True, text=True, check=False)
            said = [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line]
            assert not said, "\n".join(said)


def bash(*words):
    """What bash offers for the last of these words."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _complete_holdfast; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", page("bash", "holdfast"), harness.CLI, *words], capture_output=True,
                          text=True, check=False)
    assert not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if line]


def test_bash_offers_what_fits():
    open("app one.bin", "w", encoding="ascii").close()
    assert "sign" in bash("") and "key" in bash("") and "--version" in bash("--v")
    assert sorted(bash("key", "")) == ["export", "new", "show"]
    assert bash("key", "new", "--ty") == ["--type"]
    assert bash("key", "new", "--type", "ed") == ["ed25519"]
    assert bash("key", "new", "--type", "=", "ed") == ["ed25519"]
    assert "xiao_nrf54l15" in bash("sign", "--board", "xiao_nrf5")
    assert "keep-uf2" in bash("bootloader", "--layout", "")
    assert bash("inspect", "app") == ["app one.bin"]
    assert bash("inspect", "--offset", "") == []
    assert "xiao_nrf52840" in bash("board", "run", "")
    ok("device", "save", "bench", "udp:127.0.0.1")
    assert bash("update", "ben") == ["bench"]
    assert bash("nonsense", "") == []


def typed(shell_words, keys, wanted):
    """Types keys into an interactive shell until its screen shows wanted."""
    child, master = pty.fork()
    if child == 0:
        os.execvp(shell_words[0], shell_words)
    screen = b""
    os.write(master, keys)
    try:
        while wanted not in screen:
            ready, _, _ = select.select([master], [], [], 30)
            assert ready, f"the screen shows {screen!r}"
            screen += os.read(master, 4096)
    finally:
        os.close(master)
        os.waitpid(child, 0)
    return screen


def test_bash_completes_at_the_key():
    typed(["bash", "--norc", "--noprofile", "-i"], f"source '{page('bash', 'holdfast')}'\nholdfast key new --typ\ted255\t".encode(),
          b"key new --type ed25519 ")


def test_the_other_shells_take_their_pages():
    for shell in ("bash", "zsh", "fish"):
        if not shutil.which(shell):
            print(f"     {shell} is not installed: its completion was not tried")
            continue
        for program in PROGRAMS:
            done = subprocess.run([shell, "-n", page(shell, program)], capture_output=True, text=True, check=False)
            assert done.returncode == 0 and not done.stderr, done.stderr
    if not shutil.which("fish"):
        return
    os.environ["PATH"] = os.path.dirname(os.path.abspath(harness.CLI)) + ":" + os.environ["PATH"]
    ok("device", "save", "bench", "udp:127.0.0.1")

    def fish(line):
        done = subprocess.run(["fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]', page("fish", "holdfast"), line], capture_output=True,
                              text=True, check=True)
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    assert sorted(fish("holdfast key ")) == ["export", "new", "show"]
    assert fish("holdfast key new --type ed") == ["ed25519"]
    assert "--passphrase-file" in fish("holdfast key new --pass")
    assert "sign" in fish("holdfast ")
    assert "bench" in fish("holdfast update ben")


if __name__ == "__main__":
    harness.main(globals())
