# SPDX-License-Identifier: MIT
"""C examples in documents that include our headers must compile as they stand: freestanding C11, all warnings."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-Wno-int-to-pointer-cast"]

count = 0
for document in sorted((ROOT / "docs").glob("*.md")):
    for code in re.findall(r"```c\n(.*?)```", document.read_text(encoding="utf-8"), re.S):
        if "#include <holdfast/" not in code:
            continue
        count += 1
        done = subprocess.run([sys.argv[1], *FLAGS, f"-I{ROOT}/core/include", f"-I{ROOT}/smp/include", "-xc", "-fsyntax-only", "-"], input=code,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{document.relative_to(ROOT)}: an example does not compile:\n{done.stderr}")
if count == 0:
    raise SystemExit("no document has an example: the pattern is wrong")
print(f"{count} example{'s' if count != 1 else ''} compiled")
