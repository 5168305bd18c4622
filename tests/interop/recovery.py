# SPDX-License-Identifier: MIT
"""Recovery with the binaries that ship, on virtual boards: every way in and what must not be one, what the LED shows, an upload that
breaks off, a trial that is open, the primary slot on request, a board with nothing on it, malformed requests. Standard library only; the
host tool signs, makes the loaders and recovers."""
import hashlib
import os
import sys
import tempfile
import time

from checks import check, count
from smp_raw import Line, cbor, lines, message
from virtual_board import CLI, Live, evidence, payload, read, run, write

PIN, TWICE, MODE, WINDOW, NOTHING, TRIAL_OPEN = 1040, 1041, 1042, 1043, 602, 502  # HF-1040, HF-1041, HF-1042, HF-1043, HF-0602, HF-0502
BEAT_MS = 131.072


def why(line, tries=40):
    """Holdfast's "why", asked until somebody answers. stop: why the board is in recovery, 0 from an application."""
    for _ in range(tries):
        reply = line.ask(0, 0x4846, 0, seconds=0.5)
        if reply is not None and "stop" in reply:
            return reply
    raise SystemExit("FAILED: the board does not answer")


class Lab:
    """A board with a loader that has recovery, and images for it."""

    def __init__(self, folder, board, ways="board", layout="two-slots", key_type="ecdsa-p256"):
        self.folder, self.board, self.layout = os.path.join(folder, key_type), board, layout
        folder = self.folder
        os.makedirs(folder, exist_ok=True)
        self.key = os.path.join(folder, "key.pem")
        if not os.path.exists(self.key):
            run(CLI, "key", "new", self.key, "--type", key_type)
        self.loader = os.path.join(folder, f"{board}-{layout}-{ways}.hex".replace("=", "-").replace(",", "-"))
        run(CLI, "bootloader", "--board", board, "--layout", layout, "-k", self.key, "--recovery", ways, "-o", self.loader)
        self.images = {version: self.sign(version) for version in ("1.0.0", "1.1.0")}

    def sign(self, version):
        path = os.path.join(self.folder, f"{self.board}-{self.layout}-{version}.bin")
        if not os.path.exists(path):
            run(CLI, "sign", payload(self.board, version), path, "--pad-header", "-v", version, "--board", self.board, "--layout",
                self.layout, "-k", self.key)
        return path

    def live(self, app="1.0.0"):
        words = ["--loader", self.loader, "--layout", self.layout]
        if app:
            words += ["--app", self.images[app]]
        else:
            flash = os.path.join(self.folder, "blank.flash")
            if os.path.exists(flash):
                os.remove(flash)
            words += ["--app", write(os.path.join(self.folder, "junk.bin"), b"junk" * 64)]
        return Live(self.folder, self.board, *words)


def recover(lab, port, version, *options, good=True):
    return run(CLI, "recover", port, lab.images[version], "--wait", "60", *options, good=good)


def version_of(line):
    for _ in range(40):
        reply = line.ask(0, 1, 0, seconds=0.5)
        if reply is not None and "images" in reply:
            return {image["slot"]: image["version"] for image in reply["images"]}
    raise SystemExit("FAILED: no image list")


# ---- the ways in

def enters_twice(lab):
    """Two resets in quick succession; not two slow ones, and not two of the power."""
    with lab.live() as live, Line(live.port) as line:
        check(why(line)["stop"] == 0, f"{lab.board}: the application starts")
        live.control("reset")
        check(why(line)["stop"] == 0, f"{lab.board}: one reset is none")
        live.control("reset")
        check(why(line)["stop"] == 0, f"{lab.board}: a slow second one is none")
        for _ in range(3):
            live.control("power cycle")
            time.sleep(0.1)
        check(why(line)["stop"] == 0, f"{lab.board}: nor is the power going off and on")
        for _ in range(4):  # a machine that stands still for half a second makes them slow
            live.control("reset")
            time.sleep(0.1)
            live.control("reset")
            if why(line)["stop"] == TWICE:
                break
        check(why(line)["stop"] == TWICE, f"{lab.board}: two quick ones are")
        shows(live, lab, (1, 1, 1, 13))
        check(line.ask(2, 0, 5) == {}, f"{lab.board}: reset is granted")
        check(why(line)["stop"] == 0, f"{lab.board}: and leads to the application")


def shows(live, lab, beats):
    """A whole round of the LED: beats on, off, on, off... (docs/recovery.md). The first ones may be of the boot, or cut by it."""
    spans = []
    for _ in range(12):
        time.sleep(1)
        changes = live.control("led")["led"]
        spans = [round((b[0] - a[0]) / BEAT_MS) for a, b in zip(changes, changes[1:])]
        levels = [change[1] for change in changes]
        if any(tuple(spans[at:at + len(beats)]) == beats and levels[at] == 1 for at in range(len(spans) - len(beats) + 1)):
            break
    else:
        check(False, f"{lab.board}: the LED shows {spans}, not {beats}")
    check(True, "")


def enters_by_pin(lab, pin):
    with lab.live() as live, Line(live.port) as line:
        check(why(line)["stop"] == 0, f"{lab.board}: the application starts")
        live.control(f"pin {pin} 0")
        live.control("power cycle")
        check(why(line)["stop"] == PIN, f"{lab.board}: the pin is held")
        live.control(f"pin {pin} float")
        line.ask(2, 0, 5)
        check(why(line)["stop"] == 0, f"{lab.board}: and let go")


def enters_by_boot_mode(lab):
    """From the application over SMP, with holdfast recover --enter doing all of it; and from recovery again."""
    with lab.live() as live:
        with Line(live.port) as line:
            check(why(line)["stop"] == 0, f"{lab.board}: the application starts")
            check(line.ask(2, 0, 5, {"boot_mode": 1}) == {}, f"{lab.board}: boot mode 1 is taken")
            check(why(line)["stop"] == MODE, f"{lab.board}: into recovery")
            line.ask(2, 0, 5, {"boot_mode": 1})
            time.sleep(0.5)
            check(why(line)["stop"] == MODE, f"{lab.board}: and again")
            line.ask(2, 0, 5)
            check(why(line)["stop"] == 0, f"{lab.board}: once only")
        said = recover(lab, live.port, "1.1.0", "--enter")
        check("the uploaded image runs" in said and "confirmed" in said, f"{lab.board}: recover --enter: {said}")
        with Line(live.port) as line:
            check(version_of(line)[0] == "1.1.0", f"{lab.board}: 1.1.0 runs")


def enters_by_window(lab):
    with lab.live() as live, Line(live.port) as line:
        check(why(line)["stop"] == WINDOW, f"{lab.board}: who speaks in the window stays")
        line.ask(2, 0, 5)
        time.sleep(4)
        check(why(line)["stop"] == 0, f"{lab.board}: who is late does not")


def nothing_to_boot(lab):
    with lab.live(app=None) as live:
        with Line(live.port) as line:
            check(why(line)["stop"] == NOTHING, f"{lab.board}: nothing to start, so recovery")
            shows(live, lab, (1, 1, 1, 1, 1, 11))
            check(version_of(line) == {}, f"{lab.board}: and nothing is listed")
        said = recover(lab, live.port, "1.0.0")
        check("the uploaded image runs" in said, f"{lab.board}: recover on an empty board: {said}")
        with Line(live.port) as line:
            reply = why(line)
            check(reply["cause"] == 2 and not reply["trial"], f"{lab.board}: for good, as there was nothing to go back to: {reply}")


# ---- uploads

def first_chunk(data, image=None, size=512):
    body = {"off": 0, "data": data[:size], "len": len(data), "sha": hashlib.sha256(data).digest()}
    return dict(body, image=image) if image is not None else body


def broken_upload(lab):
    """Into the update slot, broken off by a reset in the middle: the application is as it was. Then into the primary, on request."""
    data = read(lab.images["1.1.0"])
    with lab.live() as live, Line(live.port) as line:
        why(line)
        line.ask(2, 0, 5, {"boot_mode": 1})
        why(line)
        off = line.ask(2, 1, 1, first_chunk(data))["off"]
        for _ in range(4):
            off = line.ask(2, 1, 1, {"off": off, "data": data[off:off + 1024]})["off"]
        check(off > 4096, f"{lab.board}: the upload is under way: {off}")
        check(line.ask(2, 1, 1, first_chunk(data))["off"] == off, f"{lab.board}: the same file goes on")
        live.control("power cycle")
        check(why(line)["stop"] == 0 and version_of(line)[0] == "1.0.0", f"{lab.board}: a broken upload costs nothing")
        said = recover(lab, live.port, "1.1.0", "--enter", "--primary")
        check("the uploaded image runs" in said, f"{lab.board}: into the primary slot: {said}")
        check(not why(line)["trial"] and version_of(line)[0] == "1.1.0", f"{lab.board}: without a trial")


def trial_open(lab):
    """Asked for in the very boot that installs an update: the trial is open, so an upload is refused until it is taken back."""
    data = read(lab.images["1.0.0"])
    with lab.live() as live:
        with Line(live.port) as line:
            why(line)
            run(CLI, "image", "upload", live.port, lab.images["1.1.0"])
            hashes = {i["slot"]: i["hash"] for i in line.ask(0, 1, 0)["images"]}
            line.ask(2, 1, 0, {"hash": hashes[1], "confirm": False})
            line.ask(2, 0, 5, {"boot_mode": 1})
            reply = why(line)
            check(reply["stop"] == MODE and reply["trial"], f"{lab.board}: in recovery with a trial: {reply}")
            reply = line.ask(2, 1, 1, first_chunk(data))
            check(reply.get("rc") == 6 and reply.get("rsn") == f"HF-{TRIAL_OPEN:04d}", f"{lab.board}: an upload is refused: {reply}")
        said = recover(lab, live.port, "1.1.0")
        check("taken back first" in said and "the uploaded image runs" in said, f"{lab.board}: holdfast recover takes it back: {said}")


def send_all(line, data):
    """The file from wherever the board wants it; the offset it began with. None: the board went away."""
    reply, begun = line.ask(2, 1, 1, first_chunk(data), seconds=6), None
    while reply is not None and "off" in reply:
        off = reply["off"]
        begun = off if begun is None else begun
        if off == len(data):
            return begun
        reply = line.ask(2, 1, 1, {"off": off, "data": data[off:off + 1024]}, seconds=6)
    check(reply is None, f"an upload is refused: {reply}")
    return None


def one_slot(folder, board, cuts, key_type="ecdsa-p256"):
    """The power goes while the only slot is written: recovery, and the upload goes on behind what was whole."""
    lab = Lab(folder, board, layout="single-slot", key_type=key_type)
    data = read(lab.images["1.1.0"])
    for number, (operation, variant) in enumerate(cuts):
        with lab.live() as live, Line(live.port) as line:
            check(why(line)["stop"] == 0, f"{board}: the application starts")
            line.ask(2, 0, 5, {"boot_mode": 1})
            check(why(line)["stop"] == MODE, f"{board}: in recovery")
            live.control(f"cut {operation} {variant} {number + 1}")
            check(send_all(line, data) is None, f"{board}: the power is cut at operation {operation}")
            check(live.control("status")["power_cuts"] == 1, f"{board}: once")
            reply = why(line)
            check(reply["stop"] not in (0, MODE), f"{board}: nothing to start after the cut, so recovery: {reply}")
            begun = send_all(line, data)
            check(begun is not None and 4096 <= begun < len(data), f"{board}: resumed at {begun}")
            line.ask(2, 0, 5)
            check(why(line)["stop"] == 0 and version_of(line)[0] == "1.1.0", f"{board}: 1.1.0 runs")


# ---- hostile

def malformed():
    """(what, bytes for the line): smp-protocol's list of what a server must survive, as far as it applies here."""
    def m(*args, **more):
        return lines(message(*args, **more))
    head = b"\x3d\xb8\xf3\x96" + bytes(60)
    deep = b"\x81" * 1000
    return [
        ("nothing", lines(b"")), ("four bytes", lines(b"\x0a\0\0\0")), ("longer than it is", m(2, 0, 0, length=500)),
        ("length 65535", m(2, 0, 0, length=65535)), ("trailing bytes", lines(message(2, 0, 0) + b"abc")), ("empty body", m(2, 1, 1, b"")),
        ("version 3", m(2, 0, 0, version=3)), ("a response", m(3, 0, 0)), ("op 7", m(7, 0, 0)), ("group 999", m(2, 999, 0)),
        ("a hundred in one", lines(message(2, 0, 0, cbor({"d": ""})) * 100)), ("a list", m(2, 1, 1, b"\x80")), ("a number", m(2, 1, 1, b"\x01")),
        ("no value", m(2, 1, 1, b"\xa1\x63off")), ("no break", m(2, 1, 1, b"\xbf\x63off\x00")), ("deep", m(2, 1, 1, b"\xa1\x61x" + deep)),
        ("2^32 pairs", m(2, 1, 1, b"\xba\xff\xff\xff\xff")), ("string past the end", m(2, 1, 1, b"\xa1\x64data\x5a\xff\xff\xff\xff")),
        ("string in pieces", m(2, 1, 1, b"\xa2\x63off\x00\x64data\x5f\x41a\x41b\xff")), ("off -1", m(2, 1, 1, b"\xa1\x63off\x20")),
        ("off 2^64-1", m(2, 1, 1, b"\xa1\x63off\x1b" + b"\xff" * 8)), ("len 0", m(2, 1, 1, cbor({"off": 0, "len": 0, "data": head}))),
        ("len 2^32-1", m(2, 1, 1, cbor({"off": 0, "len": 2**32 - 1, "data": head}))), ("no len", m(2, 1, 1, cbor({"off": 0, "data": head}))),
        ("no data", m(2, 1, 1, cbor({"off": 0, "len": 100, "data": b""}))), ("31 bytes", m(2, 1, 1, cbor({"off": 0, "len": 99, "data": head[:31]}))),
        ("wrong magic", m(2, 1, 1, cbor({"off": 0, "len": 99, "data": bytes(64)}))),
        ("more than len", m(2, 1, 1, cbor({"off": 0, "len": 40, "data": head}))),
        ("long sha", m(2, 1, 1, cbor({"off": 0, "len": 99, "data": head, "sha": bytes(33)}))),
        ("image 255", m(2, 1, 1, cbor({"off": 0, "len": 99, "data": head, "image": 255}))),
        ("bytes without a beginning", m(2, 1, 1, cbor({"off": 512, "data": b"x" * 100}))),
        ("key twice", m(2, 1, 1, b"\xa2\x63off\x00\x63off\x01")), ("keys that are no text", m(2, 1, 1, b"\xa1\x01\x02")),
        ("key of 300", m(2, 1, 1, cbor({"k" * 300: 1}))), ("hash of 31", m(2, 1, 0, cbor({"hash": bytes(31)}))),
        ("confirm 1", m(2, 1, 0, cbor({"confirm": 1}))), ("slot text", m(2, 1, 5, cbor({"slot": "x"}))), ("erase 0", m(2, 1, 5, cbor({"slot": 0}))),
        ("erase 9", m(2, 1, 5, cbor({"slot": 9}))), ("half a float", m(2, 1, 1, b"\xa1\x63off\xf9\x00\x00")), ("tag", m(2, 0, 0, b"\xd9\xd9\xf7\xa0")),
        ("echo that does not fit", m(2, 0, 0, cbor({"d": "x" * 1500}))), ("query ''", m(0, 0, 8, cbor({"query": ""}))),
        ("continuation first", b"\x04\x14AAAA\n"), ("no base64", b"\x06\x09!!!!\n"), ("padding inside", b"\x06\x09AA==AAAA\n"),
        ("wrong CRC", b"\x06\x09ABMKAAAJAAAAAKFhZGVoZWxsb6J+\n"), ("length 0", b"\x06\x09AAAA\n"), ("line of 4000", b"\x06\x09" + b"A" * 4000 + b"\n"),
        ("NUL and noise", bytes(range(256)) * 4 + b"\n"), ("start in a packet", lines(message(2, 0, 0, cbor({"d": "y" * 200})))[:90] + b"\x06\x09"),
    ]


def hostile(lab):
    with lab.live() as live, Line(live.port) as line:
        why(line)
        line.ask(2, 0, 5, {"boot_mode": 1})
        why(line)
        kinds = malformed()
        for what, data in kinds:
            line.write(data)
            time.sleep(0.02)
            line.write(b"\n")
            reply = line.ask(2, 0, 0, {"d": what}, seconds=10)
            check(reply == {"r": what}, f"{lab.board}: after \"{what}\": {reply}")
        check(version_of(line)[0] == "1.0.0", f"{lab.board}: and nothing has changed")
        line.ask(2, 0, 5)
        check(why(line)["stop"] == 0, f"{lab.board}: the application is started as before")
        findings = [f for f in live.control("status").get("findings", [])]
        check(not findings, f"{lab.board}: findings of the virtual board: {findings}")
    return len(kinds)


def main():
    only = sys.argv[1:]
    kinds = 0
    with tempfile.TemporaryDirectory() as folder:
        for board, pin in (("xiao_nrf54l15", 0), ("xiao_nrf52840", None)):
            lab = Lab(folder, board)
            tests = [lambda lab=lab: enters_twice(lab), lambda lab=lab: enters_by_boot_mode(lab), lambda lab=lab: nothing_to_boot(lab),
                     lambda lab=lab: broken_upload(lab), lambda lab=lab: trial_open(lab)]
            if pin is not None:
                tests.append(lambda lab=lab, pin=pin: enters_by_pin(lab, pin))
            for number, test in enumerate(tests):
                if not only or str(number) in only:
                    start = time.monotonic()
                    test()
                    print(f"{board} {number}: {time.monotonic() - start:.1f} s", flush=True)
            if not only or "window" in only:
                enters_by_window(Lab(folder, board, "window=1500"))
            if not only or "single" in only:
                one_slot(folder, board, ((4500, "partial"), (7000, "half")) if board == "xiao_nrf52840" else ((800, "unstable"), (1500, "random")))
            if not only or "hostile" in only:
                kinds = hostile(lab)
        if not only or "pin" in only:
            enters_by_pin(Lab(folder, "nrf52840dk"), 11)
    evidence("recovery", f"every way into recovery on both chips, LED, broken uploads, cuts in the only slot, an open trial, {kinds} malformed requests", count())


if __name__ == "__main__":
    main()
