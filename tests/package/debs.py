# SPDX-License-Identifier: MIT
"""What the tests of the packages share: making the .debs with CPack, as `./dev package` does."""
import glob
import os
import subprocess
import sys

BUILD = os.environ["HOLDFAST_BUILD_DIR"]
FIRMWARE = os.environ["HOLDFAST_LOADER_DIR"]
SKIPPED = 77


def run(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\nexit {done.returncode}\n{done.stdout}")
    return done.stdout


def make(folder):
    """The .debs by package name."""
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "*.deb")):
        os.unlink(old)
    run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", folder)
    found = {run("dpkg-deb", "-f", path, "Package").strip(): path for path in glob.glob(os.path.join(folder, "*.deb"))}
    assert sorted(found) == ["holdfast", "holdfast-board"], found
    return found


def skip(why):
    print("=" * 100 + f"\nSKIPPED, so this was NOT tested: {why}\n" + "=" * 100)
    sys.exit(SKIPPED)
