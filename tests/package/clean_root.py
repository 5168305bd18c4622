#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The .debs on a Debian root that has nothing else: installed by apt with what they depend on, used, taken away again.

Why      A missing dependency, or a file that only the build folder has, shows nowhere else.
How      debootstrap makes the root once (BUILD/clean-root, kept between runs); each run works in a copy. The copy's /proc and /dev are
         mounted in a mount namespace of this run alone, so nothing stays mounted, however it ends.
Cost     37 s of CPU, 24 of them debootstrap's, which the next runs in the same build folder save.
Skips    Loudly, without root, without debootstrap, or where Debian's archive can't be reached.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import debs

TEMPLATE = os.path.join(debs.BUILD, "clean-root")
BOARD, LAYOUT = "xiao_nrf54l15", "two-slots"

# Runs inside, as a user would work there; /srv/in has the packages and the demo applications.
INSIDE = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
cd /srv
gone() { [ -z "$(find / -xdev -name '*holdfast*' -not -path '/srv/*' -not -path '/var/log/*' -not -path '/proc/*' | tee /dev/stderr)" ]; }
gone
apt-get update -q
apt-get install -q -y --no-install-recommends ./in/*.deb
holdfast --version
mkdir 'my project'
cd 'my project'
holdfast key new release.pem --public release.pub.pem
for version in 1.0.0 1.1.0; do
    holdfast sign ../in/demo-BOARD-LAYOUT-$version.bin app-$version.bin -v $version --board BOARD --pad-header -k release.pem
    holdfast verify app-$version.bin -k release.pub.pem --board BOARD
done
holdfast bootloader --board BOARD --key release.pub.pem -o loader.hex
holdfast board run BOARD --loader loader.hex --app app-1.0.0.bin >port &
board=$!
tries=0
until [ -s port ] || [ $tries = 300 ]; do sleep 0.1; tries=$((tries + 1)); done
holdfast update "$(cat port)" app-1.1.0.bin --key release.pub.pem
holdfast image list "$(cat port)" --json >list.json
kill $board
wait $board || true
cat list.json
grep -q '"1.1.0"' list.json
for file in /usr/share/doc/holdfast/copyright /usr/share/doc/holdfast-board/copyright /usr/share/bash-completion/completions/holdfast; do
    [ -s $file ]
done
bash -c '. /usr/share/bash-completion/completions/holdfast; COMP_WORDS=(holdfast key ""); COMP_CWORD=2; _complete_holdfast; [ "${COMPREPLY[*]}" = "new show export" ]'
cd /srv
apt-get purge -q -y holdfast holdfast-board
gone
"""


def make_template():
    if os.path.isdir(TEMPLATE):
        return
    work = TEMPLATE + ".making"
    shutil.rmtree(work, ignore_errors=True)
    start = time.monotonic()
    done = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", work], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(work, ignore_errors=True)
        debs.skip("debootstrap could not make a root; it said:\n" + done.stdout[-800:])
    os.rename(work, TEMPLATE)
    print(f"made a root in {time.monotonic() - start:.0f} s; the next runs use it again")


def main():
    if os.geteuid() != 0:
        debs.skip("making a clean Debian root takes the rights of root")
    if not shutil.which("debootstrap"):
        debs.skip("debootstrap is not installed")
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        debs.skip("this system gives no mount namespace")
    make_template()
    with tempfile.TemporaryDirectory(prefix="clean-root-", dir=debs.BUILD) as folder:
        root = os.path.join(folder, "root")
        debs.run("cp", "-a", "--reflink=auto", TEMPLATE, root)
        inside = os.path.join(root, "srv", "in")
        for path in debs.make(os.path.join(folder, "debs")).values():
            os.makedirs(inside, exist_ok=True)
            shutil.copy(path, inside)
        for version in ("1.0.0", "1.1.0"):
            shutil.copy(os.path.join(debs.FIRMWARE, f"demo-{BOARD}-{LAYOUT}-{version}.bin"), inside)
        with open(os.path.join(inside, "use.sh"), "w", encoding="ascii") as file:
            file.write(INSIDE.replace("BOARD", BOARD).replace("LAYOUT", LAYOUT))
        outside = 'set -e; mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" sh /srv/in/use.sh'
        # Without the caller's environment: PATH and HOME are the root's own.
        print(debs.run("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/srv", "unshare", "--mount", "--propagation", "private", "--pid",
                       "--fork", "--kill-child", "sh", "-c", outside, "sh", root, stdin=subprocess.DEVNULL))


if __name__ == "__main__":
    main()
