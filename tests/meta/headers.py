# SPDX-License-Identifier: MIT
"""headers.py CC: each header of the tree compiles alone, twice in a row, so that no file depends on the order of its includes."""
import concurrent.futures
import os
import subprocess
import sys

ROOT = os.environ.get("HOLDFAST_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("core/include", "smp/include", "ble/include", "ports", "boards", "crypto", "firmware", "host", "sim", "vboard", ".")
CROSS_FOLDERS = ("core/include", "smp/include", "ble/include", "ports", "firmware", "ports/nrf52840", ".")
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-fsyntax-only", "-x", "c", "-"]


def cross(path):
    """Headers of chips are for the chip's compiler."""
    return path.startswith(("ports/", "firmware/"))


def compile_alone(cc, path):
    compiler = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-ffreestanding"] if cross(path) else [cc]
    own = os.path.dirname(path)
    includes = [f"-I{os.path.join(ROOT, folder)}" for folder in (own, *(CROSS_FOLDERS if cross(path) else FOLDERS))]
    text = f'#include "{path}"\n#include "{path}"\ntypedef int a_file_is_never_empty;\n'
    done = subprocess.run([*compiler, *includes, *FLAGS], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=ROOT, check=False)
    return path, done.returncode, done.stdout


def main():
    found = []
    for top in ("core", "smp", "ble", "ports", "boards", "crypto", "firmware", "host", "sim", "vboard"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if name.endswith(".h")]
    if len(found) < 10:
        sys.exit(f"only {len(found)} headers found under {ROOT}: wrong folder?")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for path, code, output in pool.map(lambda path: compile_alone(sys.argv[1], path), sorted(found)):
            if code:
                bad += 1
                print(f"{path} does not compile alone:\n{output}")
    print(f"{len(found) - bad} of {len(found)} headers compile alone")
    sys.exit(1 if bad else 0)


main()
