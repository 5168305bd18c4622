# SPDX-License-Identifier: MIT
"""holdfast plan from outside: answers, files, locks, bad input; the devicetree form through dtc, equal to Partition Manager's."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import harness
from harness import FILE, REFUSED, USAGE, fails, ok, read, run, write

# What the overlays meet: the board's own layout in the forms that SDKs had and have, and a reference to one of its nodes.
BASES = {
    "flash0": """/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>; chosen { zephyr,code-partition = &code_partition; };
  soc { #address-cells = <1>; #size-cells = <1>;
    flash-controller@4001e000 { reg = <0x4001e000 0x1000>; #address-cells = <1>; #size-cells = <1>;
      flash0: flash@0 { compatible = "soc-nv-flash"; reg = <0x0 0x100000>; #address-cells = <1>; #size-cells = <1>;
        partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
          reserved_partition_0: partition@0 { label = "SoftDevice"; reg = <0x0 0x27000>; };
          code_partition: partition@27000 { label = "Application"; reg = <0x27000 0xc5000>; };
          storage_partition: partition@ec000 { label = "storage"; reg = <0xec000 0x8000>; };
          boot_partition: partition@f4000 { label = "UF2"; reg = <0xf4000 0xc000>; }; }; }; };
    usbd@40027000 { reg = <0x40027000 0x1000>; };
    qspi@40029000 { reg = <0x40029000 0x1000>; #address-cells = <1>; #size-cells = <0>;
      p25q16h: mx25r64: flash@0 { reg = <0>; }; }; }; };
""",
    "cpuapp_rram": """/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>; chosen { zephyr,code-partition = &slot0_partition; };
  soc { #address-cells = <1>; #size-cells = <1>;
    rram-controller@5004b000 { reg = <0x5004b000 0x1000>; #address-cells = <1>; #size-cells = <1>;
      cpuapp_rram: rram@0 { compatible = "soc-nv-flash"; reg = <0x0 0x165000>; #address-cells = <1>; #size-cells = <1>;
        partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
          partition@0 { compatible = "fixed-subpartitions"; reg = <0x0 0x15c000>; ranges = <0x0 0x0 0x15c000>;
            #address-cells = <1>; #size-cells = <1>;
            boot_partition: partition@0 { reg = <0x0 0x10000>; };
            slot0_partition: partition@10000 { reg = <0x10000 0xa6000>; };
            slot1_partition: partition@b6000 { reg = <0xb6000 0xa6000>; }; };
          storage_partition: partition@15c000 { reg = <0x15c000 0x9000>; }; }; }; };
    spi@5004d000 { reg = <0x5004d000 0x1000>; #address-cells = <1>; #size-cells = <0>;
      mx25r64: py25q64: flash@0 { reg = <0>; status = "disabled"; }; }; }; };
""",
}
ROLES = {"boot_partition": "mcuboot", "slot0_partition": "mcuboot_primary", "slot1_partition": "mcuboot_secondary",
         "scratch_partition": "mcuboot_scratch", "storage_partition": "settings_storage", "spare_partition": "spare"}


def through_dtc(overlay):
    """{label: (external, address, size)}, what the image's own partition is, and the size of the internal memory."""
    base = next(text for label, text in BASES.items() if f"&{label} {{" in overlay)
    base = base.replace("usbd@40027000", "zephyr_udc0: usbd@40027000")
    done = subprocess.run(["dtc", "-I", "dts", "-O", "dts", "-@", "-Wno-unit_address_format", "-Wno-interrupts_property"],
                          input=base + overlay, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + overlay
    assert "ERROR" not in done.stderr and "overlap" not in done.stderr.lower(), done.stderr
    parts, path, chosen = {}, [], None
    for line in done.stdout.splitlines():
        node = re.match(r"\s*((?:\w+: )*)([\w,@./-]+) \{", line)
        if node or re.match(r"\s*/ \{", line):
            path.append((node.group(1).split(": ") if node else [], node.group(2) if node else "/"))
        elif "};" in line:
            path.pop()
        reg = re.search(r"\breg = <0x([0-9a-f]+) 0x([0-9a-f]+)>", line)
        if reg and path[-1][1].startswith("partition@"):
            external = any(name.startswith(("qspi@", "spi@")) for _, name in path)
            for label in filter(None, path[-1][0]):
                parts[label] = (external, int(reg.group(1), 16), int(reg.group(2), 16))
        if "code-partition" in line and "zephyr" in line:
            chosen = line.split("&")[1].rstrip(";> ") if "&" in line else None
    return parts, chosen


def of_pm(text):
    """{name: (external, address, size)} of a pm_static file in the form that plan writes; end_address must agree."""
    parts = {}
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, body = re.match(r"(\w+): \{(.*?)\}", line).groups()
        keys = dict(re.findall(r"(\w+): (0x[0-9a-f]+|\w+)", body))
        begin, end, size = (int(keys[key], 16) for key in ("address", "end_address", "size"))
        assert end - begin == size, line
        parts[name] = (keys["region"] == "external_flash", begin, size)
    return parts


def plan(*args):
    return ok("plan", "--json", *args).json()


def test_answers():
    said = plan("--board", "xiao_nrf54l15", "--app-size", "640K", "--want", "ble,rollback", "--growth")
    modes = {mode["name"]: mode for mode in said["modes"]}
    assert said["recommended"]["name"] == "holdfast-walk" and "confirmed" in said["recommended"]["why"]
    assert modes["swap-move"]["left_bytes"] == modes["swap-move"]["size_max"] - 655360
    assert not modes["external-move"]["available"] and "second flash" in modes["external-move"]["why_not"]
    assert modes["single"]["wishes_missing"] == "ble, rollback"
    assert not modes["small-slot"]["fits"] and modes["small-slot"]["why_not"] == "not available yet"
    assert [step["size_max"] for step in said["growth"]] == sorted(step["size_max"] for step in said["growth"])
    text = ok("plan", "--board", "xiao_nrf54l15", "--app-size", "640K").out
    assert "Recommended: holdfast-walk" in text and "\033" not in text
    assert all(len(line) <= 130 for line in text.splitlines()), text


def test_board_list_has_the_same_limit():
    boards = {board["name"]: board for board in ok("board", "list", "--json").json()["boards"]}
    walk = next(mode for mode in plan("--board", "xiao_nrf52840")["modes"] if mode["name"] == "holdfast-walk")
    assert walk["size_max"] == next(x for x in boards["xiao_nrf52840"]["layouts"] if x["name"] == walk["layout"])["size_max"]
    exact, more = (plan("--board", "xiao_nrf52840", "--app-size", walk["size_max"] + extra) for extra in (0, 1))
    fits = [next(mode["fits"] for mode in said["modes"] if mode["name"] == "holdfast-walk") for said in (exact, more)]
    assert fits == [True, False]


def test_no_two_slots_any_more():
    said = plan("--board", "xiao_nrf52840", "--app-size", "600K", "--want", "ble,rollback", "--sdk", "ncs-2.9")
    assert said["recommended"]["name"] == "external-move"
    assert "no longer fit" in said["what_then"] and "not available yet" in said["what_then"]
    codes = [warning["code"] for warning in said["warnings"]]
    assert {"needs-probe", "removes-uf2", "settings-lost", "external-flash"} <= set(codes), codes
    refused = fails(REFUSED, "PLAN_NOTHING_FITS", "plan", "--board", "xiao_nrf54l15", "--app-size", "900K", "--want", "rollback", "--json",
                    holds=("rollback",))
    assert refused.json()["modes"] and refused.json()["ok"] is False


def test_other_families():
    for name, words in {"xiao_rp2040": ".uf2", "xiao_rp2350": "A/B", "xiao_samd21": "bossac", "xiao_esp32c3": "ESP-IDF",
                        "xiao_mg24": "Gecko", "xiao_ra4m1": "dfu-util"}.items():
        done = fails(REFUSED, "PLAN_BOARD_STRANGER", "plan", "--board", name)
        assert words in done.out, done.text()
    fails(REFUSED, "PLAN_BOARD_STRANGER", "plan", "--board", "Seeed XIAO RP2040")
    for name in ("XIAO nRF54L15", "seeed xiao nrf54l15", "xiao-nrf54l15", "xiao_nrf54l15/nrf54l15/cpuapp"):
        assert plan("--board", name)["board"]["name"] == "xiao_nrf54l15"


def test_bad_command_lines():
    fails(USAGE, "PLAN_BOARD_UNKNOWN", "plan", "--board", "xiao_nrf5284", holds=("xiao_nrf52840",))
    fails(USAGE, "HOST_OPTION_MISSING", "plan")
    fails(USAGE, "HOST_OPTION_MISSING", "plan", "--board", "nrf52840dk", "--write", ".")
    fails(USAGE, "PLAN_SDK_UNKNOWN", "plan", "--board", "nrf52840dk", "--sdk", "ncs-1.0")
    fails(USAGE, "PLAN_MODE_UNKNOWN", "plan", "--board", "nrf52840dk", "--mode", "swap")
    fails(REFUSED, "PLAN_MODE_NOT", "plan", "--board", "nrf52840dk", "--mode", "small-slot", holds=("not available",))
    fails(USAGE, "HOST_OPTION_VALUE", "plan", "--board", "nrf52840dk", "--want", "ble,wifi", holds=("wifi",))
    fails(USAGE, "HOST_OPTION_VALUE", "plan", "--board", "nrf52840dk", "--keep", "uf2")
    fails(USAGE, "HOST_OPTION_VALUE", "plan", "--board", "nrf52840dk", "--sdk", "zephyr-4.1", "--partitions", "pm", "--write", ".")
    assert not os.listdir(".")
    known = ok("plan", "--list", "--json").json()["known"]
    # A mode is listed if some board has it; what is to come says so.
    modes = {row["name"]: row["available"] for row in known["modes"]}
    assert modes.pop("small-slot") is False and all(modes.values()) and "holdfast-delta" not in modes, modes
    fails(USAGE, "PLAN_MODE_UNKNOWN", "plan", "--board", "nrf52840dk", "--mode", "holdfast-delta")
    boards = {row["name"] for row in known["boards"]}
    had = {mode["name"] for board in boards for mode in plan("--board", board)["modes"]}
    assert had == set(modes) | {"small-slot"}, had ^ set(modes)
    names = {row["name"] for row in known["boards"]}
    assert {"xiao_nrf52840_sense", "xiao_nrf54l15_sense", "nrf54l15dk", "xiao_nrf54lm20a"} <= names


def test_application_files():
    ok("key", "new", "k.pem")
    image = harness.signed("app", "1.0.0", "k.pem", 50000)
    size = os.path.getsize(image)
    for args in ((image,), ("app.hex",)):
        if args[0].endswith(".hex"):
            ok("sign", "app.raw", "app.hex", "-v", "1.0.0", "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", "k.pem", "--hex-addr", "0xc000")
        said = plan("--board", "nrf52840dk", "--app", *args)["application"]
        assert abs(said["size_bytes"] - size) <= 2 and said["kind"] == "signed image", said
    # The same code in an ELF and as a raw binary: header and signature are added.
    code = read("app.raw")
    elf = b"\x7fELF\x01\x01\x01" + bytes(9) + bytes.fromhex("0200280001000000000000003400000000000000000000003400200001002800000000000000"[:72])
    def elf_of(addr, stored):
        segment = b"".join(n.to_bytes(4, "little") for n in (1, 84, addr, addr, len(stored), len(stored), 5, 4))
        return elf.ljust(52, b"\0") + segment + stored

    write("zephyr.elf", elf_of(0xC200, code))
    write("room.elf", elf_of(0xC000, bytes(0x200) + code))  # the room for the header is in it
    write("raw.bin", code)
    for name in ("zephyr.elf", "room.elf", "raw.bin"):
        said = plan("--board", "nrf52840dk", "--app", name)["application"]
        assert size <= said["size_bytes"] <= size + 64, (name, said, size)
    os.makedirs("build/app/zephyr")
    os.makedirs("build/mcuboot/zephyr")
    write("build/mcuboot/zephyr/zephyr.bin", code)
    fails(FILE, "PLAN_APP_MISSING", "plan", "--board", "nrf52840dk", "--app", "build/app")
    os.replace(image, "build/app/zephyr/zephyr.signed.bin")
    said = plan("--board", "nrf52840dk", "--app", "build")["application"]
    assert said["size_bytes"] == size and said["from"].endswith("app/zephyr/zephyr.signed.bin")
    os.makedirs("build/other/zephyr")
    write("build/other/zephyr/zephyr.bin", code)
    fails(FILE, "PLAN_APP_SEVERAL", "plan", "--board", "nrf52840dk", "--app", "build")
    write("build/domains.yaml", b"default: app\n")
    assert plan("--board", "nrf52840dk", "--app", "build")["application"]["size_bytes"] == size
    fails(FILE, "PLAN_APP_ELF", "plan", "--board", "nrf52840dk", "--app", write("bad.elf", b"\x7fELF\x02\x01" + bytes(60)))
    fails(FILE, "HOST_FILE_MISSING", "plan", "--board", "nrf52840dk", "--app", "none.bin")


def test_files_of_an_sdk():
    ok("plan", "--board", "xiao_nrf52840", "--app-size", "600K", "--want", "ble,rollback,recovery", "--sdk", "ncs-2.9", "--write", "p")
    names = sorted(os.path.relpath(os.path.join(at, name), "p") for at, _, files in os.walk("p") for name in files)
    assert names == ["boards/xiao_ble_nrf52840.overlay", "pm_static_xiao_ble_nrf52840.yml", "prj.conf", "sysbuild.conf",
                     "sysbuild/mcuboot.conf", "sysbuild/mcuboot.overlay"], names
    sysbuild = read("p/sysbuild.conf").decode()
    assert "SB_CONFIG_MCUBOOT_MODE_SWAP_WITHOUT_SCRATCH=y" in sysbuild and '="\\${APP_DIR}/keys/dfu.pem"' in sysbuild
    app, loader = (through_dtc(read(f"p/{name}").decode()) for name in ("boards/xiao_ble_nrf52840.overlay", "sysbuild/mcuboot.overlay"))
    assert app[0] == loader[0]
    pm = of_pm(read("p/pm_static_xiao_ble_nrf52840.yml").decode())
    assert {ROLES[label]: part for label, part in app[0].items()} == {name: part for name, part in pm.items() if name in ROLES.values()}
    assert app[0]["slot1_partition"] == (True, 0, 0xE8000)
    for name in ("prj.conf", "sysbuild/mcuboot.conf"):
        settings = [line for line in read(f"p/{name}").decode().splitlines() if line and not line.startswith("#")]
        assert settings and all(line.startswith("CONFIG_") for line in settings)
    # The same plan again changes nothing; devicetree alone from ncs-3.3 on.
    again = ok("plan", "--board", "xiao_nrf52840", "--app-size", "600K", "--want", "ble,rollback,recovery", "--sdk", "ncs-2.9", "--write", "p")
    assert again.out.count("as planned already") == 6
    ok("plan", "--board", "xiao_nrf54l15", "--app-size", "600K", "--sdk", "ncs-3.3", "--write", "q")
    done = ok("plan", "--board", "xiao_nrf54l15", "--sdk", "zephyr-4.3", "--loader", "holdfast", "--write", "own")
    assert "holdfast bootloader --board xiao_nrf54l15 --layout two-slots" in done.out, done.text()
    assert "CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE=y" in read("own/prj.conf").decode()
    assert not any(name.startswith("pm_static") for name in os.listdir("q"))
    assert "SB_CONFIG_PARTITION_MANAGER=n" in read("q/sysbuild.conf").decode()


def test_the_doctor_finds_them_healthy():
    """What is wrong with a layout, the doctor knows by rules of its own."""
    for mode in ("swap-move", "external-move", "compressed", "holdfast-walk", "holdfast-external"):
        ok("plan", "--board", "xiao_nrf52840", "--sdk", "ncs-2.9", "--mode", mode, "--want", "ble" if "holdfast" in mode else "ble,recovery", "--write", mode)
        ok("doctor", mode)
    # It can say no: a slot that is one sector short.
    overlay = read("swap-move/boards/xiao_ble_nrf52840.overlay").decode()
    write("swap-move/boards/xiao_ble_nrf52840.overlay", overlay.replace("0x00084000 0x00074000", "0x00084000 0x00072000").encode())
    assert run("doctor", "swap-move").code != 0


def test_existing_files_stay():
    os.mkdir("p")
    write("p/prj.conf", b"CONFIG_GPIO=y\nCONFIG_MCUMGR=n\n")
    args = ("plan", "--board", "nrf52840dk", "--app-size", "300K", "--sdk", "zephyr-4.1", "--write", "p")
    fails(REFUSED, "PLAN_FILES_EXIST", *args, holds=("prj.conf",))
    assert os.listdir("p") == ["prj.conf"] and read("p/prj.conf") == b"CONFIG_GPIO=y\nCONFIG_MCUMGR=n\n"
    done = ok(*args, "--force")
    assert "- CONFIG_MCUMGR=n" in done.out and "+ CONFIG_MCUMGR=y" in done.out, done.text()
    assert read("p/prj.conf.bak") == b"CONFIG_GPIO=y\nCONFIG_MCUMGR=n\n"
    merged = read("p/prj.conf").decode()
    assert merged.startswith("CONFIG_GPIO=y\n") and "CONFIG_MCUMGR=n" not in merged
    ok(*args, "--force", "--mode", "overwrite")
    assert "CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY" in read("p/prj.conf").decode()
    assert read("p/prj.conf").decode().count(">>> holdfast plan") == 1
    # What can't be written leaves everything as it was.
    os.mkdir("r")
    write("r/sysbuild", b"a file where a folder must be")
    fails(FILE, "HOST_FILE_WRITE", "plan", "--board", "nrf52840dk", "--sdk", "zephyr-4.1", "--write", "r")
    assert os.listdir("r") == ["sysbuild"], os.listdir("r")
    assert not harness.leftovers()


def test_lock():
    lock = ("--lock", "holdfast.lock.json")
    ok("plan", "--board", "xiao_nrf52840", "--mode", "swap-move", *lock)
    kept = read("holdfast.lock.json")
    assert json.loads(kept)["holdfast_lock"] == 1
    ok("plan", "--board", "xiao_nrf52840", "--mode", "swap-move", *lock)
    fails(REFUSED, "PLAN_LOCKED", "plan", "--board", "xiao_nrf52840", "--mode", "single", *lock, holds=("first slot", "second slot"))
    fails(REFUSED, "PLAN_LOCKED", "plan", "--board", "xiao_nrf52840", "--mode", "single", "--sdk", "ncs-2.9", "--write", ".")
    assert os.listdir(".") == ["holdfast.lock.json"] and read("holdfast.lock.json") == kept
    said = run("plan", "--board", "xiao_nrf52840", "--keep", "uf2", "--mode", "swap-move", "--json", *lock).json()
    assert {"moves-addresses", "settings-lost"} <= {warning["code"] for warning in said["warnings"]}
    ok("plan", "--board", "xiao_nrf52840", "--mode", "single", "--force", *lock)
    assert read("holdfast.lock.json") != kept
    for text in (b"{", b"[]", b'{"holdfast_lock": 2}', b'{"holdfast_lock": 1, "partitions": [{"role": "primary"}]}'):
        write("holdfast.lock.json", text)
        fails(FILE, "PLAN_LOCK_FILE", "plan", "--board", "xiao_nrf52840", *lock)


def on_terminal(columns, **env):
    """What is printed on a terminal of this width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([harness.CLI, "plan", "--board", "xiao_nrf52840", "--app-size", "200K"], stdout=slave, stdin=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", **env})
    os.close(slave)
    text = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(master)
    assert process.wait(timeout=60) == 0
    return text.decode()


def test_terminal():
    bars = {}
    for columns in (60, 100):
        text = on_terminal(columns)
        assert "\033[44m1" in text
        plain = re.sub(r"\033\[[\d;]*m", "", text)
        bars[columns] = next(line for line in plain.splitlines() if line.startswith("|"))
        assert len(bars[columns]) == columns - 2
        # To scale: the first slot has 472 of 1024 KB.
        assert abs(bars[columns].count("1") - 472 * (columns - 4) / 1024) <= 1, bars
    assert "\033" not in on_terminal(80, NO_COLOR="1") and "\033" not in on_terminal(80, TERM="dumb")
    piped = ok("plan", "--board", "xiao_nrf52840", env={"COLUMNS": "70"}).out
    assert any(line.startswith("|") and len(line) == 68 for line in piped.splitlines())


def test_picture():
    ok("plan", "--board", "xiao_nrf52840", "--app-size", "600K", "--sdk", "ncs-2.9", "--svg", "map.svg")
    svg = read("map.svg").decode()
    rectangles = [tuple(map(float, m)) for m in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="64" fill="#[0-9a-f]+" stroke="#ffffff"', svg)]
    inner = rectangles[:3]  # bootloader 64 KB, first slot 928 KB, settings 32 KB of 1024 KB on 912
    for (x, width), (at, size) in zip(inner, ((0, 64), (64, 928), (992, 32))):
        assert abs(x - 24 - at * 912 / 1024) < 0.1 and abs(width - size * 912 / 1024) < 0.1, rectangles
    assert "application 600 KB" in svg and svg.rstrip().endswith("</svg>")


BOARD = {"name": "my_board", "title": "My board", "chip": "nRF52833", "target": "my_board/nrf52833", "stem": "my_board_nrf52833",
         "flash_label": "flash0", "flash_bytes": "512K", "boot_bytes": "48K", "settings_bytes": "0x4000", "sector_bytes": 4096, "unit_bytes": 4,
         "align": 8, "header_bytes": "0x200", "unit_us": 42, "erase_us": 87500, "endurance": 10000,
         "external": {"bus": "qspi", "part": "W25Q16", "label": "w25q16", "bytes": "2048K", "erase_us": 45000, "page_us": 700, "endurance": 100000}}


def test_own_board():
    write("b.json", json.dumps(BOARD).encode())
    said = plan("--board-file", "b.json", "--app-size", "180K", "--sdk", "zephyr-4.3", "--write", "p")
    assert said["recommended"]["name"] == "swap-offset"
    assert "no-holdfast" in [warning["code"] for warning in said["warnings"]] and not any(mode["name"].startswith("holdfast") for mode in said["modes"])
    overlay = read("p/boards/my_board_nrf52833.overlay").decode()
    assert "slot0_partition: partition@c000" in overlay
    for change in ({"sector_bytes": 1000}, {"name": "../x;y"}, {"stem": "../../etc/x"}, {"unit_us": "fast"}, {"boot_bytes": "10K"},
                   {"colour": "red"}, {"end_addr": "600K"}, {"external": {"bus": "i2c"}}, {"flash_bytes": None},
                   {"reserved": [{"name": "x", "label": "x", "title": "x", "address": 0, "bytes": 4096}]}):
        write("b.json", json.dumps({**BOARD, **change}).encode())
        fails(FILE, "PLAN_BOARD_FILE", "plan", "--board-file", "b.json")
    for missing in ("flash_bytes", "stem", "align"):
        write("b.json", json.dumps({key: value for key, value in BOARD.items() if key != missing}).encode())
        fails(FILE, "PLAN_BOARD_FILE", "plan", "--board-file", "b.json", holds=(missing,))


if __name__ == "__main__":
    harness.main(globals())
