# SPDX-License-Identifier: MIT
"""The program holdfast-board from outside: serial line, control socket, cuts, files, exit codes.

usage: program.py FW_NRF52840 FW_NRF54L15   (HOLDFAST_BOARD names the program)"""
import json, os, select, signal, socket, struct, subprocess, sys, tempfile, time, unittest

BOARD = os.environ["HOLDFAST_BOARD"]
FW = {"xiao_nrf52840": sys.argv[1], "xiao_nrf54l15": sys.argv[2]}
HELLO, WRITE_WORDS, ECHO, UNKNOWN, STORES = 0, 1, 6, 10, 19


def scenario(folder, which, *arguments):
    words = [which] + list(arguments) + [0xFFFFFFFF] * (8 - len(arguments)) + [1]
    words[8] = 1  # RRAM buffer of one line
    path = os.path.join(folder, "scenario.bin")
    with open(path, "wb") as file:
        file.write(struct.pack("<9I", *words[:9]))
    return path + "@0x7000"


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.socket.settimeout(20)
        self.file = self.socket.makefile("rw")

    def ask(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def close(self):
        self.file.close()
        self.socket.close()


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name

    def tearDown(self):
        self.folder.cleanup()

    def file(self, name):
        return os.path.join(self.path, name)

    def run_board(self, *words, board="xiao_nrf52840", stdin=b""):
        command = [BOARD, board, "--load", FW.get(board, FW["xiao_nrf52840"]) + "@0", *words]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60)

    def test_batch_prints_and_ends(self):
        for board in FW:
            done = self.run_board("--stdio", "--batch", "--until", "end", "--load", scenario(self.path, HELLO), board=board)
            self.assertEqual((done.returncode, done.stdout), (0, b"hello\nend\n"))

    def test_stdio_takes_input(self):
        done = self.run_board("--stdio", "--until", "end", "--load", scenario(self.path, ECHO, 4, 8), stdin=b"12345678")
        self.assertEqual((done.returncode, done.stdout), (0, b"ready\n12345678\nend\n"))

    def test_unknown_register_is_named(self):
        done = self.run_board("--stdio", "--batch", "--until", "end", "--load", scenario(self.path, UNKNOWN))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"HF-1205 nrf52840: .*read of 0x40012340")

    def test_stores_that_are_wrong_are_named(self):
        """Read-only memory, a locked region, a buffer that DMA can't reach, a vector table between its places, the chip switched off."""
        cases = [("xiao_nrf52840", (0x10000060, 0), "HF-1206 .*0x10000060"), ("xiao_nrf54l15", (0x00FFC300, 0), "HF-1206"),
                 ("xiao_nrf52840", (0x4001E800, 0x10000, 0x4001E804, 0x1000, 0x4001E808, 2, 0), "HF-1211 .*0x00010000"),
                 ("xiao_nrf52840", (0x40002544, 0, 0x40002548, 4, 0x40002008, 1), "HF-1212"),
                 ("xiao_nrf52840", (0xE000ED08, 0x80), "HF-1214 .*0xe000ed08"), ("xiao_nrf54l15", (0xE000ED08, 0x100), "HF-1214"),
                 ("xiao_nrf52840", (0x40000500, 1), "HF-1224")]
        for board, words, said in cases:
            done = self.run_board("--stdio", "--batch", "--until", "never", "--load", scenario(self.path, STORES, *words), board=board)
            self.assertEqual(done.returncode, 1, (board, words, done.stderr))
            self.assertRegex(done.stderr.decode(), said)

    def test_limit_and_idle_are_told_apart(self):
        words = ["--stdio", "--batch", "--until", "never", "--load", scenario(self.path, HELLO)]
        self.assertRegex(self.run_board(*words).stderr, rb"HF-1217")
        self.assertRegex(self.run_board(*words, "--max-instructions", "100").stderr, rb"HF-1218")

    def test_cut_and_report(self):
        report = self.file("report.json")
        done = self.run_board("--stdio", "--batch", "--until", "end", "--cut", "loader+2:prefix", "--report", report, "--load",
                              scenario(self.path, WRITE_WORDS, 4, 0))
        self.assertEqual(done.returncode, 0)
        with open(report) as file:
            status = json.load(file)
        self.assertEqual(status["stop"], "text")
        self.assertEqual(status["power_cuts"], 1)
        self.assertEqual(status["boots"], 2)
        self.assertEqual([(c["operation"], c["op"], c["variant"], c["addr"]) for c in status["cuts"]], [(2, "word", "prefix", 0x10004)])
        self.assertEqual(status["words"], 6)

    def test_stay_off_and_flash_file(self):
        flash = self.file("flash.bin")
        done = self.run_board("--stdio", "--batch", "--cut", "3", "--stay-off", "--flash", flash, "--load",
                              scenario(self.path, WRITE_WORDS, 4, 0x100))
        self.assertEqual(done.returncode, 0)
        with open(flash, "rb") as file:
            content = file.read()
        self.assertEqual(len(content), 0x100000)
        self.assertEqual(struct.unpack_from("<4I", content, 0x10000), (0x100, 0x101, 0xFFFFFFFF, 0xFFFFFFFF))
        done = self.run_board("--stdio", "--batch", "--until", "end", "--flash", flash)
        self.assertEqual(done.returncode, 0)
        with open(flash, "rb") as file:
            file.seek(0x10000)
            self.assertEqual(struct.unpack("<4I", file.read(16)), (0x100, 0x101, 0x102, 0x103))

    def test_bad_command_lines(self):
        for words in (["--nonsense"], ["--cut", "0"], ["--cut", "x"], ["--cut", "3:nothing"], ["--boot", "-1"], ["more", "words"],
                      ["--cut-random", "3"], ["--layout", "none"]):
            done = self.run_board("--stdio", "--batch", *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertRegex(done.stderr, rb"HF-1219", words)
        self.assertRegex(self.run_board("--link", self.file("missing/tty")).stderr, rb"HF-1220")
        self.assertRegex(self.run_board("--control", self.file("missing/socket")).stderr, rb"HF-1221")
        self.assertRegex(self.run_board("--load", "missing.hex").stderr, rb"HF-1202")
        self.assertRegex(self.run_board("--load", FW["xiao_nrf52840"] + "@0xfffff").stderr, rb"HF-1204")
        self.assertRegex(self.run_board("--load", FW["xiao_nrf52840"]).stderr, rb"HF-1203")
        done = subprocess.run([BOARD, "xiao_none"], capture_output=True)
        self.assertRegex(done.stderr, rb"HF-1201")
        self.assertEqual(subprocess.run([BOARD, "--help"], capture_output=True).returncode, 0)

    def start(self, *words, board="xiao_nrf52840"):
        control = self.file("control")
        process = subprocess.Popen([BOARD, board, "--load", FW[board] + "@0", "--control", control, *words], stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process, process.stdout.readline().decode().strip(), Control(control)

    def read_until(self, fd, text):
        got = b""
        while text not in got:
            ready, _, _ = select.select([fd], [], [], 10)
            self.assertTrue(ready, got)
            got += os.read(fd, 1000)
        return got

    def test_pty_and_control(self):
        for board in FW:
            link = self.file("tty")
            process, path, control = self.start("--link", link, "--load", scenario(self.path, ECHO, 4, 8), board=board)
            self.assertRegex(path, r"^/dev/pts/\d+$")
            self.assertEqual(os.readlink(link), path)
            fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
            self.read_until(fd, b"ready\n")
            os.write(fd, b"abcdefgh")
            self.assertIn(b"abcdefgh\n", self.read_until(fd, b"end\n"))
            status = control.ask("status")
            self.assertTrue(status["ok"])
            self.assertEqual((status["board"], status["power"], status["serial"]), (board, "on", path))
            self.assertEqual(status["uart_rx_bytes"], 8)
            self.assertEqual(control.ask("fly")["reason"], 1222)
            self.assertEqual(f"HF-{control.ask('cut 0')['reason']}", "HF-1222")
            self.assertTrue(control.ask("help")["ok"])
            # Without power there is silence, and the counters still answer.
            self.assertTrue(control.ask("power off")["ok"])
            self.assertEqual(control.ask("status")["power"], "off")
            self.assertTrue(control.ask("power on")["ok"])
            self.read_until(fd, b"ready\n")
            self.assertEqual(control.ask("status")["boots"], 2)
            self.assertTrue(control.ask("reset")["ok"])
            self.read_until(fd, b"ready\n")
            os.close(fd)
            self.assertTrue(control.ask("quit")["ok"])
            self.assertEqual(process.wait(10), 0)
            process.stdout.close()
            control.close()
            self.assertFalse(os.path.lexists(link))

    def test_signals_end_it_and_save(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            flash = self.file("flash.bin")
            process, path, control = self.start("--flash", flash, "--load", scenario(self.path, WRITE_WORDS, 1, 5))
            self.assertTrue(control.ask("status")["ok"])
            process.send_signal(number)
            self.assertEqual(process.wait(5), 0)
            self.assertTrue(os.path.getsize(flash) > 0)
            self.assertFalse(os.path.exists(self.file("control")))
            process.stdout.close()
            control.close()

    def test_cuts_over_the_control_socket(self):
        process, path, control = self.start("--load", scenario(self.path, WRITE_WORDS, 8, 0))
        control.file.write("wait written\n")  # answered when it is printed: after the next command's answer
        self.assertTrue(control.ask("power cycle")["ok"])
        self.assertEqual(json.loads(control.file.readline())["event"], "text")
        first = control.ask("status")["operations"]
        self.assertTrue(control.ask("cut loader 3 partial 9")["ok"])
        self.assertTrue(control.ask("cut-random 2 5 6")["ok"])
        self.assertEqual(control.ask("status")["armed"], 3)
        self.assertTrue(control.ask("power cycle")["ok"])
        deadline = time.time() + 10
        while control.ask("status")["armed"] and time.time() < deadline:
            time.sleep(0.02)
        status = control.ask("status")
        self.assertEqual(status["armed"], 0)
        self.assertIn(first + 3, [c["operation"] for c in status["cuts"]])
        self.assertEqual(status["power_cuts"], len(status["cuts"]))
        flash = self.file("saved.bin")
        self.assertTrue(control.ask("save " + flash)["ok"])
        self.assertEqual(os.path.getsize(flash), 0x100000)
        self.assertFalse(control.ask("save")["ok"])
        control.ask("quit")
        self.assertEqual(process.wait(10), 0)
        process.stdout.close()
        control.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
