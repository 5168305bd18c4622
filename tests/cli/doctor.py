#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor: live devices, patches, the words of its report. What each rule finds is tested in tests/doctor."""
import os
import struct

import harness
from harness import Device, fails, ok, read, run, signed, write


def test_device():
    ok("key", "new", "k.pem")
    app = signed("app", "1.0.0", "k.pem")
    with Device("k.pem", app) as line:
        done = run("doctor", "--device", f"serial:{line}", "--json")
        said = done.json()
        assert done.code in (0, 1) and said["verdict"] in ("healthy", "attention"), done.text()
        done = run("doctor", "--device", f"serial:{line}", app, "--json")
        same = [finding for finding in done.json()["findings"] if finding["code"] == "C07"]
        assert same and any("serial:" in e["file"] for e in same[0]["evidence"]), done.text()
    done = run("doctor", "--device", "serial:/dev/none", "--json")
    assert done.code == 3 and not done.json()["ok"], done.text()


def test_fix_shows_before_it_changes():
    before = b"CONFIG_MCUMGR=y\nCONFIG_MCUMGR_SMP_BT=y\nSB_CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_BT_DEVICE_NAME=\"a b\"\n"
    write("prj.conf", before)
    done = run("doctor", "prj.conf", "--fix")
    assert done.code == 2 and "+ CONFIG_MCUMGR_TRANSPORT_BT=y" in done.err and "- CONFIG_MCUMGR_SMP_BT=y" in done.err, done.text()
    assert read("prj.conf") == before and not os.path.exists("sysbuild.conf"), "changed without being asked"
    done = run("doctor", "prj.conf", "--fix", "--yes")
    assert "2 files changed" in done.err, done.text()
    assert read("prj.conf") == b"CONFIG_MCUMGR=y\nCONFIG_MCUMGR_TRANSPORT_BT=y\nCONFIG_BT_DEVICE_NAME=\"a b\"\n", read("prj.conf")
    assert read("sysbuild.conf") == b"SB_CONFIG_BOOTLOADER_MCUBOOT=y\n" and read("prj.conf.orig") == before
    done = run("doctor", "prj.conf", "sysbuild.conf", "--json")
    assert not {"B03", "B11"} & {finding["code"] for finding in done.json()["findings"]}, done.text()


def test_fix_keeps_a_backup_that_is_there():
    write("prj.conf", b"CONFIG_MCUMGR_SMP_BT=y\n")
    write("prj.conf.orig", b"precious\n")
    done = run("doctor", "prj.conf", "--fix", "--yes")
    assert done.code == 3 and f"(HF-{harness.number_of('HOST_DOCTOR_FIX'):04d})" in done.err, done.text()
    fails(3, "HOST_DOCTOR_INPUT", "doctor", "prj.conf", "missing", "--fix", "--yes", "--json")
    assert read("prj.conf.orig") == b"precious\n" and read("prj.conf") == b"CONFIG_MCUMGR_SMP_BT=y\n"


def test_fix_of_values():
    write("sysbuild.conf", b'SB_CONFIG_BOOTLOADER_MCUBOOT=y\nSB_CONFIG_BOOT_SIGNATURE_KEY_FILE="${APP_DIR}/k.pem"\n')
    run("doctor", "sysbuild.conf", "--fix", "--yes")
    assert b'KEY_FILE="\\${APP_DIR}/k.pem"' in read("sysbuild.conf"), read("sysbuild.conf")
    write("pm_static.yml", b"mcuboot_primary: {address: 0x10000, size: 0x70000}\nmcuboot_secondary: {address: 0x80000, size: 0x70000}\n")
    write("mcuboot.conf", b"CONFIG_BOOT_MAX_IMG_SECTORS=64\n")
    run("doctor", "pm_static.yml", "mcuboot.conf", "--fix", "--yes")
    assert read("mcuboot.conf") == b"CONFIG_BOOT_MAX_IMG_SECTORS=112\n", read("mcuboot.conf")


def test_holdfasts_own_limit():
    """An image that MCUboot's swap would not take and Holdfast's does, to the byte of `holdfast sign --board`."""
    ok("key", "new", "k.pem")
    room = next(row for row in ok("board", "list", "--json").json()["boards"] if row["name"] == "xiao_nrf52840")["layouts"][0]["size_max"]
    write("raw", struct.pack("<II", 0x20001000, 0xC301) + bytes((i * 7) & 255 for i in range(room - 900)))
    ok("sign", "raw", "app.bin", "-v", "1.0.0", "-H", "0x200", "-S", "0x76000", "--pad-header", "-k", "k.pem", "--board", "xiao_nrf52840")
    for mode in ("holdfast-walk", "swap-move"):
        ok("plan", "--board", "nrf52840dk", "--loader", "holdfast" if mode[0] == "h" else "mcuboot", "--sdk", "ncs-3.3", "--mode", mode, "--write", mode)
    ok("doctor", "holdfast-walk", "app.bin")
    done = run("doctor", "swap-move", "app.bin", "--json")
    assert {"P10", "P11", "P13"} & {finding["code"] for finding in done.json()["findings"]}, done.text()


def test_words():
    write("boot.log", b"I: Starting bootloader\nI: Boot source: none\n")
    done = ok("doctor", "boot.log")
    assert done.out.startswith("healthy") and "S01 note" in done.out and "boot.log:2:" in done.out, done.text()
    fails(3, "HOST_DOCTOR_INPUT", "doctor", "nothing")
    fails(3, "HOST_OPTION_UNKNOWN", "doctor", "--fixx")


harness.main(globals())
