# SPDX-License-Identifier: MIT
"""The settings that `holdfast plan --write` writes, through kconfiglib, which reads them as an SDK's build does: for every mode of every kind of
board and every SDK version, each symbol is known to the image whose file sets it and gets the value that was asked for. The symbols are
those of kconfig/*.Kconfig: names and dependencies as the public files have them, and the source of each. The tables of the program
(host/plan_symbols.c, host/doctor/rules_final.c) are compared with the same files: one truth."""
import functools
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

import kconfiglib

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = os.path.join(HERE, "..", "..", "host")
CLI = os.environ.get("HOLDFAST_CLI", "holdfast")
CHIPS = {"xiao_nrf52840": "nrf52840", "nrf52840dk": "nrf52840", "xiao_nrf54l15": "nrf54l15", "nrf54l15dk": "nrf54l15", "xiao_nrf54lm20a": "nrf54lm20a"}
# The second flash of each: its bus, and whether the board's own devicetree has it switched on. Source: zephyrproject-rtos/zephyr boards/.
FLASHES = {"xiao_nrf52840": ("qspi", True), "nrf52840dk": ("qspi", True), "nrf54l15dk": ("spi", True), "xiao_nrf54lm20a": ("spi", False)}
# What other files of the build set before these: MCUboot's own prj.conf. Source: mcu-tools/mcuboot boot/zephyr/prj.conf.
BEFORE = {"sysbuild": "", "mcuboot": "CONFIG_FLASH=y\n", "app": ""}
FILES = {"sysbuild": "sysbuild.conf", "mcuboot": "sysbuild/mcuboot.conf", "app": "prj.conf"}
MODE_OF_MCUBOOT = {"SWAP_USING_MOVE": "BOOT_SWAP_USING_MOVE", "SWAP_WITHOUT_SCRATCH": "BOOT_SWAP_USING_MOVE", "SWAP_USING_OFFSET": "BOOT_SWAP_USING_OFFSET",
                   "SWAP_SCRATCH": "BOOT_SWAP_USING_SCRATCH", "OVERWRITE_ONLY": "BOOT_UPGRADE_ONLY", "SINGLE_APP": "SINGLE_APPLICATION_SLOT",
                   "DIRECT_XIP": "BOOT_DIRECT_XIP", "DIRECT_XIP_WITH_REVERT": "BOOT_DIRECT_XIP"}


@functools.lru_cache(None)
def kconfig(image, family, version, chip, second_flash):
    os.environ.update({"srctree": os.path.join(HERE, "kconfig"), "CONFIG_": "SB_CONFIG_" if image == "sysbuild" else "CONFIG_",
                       "FAMILY": family, "VERSION": str(version), "CHIP": chip, "SECOND_FLASH": second_flash})
    read = kconfiglib.Kconfig(f"{image}.Kconfig", warn_to_stderr=False)
    assert not read.warnings, read.warnings
    read.warn_assign_undef = read.warn_assign_override = True
    return read


def is_same(symbol, asked):
    if symbol.orig_type in (kconfiglib.INT, kconfiglib.HEX):
        return symbol.str_value != "" and int(symbol.str_value, 0) == int(asked, 0)
    return symbol.str_value == asked


def asked_of(text, prefix):
    """[(symbol, value)] as kconfiglib's reader of settings takes them; a string without its quotes."""
    rows = re.findall(rf"^{prefix}(\w+)=(.*)$", text, re.M)
    return [(name, kconfiglib.unescape(value[1:-1]) if value.startswith('"') else value) for name, value in rows]


def load(read, text):
    """Puts the settings in; complaints, as the SDK's build makes them."""
    read.warnings.clear()
    read.unset_values()
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        read.load_config(file.name)
    return list(read.warnings)


def check_image(image, key, text, forced=""):
    """What is wrong with one image's settings."""
    read = kconfig(image, *key)
    prefix = read.config_prefix
    wrong = load(read, BEFORE[image] + text + forced)
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    wrong += [f"a line that is no setting: {line}" for line in lines if not re.match(rf"{prefix}\w+=", line)]
    for name, value in asked_of(BEFORE[image] + text + forced, prefix):
        symbol = read.syms.get(name)
        if symbol is None or not symbol.nodes:
            wrong.append(f"{name} is known to no Kconfig file of this image")
        elif not is_same(symbol, value):
            depends = kconfiglib.expr_str(symbol.direct_dep)
            wrong.append(f"{name}: asked {value}, got {symbol.str_value or 'n'}, because of {depends}")
    return wrong


def forced_of(sysbuild):
    """What sysbuild sets in both images. Source: share/sysbuild/images/bootloader, image_configurations/ (forced options)."""
    mode = next(name[len("MCUBOOT_MODE_"):] for name, value in asked_of(sysbuild, "SB_CONFIG_") if name.startswith("MCUBOOT_MODE_") and value == "y")
    mcuboot = f"CONFIG_{MODE_OF_MCUBOOT[mode]}=y\n" + ("CONFIG_BOOT_DIRECT_XIP_REVERT=y\n" if mode.endswith("REVERT") else "")
    return mcuboot, f"CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_MCUBOOT_BOOTLOADER_MODE_{mode}=y\n"


def enabled_flash(board, overlay):
    """The second flash that this devicetree has: the board's own, or switched on by the overlay."""
    bus, on = FLASHES.get(board, ("", False))
    return bus if on or re.search(r'status = "okay"', overlay) else ""


def check_files(folder, board, family, version):
    texts = {image: open(os.path.join(folder, name), encoding="utf-8").read() for image, name in FILES.items()}
    boards = os.path.join(folder, "boards")
    overlays = {"app": os.path.join(boards, os.listdir(boards)[0]), "mcuboot": os.path.join(folder, "sysbuild", "mcuboot.overlay")}
    forced = dict(zip(("mcuboot", "app"), forced_of(texts["sysbuild"])), sysbuild="")
    wrong = []
    for image, text in texts.items():
        overlay = open(overlays[image], encoding="utf-8").read() if image in overlays else ""
        key = (family, version, CHIPS[board], enabled_flash(board, overlay))
        wrong += [f"{FILES[image]}: {what}" for what in check_image(image, key, text, forced[image])]
    return wrong


def write_plan(folder, board, mode, sdk, wants):
    """False: this board or SDK has no such mode, in words."""
    done = subprocess.run([CLI, "plan", "--board", board, "--mode", mode, "--sdk", sdk, "--want", wants, "--write", folder, "--json"],
                          capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    return os.path.exists(os.path.join(folder, "sysbuild.conf")), said


def every_plan():
    listed = json.loads(subprocess.run([CLI, "plan", "--list", "--json"], capture_output=True, text=True, check=True).stdout)["known"]
    sdks, modes = ([row["name"] for row in listed[key]] for key in ("sdks", "modes"))
    count, failed, seen = 0, 0, set()
    for board, mode, sdk in itertools.product(CHIPS, modes, sdks):
        # Each way in turn; all of them meet all modes and versions.
        wants = ("ble,recovery", "ble,serial", "usb,recovery", "ble")[(count + len(board)) % 4]
        with tempfile.TemporaryDirectory() as folder:
            written, _ = write_plan(folder, board, mode, sdk, wants)
            if not written:
                continue
            family, version = re.match(r"(\w+)-(\d+\.\d+)", sdk).groups()
            major, minor = version.split(".")
            wrong = check_files(folder, board, family, int(major) * 100 + int(minor))
        count += 1
        seen.add((mode, sdk))
        failed += bool(wrong)
        for what in wrong[:3]:
            print(f"FAIL {board} {mode} {sdk} {wants}: {what}")
    print(f"{count} plans of {len({mode for mode, _ in seen})} modes and {len({sdk for _, sdk in seen})} SDK versions, {failed} wrong")
    assert count > 300 and {sdk for _, sdk in seen} == set(sdks)
    return failed


# --- the program's own tables ------------------------------------------------------------------------------------------------------

IMAGE_OF = {"SYS": "sysbuild", "BOOT": "mcuboot", "APP": "app"}
VERSIONS = [("ncs", v) for v in (207, 208, 209, 300, 301, 302, 303, 304)] + [("zephyr", v) for v in (307, 400, 401, 402, 403, 404)]
# Each chip and flash that a symbol may need.
PLACES = [("nrf52840", "qspi"), ("nrf54l15", "spi"), ("nrf54l15", "")]


def table():
    text = open(os.path.join(HOST, "plan_symbols.c"), encoding="utf-8").read()
    always = re.search(r"#define ALWAYS (\d+), (\d+), (\d+)", text).groups()
    rows = re.findall(r'^\t\{ "(\w+)", (SYS|BOOT|APP), (?:(ALWAYS)|(\d+), (\d+), (\d+)), "([^"]*)",', text, re.M)
    assert len(rows) == len(re.findall(r'^\t\{ "', text, re.M)), "a row of plan_symbols.c has another form"
    return [(name, IMAGE_OF[file], [int(n) for n in (always if word else (ncs, zephyr, until))], needs.split())
            for name, file, word, ncs, zephyr, until, needs in rows]


def asks(name, read):
    symbol = read.syms[re.sub(r"^(SB_)?CONFIG_", "", name)]
    value = {kconfiglib.BOOL: "y", kconfiglib.INT: "16", kconfiglib.HEX: "0x10", kconfiglib.STRING: '"x"'}[symbol.orig_type]
    return symbol, value


def closure(rows, image, name):
    """The settings that the row needs, and theirs."""
    needs = {}
    for need in next(row[3] for row in rows if row[0] == name and row[1] == image):
        needs[need.lstrip("!")] = "n" if need.startswith("!") else "y"
        if not need.startswith("!") and any(row[0] == need and row[1] == image for row in rows):
            needs.update(closure(rows, image, need))
    return needs


def is_taken(rows, image, name, needs, family, version):
    """Can it be set where exactly these hold, on any of the chips."""
    for chip, flash in PLACES:
        read = kconfig(image, family, version, chip, flash)
        symbol, value = asks(name, read)
        # What is not named stands as the build has it: the first of each choice, nothing of another's.
        load(read, BEFORE[image] + "".join(f"{need}={'n' if state == 'n' else asks(need, read)[1]}\n" for need, state in needs.items()) + f"{name}={value}\n")
        if symbol.visibility > 0 and (symbol.orig_type != kconfiglib.BOOL or symbol.str_value == "y"):
            return True
    return False


def check_row(rows, row):
    name, image, (since_ncs, since_zephyr, until), needs = row
    wrong, whole = [], closure(rows, image, name)
    # A symbol that is said to need a thing which the image has anyway is still right; FLASH, say, is MCUboot's own setting.
    for family, version in VERSIONS:
        since = since_ncs if family == "ncs" else since_zephyr
        wanted = since != 0 and version >= since
        if until and family == "zephyr" and version >= until:
            wanted = False
        got = is_taken(rows, image, name, whole, family, version)
        if got != wanted and not (name.endswith("SWAP_WITHOUT_SCRATCH") and wanted is False):
            wrong.append(f"{name} in {family} {version}: the table says {'yes' if wanted else 'no'}, Kconfig {'yes' if got else 'no'}")
    last = ("ncs", 304) if since_zephyr == 0 else ("zephyr", 404)
    for need in needs:
        opposite = {**whole, need.lstrip("!"): "y" if need.startswith("!") else "n"}
        if is_taken(rows, image, name, opposite, *last) and is_taken(rows, image, name, opposite, "ncs", 304):
            wrong.append(f"{name} is taken without {need}, which the table says it needs")
    return wrong


def dependencies_of(thing, depth=0):
    """Names of the symbols that it depends on, theirs too; a choice's are those of its members."""
    names = set()
    for item in kconfiglib.expr_items(thing.direct_dep):
        if isinstance(item, kconfiglib.Symbol) and item.nodes:
            names.add(item.name)
        if item is not thing and depth < 6:
            names |= dependencies_of(item, depth + 1)
    return names


def doctors_table():
    """What the doctor names as the reason of "asked y, got n" is a dependency in Kconfig as well."""
    text = open(os.path.join(HOST, "doctor", "rules_final.c"), encoding="utf-8").read()
    body = re.search(r"dependencies\[\] = \{(.*?)\n\};", text, re.S)[1]
    wrong, rows = [], re.findall(r'\{ "(\w+)",\s*\{ ([^}]*) \} \}', body)
    assert len(rows) > 10, "rules_final.c has another form"
    for name, needs in rows:
        depends = set()
        for image in FILES:
            read = kconfig(image, "ncs", 304, "nrf52840", "qspi")
            if name in read.syms and read.syms[name].nodes:
                depends |= dependencies_of(read.syms[name])
        for need in re.findall(r'"(\w+)"', needs):
            if need not in depends:
                wrong.append(f"rules_final.c: {name} is said to need {need}; Kconfig: {' '.join(sorted(depends)) or 'not known'}")
    return wrong


def main():
    rows = table()
    wrong = [what for row in rows for what in check_row(rows, row)] + doctors_table()
    for what in wrong:
        print(f"FAIL {what}")
    print(f"{len(rows)} rows of plan_symbols.c in {len(VERSIONS)} versions, {len(wrong)} wrong")
    # The check can say no: a dependency left out, a name that is older than the SDK, a setting of another image.
    key = ("zephyr", 404, "nrf52840", "qspi")
    for image, text in (("app", "CONFIG_MCUMGR=y\nCONFIG_ZCBOR=y\nCONFIG_CRC=y\n"), ("app", "CONFIG_MCUMGR_SMP_BT=y\n"), ("app", "CONFIG_BOOT_MAX_IMG_SECTORS=128\n"),
                        ("mcuboot", "CONFIG_BOOT_MAX_IMG_SECTORS=128\n"), ("sysbuild", "SB_CONFIG_PARTITION_MANAGER=n\nSB_CONFIG_PM_MCUBOOT_PAD=0x800\n"),
                        ("sysbuild", "CONFIG_BOOTLOADER_MCUBOOT=y\n")):
        assert check_image(image, key, text), f"nothing was found wrong with {text!r}"
    sys.exit(1 if every_plan() or wrong else 0)


if __name__ == "__main__":
    main()
