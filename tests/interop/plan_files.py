# SPDX-License-Identifier: MIT
"""What `holdfast plan --write` writes, for every board, mode and form of SDK, as the tools of Zephyr read it: devicetree through dtc
and through Zephyr's dtlib and edtlib, Partition Manager's file through a YAML reader. Both forms say the same, to the byte, and what the
table of --json says; the doctor has nothing to find."""
import json
import os
import subprocess
import sys
import tempfile

import yaml
from devicetree import dtlib, edtlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import plan as cli_plan  # noqa: E402  (the bases of the boards' devicetrees)

CLI = os.environ["HOLDFAST_CLI"]
VARIANTS = [("xiao_nrf52840", None), ("xiao_nrf52840", "uf2"), ("xiao_nrf52840_sense", None), ("xiao_nrf54l15", None), ("xiao_nrf54l15", "flpr"),
            ("xiao_nrf54l15_sense", "flpr"), ("nrf52840dk", None), ("nrf54l15dk", None), ("nrf54l15dk", "flpr"), ("xiao_nrf54lm20a", None),
            ("xiao_nrf54lm20a", "flpr")]
SDKS = [("ncs-2.9", "pm"), ("ncs-3.3", "pm"), ("ncs-3.4", "devicetree"), ("zephyr-4.4", None), ("zephyr-4.0", None)]
LABELS = {"mcuboot": "boot_partition", "mcuboot_primary": "slot0_partition", "mcuboot_secondary": "slot1_partition",
          "mcuboot_scratch": "scratch_partition", "settings_storage": "storage_partition", "spare": "spare_partition",
          "softdevice_reserved": "reserved_partition_0", "uf2_partition": "uf2_partition"}
BINDINGS = {
    "fixed-partitions.yaml": "description: partitions\ncompatible: fixed-partitions\nproperties:\n  '#address-cells': {type: int}\n"
                             "  '#size-cells': {type: int}\nchild-binding:\n  description: one\n  properties:\n    label: {type: string}\n"
                             "    read-only: {type: boolean}\n    reg: {type: array}\n",
    "soc-nv-flash.yaml": "description: flash\ncompatible: soc-nv-flash\nproperties:\n  reg: {type: array}\n  '#address-cells': {type: int}\n"
                         "  '#size-cells': {type: int}\n",
}


def tool(*args):
    done = subprocess.run([CLI, "plan", *args, "--json"], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def full_dts(folder, name, overlay):
    base = next(text for label, text in cli_plan.BASES.items() if f"&{label} {{" in overlay)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(base.replace("usbd@40027000", "zephyr_udc0: usbd@40027000") + overlay)
    return path


def of_devicetree(path, bindings):
    """{label: (external, address, size)} by dtlib, the regs by edtlib as well; the partition that the image is linked to; the flash's size."""
    tree = dtlib.DT(path)
    edt = edtlib.EDT(path, [bindings], warn_reg_unit_address_mismatch=True)
    parts, flash = {}, None
    for node in tree.node_iter():
        if node.parent is not None and node.parent.name == "partitions" and node.labels:
            address, size = node.props["reg"].to_nums()
            external = "/soc/qspi" in node.path or "/soc/spi" in node.path
            parts[node.labels[0]] = (external, address, size)
            assert int(node.unit_addr, 16) == address, node.path
            reg = edt.get_node(node.path).regs[0]
            assert (reg.addr, reg.size) == (address, size), (node.path, reg)
        if set(node.labels) & {"flash0", "cpuapp_rram"}:
            flash = node.props["reg"].to_nums()[1]
    return parts, edt.chosen_node("zephyr,code-partition").labels[0], flash


def of_pm(path):
    with open(path, encoding="utf-8") as file:
        read = yaml.safe_load(file)
    for name, part in read.items():
        assert part["end_address"] - part["address"] == part["size"] > 0, name
        for span in ("span", "orig_span"):
            if span in part:
                members = [read[member] for member in part[span]]
                assert members[0]["address"] == part["address"] and members[-1]["end_address"] == part["end_address"], name
                assert all(a["end_address"] == b["address"] for a, b in zip(members, members[1:])), name
    plain = sorted((part["region"], part["address"], part["end_address"], name) for name, part in read.items() if "span" not in part)
    for a, b in zip(plain, plain[1:]):
        assert a[0] != b[0] or a[2] <= b[1], f"{a} and {b} overlap"
    return {name: (part["region"] == "external_flash", part["address"], part["size"]) for name, part in read.items()}


def check_one(folder, args, mode, form, bindings, facts):
    code, said = tool(*args, "--mode", mode["name"], "--write", folder, "--force")
    assert code == 0 and said["ok"], said
    stem = next(name for name in os.listdir(os.path.join(folder, "boards")))
    paths = [full_dts(os.path.dirname(folder), f"full{i}.dts", open(os.path.join(folder, name), encoding="utf-8").read())
             for i, name in enumerate((f"boards/{stem}", "sysbuild/mcuboot.overlay"))]
    for path in paths:
        done = subprocess.run(["dtc", "-I", "dts", "-O", "dtb", "-o", os.devnull, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "unique_unit_address" not in done.stderr, done.stderr
    (app, app_own, size), (loader, loader_own, _) = (of_devicetree(path, bindings) for path in paths)
    assert app == loader and app_own == "slot0_partition" and loader_own == "boot_partition"
    wanted = {part["label"]: (part["external"], part["address"], part["size"]) for part in mode["partitions"]}
    if "flpr" in wanted:
        assert wanted.pop("flpr")[1] == size, "the coprocessor's share begins where the application's memory ends"
    assert app == wanted, (app, wanted)
    pm_path = os.path.join(folder, "pm_static_" + stem.replace(".overlay", ".yml"))
    assert os.path.exists(pm_path) == (form == "pm"), pm_path
    if form == "pm":
        pm = of_pm(pm_path)
        assert {LABELS[name]: part for name, part in pm.items() if name in LABELS} == app, (pm, app)
        pad = pm["mcuboot_pad"]
        assert pad[1] == pm["mcuboot_primary"][1] and pad[2] == facts["header"], pm
        facts["pm"] += 1
    done = subprocess.run([CLI, "doctor", folder], capture_output=True, text=True, check=False)  # rules of another hand
    assert done.returncode == 0, (args, mode["name"], done.stdout)
    facts["plans"] += 1


def main():
    facts = {"plans": 0, "pm": 0}
    with tempfile.TemporaryDirectory(prefix="holdfast-plan-") as top:
        bindings = os.path.join(top, "bindings")
        os.mkdir(bindings)
        for name, text in BINDINGS.items():
            with open(os.path.join(bindings, name), "w", encoding="utf-8") as file:
                file.write(text)
        for board, keep in VARIANTS:
            facts["header"] = 0x200 if "840" in board else 0x800
            for sdk, form in SDKS:
                args = ["--board", board, "--sdk", sdk, "--want", "ble,recovery,usb" if form == "pm" else "ble,recovery" if form else "serial", *(["--keep", keep] if keep else [])]
                _, said = tool(*args)
                for number, mode in enumerate(said["modes"]):
                    if mode["fits"] and mode["name"] not in [earlier["name"] for earlier in said["modes"][:number]]:
                        folder = os.path.join(top, f"{board}-{keep}-{sdk}-{number}")
                        check_one(folder, args + (["--partitions", form] if form else []), mode, form, bindings, facts)
    print(f"{facts['plans']} plans read back, {facts['pm']} of them in both forms; the doctor finds all of them healthy")
    assert facts["plans"] > 400 and facts["pm"] > 150


main()
