#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bluetooth from the command line against a BlueZ that fails as it is told (fake_bluez.py) on a bus of its own: each failure has its word,
and none of them hangs. Real stacks are in tests/ble."""
import concurrent.futures
import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
from harness import DEVICE, FILE, USAGE, ok, run

HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = "00:AA:01:01:00:24"
OTHER = {"name": "Lamp", "address": "00:AA:01:01:00:99", "smp": False, "rssi": -71}
THERMOMETER = {"name": "Thermometer", "address": ADDRESS}
NAME = "ble:Thermometer?wait=1"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>%s</policy></busconfig>
"""


@contextlib.contextmanager
def bus(policy=""):
    path = os.path.abspath("bus")
    with open("bus.conf", "w", encoding="utf-8") as file:
        file.write(BUS % (path, policy))
    daemon = subprocess.Popen(["dbus-daemon", "--config-file=bus.conf", "--nofork", "--nopidfile", "--print-address"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = daemon.stdout.readline().strip()
    try:
        yield daemon
    finally:
        os.environ.pop("DBUS_SYSTEM_BUS_ADDRESS")
        if before is not None:
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before
        daemon.terminate()
        daemon.wait(timeout=10)
        daemon.stdout.close()


@contextlib.contextmanager
def bluez(policy="", **story):
    with bus(policy):
        fake = subprocess.Popen([sys.executable, os.path.join(HERE, "fake_bluez.py"), json.dumps(story)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        assert fake.stdout.readline() == "ready\n", fake.stderr.read()
        try:
            yield fake
        finally:
            if fake.poll() is None:
                fake.stdin.close()
                fake.wait(timeout=10)
            said = fake.stderr.read()
            fake.stdout.close()
            fake.stderr.close()
        assert said == "", said


def fails(code, reason, *args, limit=30, **more):
    """It is over in time: no step waits for ever."""
    start = time.monotonic()
    done = harness.fails(code, reason, *args, **more)
    assert time.monotonic() - start < limit, f"took {time.monotonic() - start:.1f} s\n{done.text()}"
    return done


def fails_story(story, reason, holds=(), code=DEVICE, more=(), name=NAME):
    with bluez(**story):
        done = fails(code, reason, "echo", name, "hello", "--timeout", "300", "--tries", "2", "--json", *more, holds=holds)
        assert done.json()["reason"]["name"] == reason, done.text()
        return done


def works(story, more=(), name=NAME):
    with bluez(**story):
        done = ok("echo", name, "hello", "--timeout", "1000", "--json", *more)
        assert done.json()["echo"] == "hello", done.text()
        return done


# --- this machine ------------------------------------------------------------------------------------------------------------------


def test_no_bus():
    fails(FILE, "HOST_BLE_BUS", "echo", NAME, "x", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"})
    with open("full", "w", encoding="utf-8"):
        fails(FILE, "HOST_BLE_BUS", "devices", "--ble", env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={os.path.abspath('full')}"})


def test_no_daemon():
    with bus():
        fails(FILE, "HOST_BLE_DAEMON", "echo", NAME, "x")
        fails(FILE, "HOST_BLE_DAEMON", "devices", "--ble")
        fails(FILE, "HOST_BLE_DAEMON", "device", "forget", "ble:x")


def test_no_permission():
    with bluez(policy='<deny send_destination="org.bluez"/>'):
        fails(FILE, "HOST_BLE_DENIED", "echo", NAME, "x")
        fails(FILE, "HOST_BLE_DENIED", "devices", "--ble")


def test_daemon_that_does_not_answer():
    with bluez(call={"GetManagedObjects": "hang"}):
        fails(FILE, "HOST_BLE_STUCK", "echo", NAME, "x")


def test_adapters():
    fails_story({"adapters": []}, "HOST_BLE_NO_ADAPTER", ["there is none"], FILE)
    fails_story({}, "HOST_BLE_NO_ADAPTER", ["no hci7 here", "there is hci0"], FILE, name="ble:Thermometer?adapter=hci7")
    fails_story({"adapters": [{"name": "hci0", "powered": False}]}, "HOST_BLE_ADAPTER_OFF", ["hci0", "power on"], FILE)
    fails_story({"scan": "NotReady"}, "HOST_BLE_ADAPTER_OFF", ["hci0"], FILE)
    fails_story({"scan": "Failed"}, "HOST_BLE_SCAN", ["hci0"], FILE)
    works({"adapters": [{"name": "hci1", "powered": False}, {"name": "hci0"}]})


# --- finding -----------------------------------------------------------------------------------------------------------------------


def test_not_seen():
    fails_story({"devices": [OTHER, {**THERMOMETER, "name": "Thermo"}]}, "HOST_BLE_NOT_SEEN",
                ["Lamp (00:AA:01:01:00:99, -71 dBm)", f"Thermo ({ADDRESS}, -50 dBm, SMP)", "looked for 1 s"])
    fails_story({"devices": [{**THERMOMETER, "hidden": True}]}, "HOST_BLE_NOT_SEEN", ["nothing was seen"])
    fails_story({"devices": [{"name": f"Device number {i}", "address": f"00:00:00:00:00:{i:02x}"} for i in range(30)]}, "HOST_BLE_NOT_SEEN", [" more"])
    done = fails_story({"devices": [{**OTHER, "name": "A\x1b[2Jb"}]}, "HOST_BLE_NOT_SEEN")
    assert "\x1b" not in done.err, done.text()


def test_found_by_name_or_address():
    for name in ("ble:Thermometer", "ble:thermoMETER", f"ble:{ADDRESS}", f"ble:{ADDRESS.lower()}", "ble:Thermometer?adapter=hci0&wait=3"):
        works({"devices": [OTHER, THERMOMETER]}, name=name)
    works({"deaf": 1}, name="ble:Thermometer?wait=4")
    works({"devices": [{**THERMOMETER, "connected": True, "hidden": True}]})
    works({"devices": [{**THERMOMETER, "smp": False}]})
    ok("device", "save", "bench", NAME)
    works({}, name="bench")


def test_two_of_one_name():
    twin = {**THERMOMETER, "address": "00:AA:01:01:00:25"}
    fails_story({"devices": [THERMOMETER, OTHER, twin]}, "HOST_BLE_SEVERAL", [ADDRESS, "00:AA:01:01:00:25"])
    works({"devices": [THERMOMETER, twin]}, name=f"ble:{ADDRESS}")


def test_a_list_of_devices():
    with bluez(devices=[OTHER, {**THERMOMETER, "paired": True}, {"name": "Held", "address": "00:AA:01:01:00:26", "connected": True, "hidden": True}]):
        found = ok("devices", "--ble", "--seconds", "4", "--json").json()
        assert found["bluetooth"] == [{"name": "Held", "address": "00:AA:01:01:00:26", "smp": True, "paired": False},
                                      {"name": "Thermometer", "address": ADDRESS, "rssi_dbm": -50, "smp": True, "paired": True}], found
        done = ok("devices", "--ble", "--all", "--seconds", "4")
        for text in ("Lamp", "-71 dBm", f"ble:{ADDRESS}", "SMP", "paired", "connected"):
            assert text in done.out, done.text()
        assert "1 more" in ok("devices", "--ble", "--seconds", "4").out
    with bluez(devices=[]):
        assert "no Bluetooth device" in ok("devices", "--ble", "--seconds", "1").out
    harness.fails(USAGE, "HOST_OPTION_VALUE", "devices", "--ble", "--seconds", "many")


def test_addresses_that_are_none():
    for text in ("ble:", "ble:x?baud=9600", "ble:x?adapter=a-name-that-is-too-long-for-one", "ble:x?wait=0", "ble:x?wait=long", "udp:x?wait=3", "ble:x?wait"):
        harness.fails(USAGE, "HOST_ADDRESS", "echo", text, "x")
    for passkey in ("1000000", "12x", "-1"):
        harness.fails(USAGE, "HOST_OPTION_VALUE", "echo", NAME, "x", f"--passkey={passkey}")


# --- connecting --------------------------------------------------------------------------------------------------------------------


def test_no_connection():
    fails_story({"connect": "fail"}, "HOST_BLE_CONNECT", ["le-connection-abort-by-local"])
    fails_story({"connect": "hang"}, "HOST_BLE_CONNECT", ["no answer in time"])
    fails_story({"connect": "drop"}, "HOST_BLE_CONNECT")


def test_services():
    fails_story({"services": "other"}, "HOST_BLE_NO_SERVICE", ["it offers 1801", "device forget"])
    fails_story({"services": "never"}, "HOST_BLE_SERVICES", ["waited 2 s"])
    fails_story({"services": "drop"}, "HOST_BLE_LOST", ["it ended while the services were read"])
    works({"services": "drop once"})


def test_subscribing():
    fails_story({"notify": "busy"}, "HOST_BLE_BUSY", ["Notify acquired"])
    fails_story({"notify": "fail"}, "HOST_BLE_SUBSCRIBE", ["0x0e"])
    fails_story({"notify": "drop"}, "HOST_BLE_LOST", ["while subscribing"])


def test_one_program_at_a_time():
    with bluez(silent="always", pair="hang"):
        first = subprocess.Popen([harness.CLI, "echo", NAME, "x", "--timeout", "4000", "--tries", "1"], stderr=subprocess.DEVNULL)
        time.sleep(2)
        fails(DEVICE, "HOST_BLE_BUSY", "echo", NAME, "x", holds=["another holdfast"])
        first.terminate()
        first.wait(timeout=20)


def test_old_bond():
    paired = {"devices": [{**THERMOMETER, "paired": True}]}
    for story in ({"connect": "drop"}, {"services": "drop"}, {"notify": "drop"}, {"notify": "hang", "paired_helps": False}):
        fails_story({**paired, **story}, "HOST_BLE_OLD_BOND", ["holdfast device forget"])
    fails_story({**paired, "connect": "fail"}, "HOST_BLE_CONNECT")
    fails_story({**paired, "notify": "auth", "paired_helps": False}, "HOST_BLE_AUTH", ["there is a bond", "passkey"])


def test_forgetting():
    with bluez(devices=[{**THERMOMETER, "paired": True}, OTHER]):
        assert ok("device", "forget", "ble:thermometer", "--json").json()["ok"]
        fails(DEVICE, "HOST_BLE_UNKNOWN", "device", "forget", "ble:nobody")
    with bluez(devices=[{**THERMOMETER, "paired": True}], remove="fail"):
        fails(DEVICE, "HOST_BLE_FORGET", "device", "forget", f"ble:{ADDRESS}", holds=["Device is busy"])
    with bluez(devices=[{**THERMOMETER, "paired": True}, {**THERMOMETER, "address": "00:AA:01:01:00:25", "paired": True}]):
        fails(DEVICE, "HOST_BLE_SEVERAL", "device", "forget", "ble:Thermometer")


# --- pairing -----------------------------------------------------------------------------------------------------------------------


def test_pairing_when_the_device_wants_it():
    works({"notify": "auth"})
    works({"notify": "hang"})
    works({"silent": "unpaired"}, more=["--tries", "1"])
    works({}, more=["--pair"])
    works({"notify": "auth", "pair": "foreign"})


def test_pairing_that_fails():
    fails_story({"notify": "auth", "pair": "refuse"}, "HOST_BLE_PAIRING", ["Authentication Failed", "--passkey"])
    fails_story({"notify": "auth", "pair": "refuse"}, "HOST_BLE_PAIRING", ["asked for no passkey", "for a while"], more=["--passkey", "123456"])
    fails_story({"notify": "auth", "pair": "hang"}, "HOST_BLE_PAIRING", ["no answer in time"])
    fails_story({"notify": "auth", "paired_helps": False}, "HOST_BLE_AUTH", ["paired, and then"])
    fails_story({"silent": "unpaired", "pair": "refuse"}, "HOST_BLE_AUTH", ["no reply to any request", "pairing did not come about"])


def test_silent_though_paired():
    fails_story({"silent": "always"}, "HOST_DEVICE_SILENT", ["no reply within"])


def test_passkey():
    story = {"notify": "auth", "pair": "passkey"}
    works(story, more=["--passkey", "123456"])
    fails_story(story, "HOST_BLE_PAIRING", ["Authentication Failed"], more=["--passkey", "000007"])
    fails_story(story, "HOST_BLE_PAIRING", ["without a passkey"])
    fails_story({**story, "insists": True}, "HOST_BLE_PASSKEY", ["--passkey"])
    works({"notify": "auth", "pair": "confirm"}, more=["--passkey", "123456"])
    fails_story({"notify": "auth", "pair": "confirm"}, "HOST_BLE_PAIRING", more=["--passkey", "123457"])


def at_terminal(story, question, answer, before=b""):
    """The program with a terminal of its own, on which somebody types, perhaps before there is a question."""
    with bluez(**story):
        pid, terminal = pty.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                os.execv(harness.CLI, [harness.CLI, "echo", NAME, "hello"])
            os._exit(127)
        shown, answered = b"", False
        os.write(terminal, before)
        while select.select([terminal], [], [], 30)[0]:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break
            shown += data
            if question in shown and not answered:
                answered = True
                os.write(terminal, answer)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        assert answered, shown
        return os.waitstatus_to_exitcode(status), shown.decode()


def test_passkey_from_the_terminal():
    story = {"notify": "auth", "pair": "passkey"}
    code, shown = at_terminal(story, b"Passkey that", b"123456\n")
    assert code == 0 and "hello" in shown, shown
    code, shown = at_terminal(story, b"Passkey that", b"654321\n")
    assert code == DEVICE and f"HF-{harness.number_of('HOST_BLE_PAIRING')}" in shown, shown
    code, shown = at_terminal(story, b"Passkey that", b"\n")
    assert code == DEVICE and f"HF-{harness.number_of('HOST_BLE_PASSKEY')}" in shown, shown
    code, shown = at_terminal(story, b"Passkey that", b"123456\n", before=b"\n000000\n")
    assert code == 0, shown
    code, shown = at_terminal({"notify": "auth", "pair": "confirm"}, b"show 123456? [y/N]", b"y\n", before=b"n\n")
    assert code == 0, shown
    code, shown = at_terminal({"notify": "auth", "pair": "confirm"}, b"show 123456? [y/N]", b"n\n")
    assert code == DEVICE, shown


# --- messages ----------------------------------------------------------------------------------------------------------------------


def test_without_descriptors():
    works({"notify": "unsupported"})
    works({"notify": "unsupported", "mtu": 23})
    works({"notify": "unsupported", "flags": ["write", "notify"]})


def test_link_lost():
    fails_story({"lose": 1}, "HOST_BLE_LOST", ["the device ended it"])
    fails_story({"lose": 1, "notify": "unsupported"}, "HOST_BLE_LOST", ["the device ended it"])


def test_daemon_that_dies():
    with bluez(silent="always", pair="hang") as fake:
        process = subprocess.Popen([harness.CLI, "echo", NAME, "x", "--timeout", "20000", "--tries", "1"], stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        fake.kill()
        fake.wait()
        said = process.communicate(timeout=20)[1]
        assert process.returncode == DEVICE and f"HF-{harness.number_of('HOST_BLE_LOST')}" in said, said


def test_several_channels():
    if "Channels" in (open("/etc/bluetooth/main.conf", encoding="utf-8").read() if os.path.exists("/etc/bluetooth/main.conf") else ""):
        return
    works({"eatt": True})
    fails_story({"eatt": True, "silent": "always"}, "HOST_BLE_EATT", ["Channels = 1"])


# --- whole updates: a device of `holdfast serve` behind it -----------------------------------------------------------------------


def update(story, *more, name=NAME, size=30000):
    ok("key", "new", "k.pem", "--force")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", size)
    port = harness.free_port()
    with harness.serve(old, "--udp", str(port)):
        with bluez(udp=port, **story):
            done = run("update", name, new, "--json", "--wait", "30", *more)
            assert done.code == 0, done.text()
            result = done.json()
            assert result["outcome"] == "version 1.1.0, confirmed", result
            listed = ok("image", "list", name, "--json").json()["images"]
            assert [each["version"] for each in listed if each.get("active")] == ["1.1.0"], listed
            about = ok("info", name, "--json").json()
            assert about["bootloader"] == "MCUboot" and about["ok"], about
            return result


def test_update():
    update({})


def test_update_of_two_devices():
    ok("key", "new", "k.pem")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", 20000)
    ports = [harness.free_port(), harness.free_port()]
    two = [{"name": name, "address": f"00:AA:01:01:00:0{i}", "udp": ports[i]} for i, name in enumerate(("Left", "Right"))]
    with harness.serve(old, "--udp", str(ports[0])), harness.serve(old, "--udp", str(ports[1])), bluez(devices=two):
        done = ok("update", "ble:Left?wait=2", "ble:Right?wait=2", new, "--json", "--wait", "30").json()
        assert done["updated"] == 2, done
        for name in ("ble:Left?wait=2", "ble:Right?wait=2"):
            listed = ok("image", "list", name, "--json").json()["images"]
            assert [each["version"] for each in listed if each.get("active")] == ["1.1.0"], listed


def test_update_in_small_pieces():
    update({"mtu": 65}, size=8000)


def test_update_of_a_device_that_takes_whole_messages_only():
    update({"mtu": 247, "whole": True}, "--timeout", "800", size=8000)


def test_update_goes_on_after_a_loss():
    result = update({"lose": 20, "stays_away": 1.5}, name="ble:Thermometer?wait=3")
    assert result["resumed_off"] > 0, result


def test_update_survives_a_loss_at_any_message():
    """Each message of an update is the last of its connection, heard by the device or not."""
    for when in ("before", "after"):
        result = update({"lose_at": [[kind, when] for kind in ("last", "test", "reset", "confirm")]}, name="ble:Thermometer?wait=3", size=5000)
        assert result["outcome"] == "version 1.1.0, confirmed", result


def test_update_survives_losses_again_and_again():
    result = update({"lose_at": [[kind, "before"] for kind in ["state", "test", "confirm"] * 2]}, name="ble:Thermometer?wait=3", size=5000)
    assert result["outcome"] == "version 1.1.0, confirmed", result


def test_update_gives_up_after_many_losses():
    """At one step; what was uploaded stays, and the next run goes on from there."""
    ok("key", "new", "k.pem")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", 5000)
    port = harness.free_port()
    with harness.serve(old, "--udp", str(port)), bluez(udp=port, lose_at=[["test", "before"] for _ in range(6)]):
        fails(DEVICE, "HOST_BLE_LOST", "update", "ble:Thermometer?wait=3", new, "--wait", "20", limit=60)
        assert "is on the device already" in ok("update", "ble:Thermometer?wait=3", new, "--wait", "30").out


def test_update_that_is_unhealthy_over_a_loss():
    """The reset that takes the image back is lost with its link, and asked for again."""
    ok("key", "new", "k.pem")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", 5000)
    port = harness.free_port()
    with harness.serve(old, "--udp", str(port)), bluez(udp=port, lose_at=[["reset", "after"], ["reset", "before"]]):
        harness.fails(harness.REFUSED, "HOST_UPDATE_UNHEALTHY", "update", "ble:Thermometer?wait=3", new, "--wait", "20", "--confirm-by", "false")
        listed = ok("image", "list", "ble:Thermometer?wait=3", "--json").json()["images"]
        assert [each["version"] for each in listed if each.get("active")] == ["1.0.0"], listed


def test_update_follows_a_device_that_moves():
    story = {"lose": 20, "moves": "00:AA:01:01:00:77"}
    result = update(story, name="ble:Thermometer?wait=4")
    assert result["resumed_off"] > 0, result


def test_update_follows_a_random_address():
    story = {"lose": 20, "moves": "C0:AA:01:01:00:77", "devices": [{"name": "Thermometer", "address": "C0:AA:01:01:00:24", "type": "random"}]}
    ok("key", "new", "k.pem")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", 30000)
    port = harness.free_port()
    with harness.serve(old, "--udp", str(port)), bluez(udp=port, **story):
        assert ok("update", "ble:C0:AA:01:01:00:24?wait=4", new, "--json", "--wait", "30").json()["resumed_off"] > 0


def test_another_device_of_the_name_is_not_taken_for_it():
    story = {"lose": 20, "moves": "00:AA:01:01:00:77"}
    ok("key", "new", "k.pem")
    old, new = harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", 30000)
    port = harness.free_port()
    with harness.serve(old, "--udp", str(port)), bluez(udp=port, **story):
        fails(DEVICE, "HOST_BLE_LOST", "update", f"ble:{ADDRESS}?wait=3", new, "--wait", "8", limit=40)


def side_by_side():
    """Most of the time they wait for deadlines, each test on a bus of its own."""
    names = [name for name in globals() if name.startswith("test_")]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda name: subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False), names))
    for each in done:
        print(each.stdout.rsplit("\n", 2)[0] + each.stderr)
    failed = sum(each.returncode != 0 for each in done)
    print(f"{len(done) - failed} of {len(done)} passed")
    sys.exit(1 if failed or not done else 0)


if len(sys.argv) > 1:
    harness.main(globals())
side_by_side()
