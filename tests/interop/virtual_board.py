# SPDX-License-Identifier: MIT
"""virtual_board.py - what the tests of this folder share that need a board: demo applications, loaders, the board itself."""
import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time

CLI = os.environ.get("HOLDFAST_CLI", "")
PROGRAM = os.environ.get("HOLDFAST_BOARD", "")
FIRMWARE = os.environ.get("HOLDFAST_LOADER_DIR", "")
BOARDS = ("xiao_nrf52840", "xiao_nrf54l15")
WAITS = "HF-1009"  # the loader has nothing to start, and says so

KNOWN = {}  # answers of the host tool that do not change


def need(*modules):
    """A tool that is missing skips the test, loudly; in CI it fails."""
    for module in modules:
        try:
            __import__(module)
        except ImportError as problem:
            print(f"skipped: {problem}; ./dev setup installs it")
            sys.exit(1 if os.environ.get("CI") else 77)


def run(*words, good=True):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (done.returncode == 0) == good, f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}"
    return done.stdout


def facts_of(board, layout=None):
    """The board's row of `holdfast board list` and one of its layouts (the first)."""
    if "boards" not in KNOWN:
        KNOWN["boards"] = json.loads(run(CLI, "board", "list", "--json"))["boards"]
    facts = next(row for row in KNOWN["boards"] if row["name"] == board)
    return facts, next(row for row in facts["layouts"] if layout in (None, row["name"]))


def payload(board, version, layout="two-slots"):
    return os.path.join(FIRMWARE, f"demo-{board}-{layout}-{version}.bin")


def make_loader(board, key, folder, *options, name="loader.hex"):
    """key: one path or several."""
    keys = [key] if isinstance(key, str) else key
    path = os.path.join(folder, f"{board}-{os.path.basename(keys[0])}-{name}")
    run(CLI, "bootloader", "--board", board, *[word for k in keys for word in ("-k", k)], *options, "-o", path)
    return path


def imgtool(*words, good=True):
    """imgtool's own command, in this process: starting a Python for each image takes longer than all the rest."""
    from click import ClickException
    from imgtool.main import imgtool as command
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(said):
        try:
            command.main([str(word) for word in words], prog_name="imgtool", standalone_mode=False)
        except SystemExit as end:
            code = end.code
        except ClickException as problem:
            code = problem.format_message()
    assert good == (not code), f"imgtool {' '.join(map(str, words))}: {code}\n{said.getvalue()}"
    return said.getvalue()


def imgtool_key(folder, kind, name=None):
    path = os.path.join(folder, (name or kind) + ".pem")
    imgtool("keygen", "-t", kind, "-k", path)
    return path


def imgtool_sign(board, version, key, into, *options, layout="two-slots", app=None):
    """As a Zephyr build would call it; options of the same name come later and win. key None: a hash, no signature."""
    facts, slots = facts_of(board, layout)
    imgtool("sign", *(["-k", key] if key else []), "-v", version, "-H", hex(facts["header_bytes"]), "-S", hex(slots["secondary_bytes"]),
            "--align", str(facts["write_unit_bytes"]), "--pad-header", *options, app or payload(board, version, layout), into)


def signed(*args, **more):
    """imgtool_sign, and what it wrote. The file's name is the third argument."""
    imgtool_sign(*args, **more)
    return read(args[3])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def evidence(test, what, checks):
    """The last line of a test; docs/evidence.md takes its table from these."""
    print("evidence: " + json.dumps({"what": "interop", "test": test, "says": what, "checks": checks}))


class Bench:
    """A virtual board between its boots: the flash is bytes that a test looks at and writes, as an application would."""

    def __init__(self, folder, board, keys, layout="two-slots", policy=None):
        self.board, self.name = board, f"{board} {layout}"
        self.facts, self.layout = facts_of(board, layout)
        self.addr = (self.layout["primary_addr"], self.layout["secondary_addr"])
        self.size = (self.layout["primary_bytes"], self.layout["secondary_bytes"])
        self.folder = folder
        self.file = os.path.join(folder, f"{board}-{layout}.flash")
        options = ["--layout", layout, *([] if policy == "default" else ["--policy", policy or "none"])]
        self.loader = read(make_loader(board, keys, folder, *options, name=f"{layout}-{policy}.bin"))
        self.flash = bytearray()
        self.clear()

    def clear(self):
        """A new board: nothing but the loader."""
        self.flash = bytearray(b"\xff" * self.facts["flash_bytes"])
        at = self.layout["loader_addr"]
        self.flash[at : at + len(self.loader)] = self.loader

    def slot(self, index):
        return bytes(self.flash[self.addr[index] : self.addr[index] + self.size[index]])

    def fill(self, index, data, off=0):
        """The slot erased, then these bytes: what an upload leaves."""
        assert off + len(data) <= self.size[index]
        self.flash[self.addr[index] : self.addr[index] + self.size[index]] = b"\xff" * off + data + b"\xff" * (self.size[index] - off - len(data))

    def outside(self):
        """All that no loader may touch: loader, storage, whatever lies between."""
        rest = bytearray(self.flash)
        for addr, size in zip(self.addr, self.size):
            rest[addr : addr + size] = bytes(size)
        return bytes(rest)

    def boot(self, until, *options, reaches=True, instructions=400_000_000):
        """Power on until the text is printed. Returns what was printed until then; the flash is what the boot left."""
        write(self.file, self.flash)
        before = self.outside()
        report = os.path.join(self.folder, "report.json")
        words = [PROGRAM, "--board", self.board, "--layout", self.layout["name"], "--flash", self.file, "--stdio", "--batch", "--until", until,
                 "--max-instructions", str(instructions), "--report", report, *options]
        if self.layout["loader_addr"]:
            words += ["--boot", hex(self.layout["loader_addr"])]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode(errors="replace")
        assert (done.returncode == 0) == reaches, f"{self.name}: \"{until}\" was {'not ' if reaches else ''}printed\n{text}"
        self.flash = bytearray(read(self.file))
        assert self.outside() == before, f"{self.name}: flash outside the slots has changed"
        counts = json.loads(read(report))
        assert not counts["findings"] and not counts["overwrites"] and not counts["lost_lines"], f"{self.name}: {counts['findings']}\n{text}"
        return text

    def starts(self, version, *numbers, without=()):
        """Boots into the demo of that version; the log holds these HF numbers and none of the others."""
        text = self.boot(f"Holdfast demo {version} on {self.board} ({self.layout['name']})")
        seen = numbers_in(text)
        assert text.count("Holdfast demo ") == 1, f"{self.name}: another application ran before\n{text}"
        assert set(numbers) <= set(seen), f"{self.name}: expected {numbers}\n{text}"
        assert not set(without) & set(seen), f"{self.name}: did not expect {without}\n{text}"
        return text

    def stops(self, *numbers):
        """Nothing is started; the log says why."""
        text = self.boot(WAITS)
        assert set(numbers) <= set(numbers_in(text)), f"{self.name}: expected {numbers}\n{text}"
        assert "Holdfast demo " not in text, f"{self.name}: an application was started\n{text}"
        return text


def numbers_in(text):
    """The HF numbers of the log."""
    return [int(number) for number in re.findall(r"HF-(\d{4})", text)]


class Live:
    """A virtual board with a serial line, as `holdfast board run` starts it, and its control socket."""

    def __init__(self, folder, board, *words, options=()):
        """words: of `holdfast board run`; options: of holdfast-board."""
        control = os.path.join(folder, "control")
        if os.path.exists(control):
            os.remove(control)
        self.process = subprocess.Popen([CLI, "board", "run", board, *words, "--", *options, "--control", control], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        assert self.port, f"the virtual board did not start: {self.process.stderr.read()}"
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(control)
                break
            except OSError:
                time.sleep(0.05)
        self.answers = self.socket.makefile("r", encoding="utf-8")

    def control(self, command):
        self.socket.sendall((command + "\n").encode())
        answer = json.loads(self.answers.readline() or "{}")
        assert answer.get("ok"), f"the virtual board refused \"{command}\": {answer}"
        return answer

    def flash(self, path):
        self.control(f"save {path}")
        return read(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.answers.close()
        self.socket.close()
        self.process.stdout.close()
        self.process.stderr.close()
