# SPDX-License-Identifier: MIT
"""catches.py: each checker catches what it is for. A small tree that is in order passes; the same tree with one fault does not."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("HOLDFAST_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LICENCE = "/* SPDX-License-Identifier: MIT */\n"
GOOD = {
    "dev": "#!/bin/sh\n# SPDX-License-Identifier: MIT\ncase $1 in\ntest) ;;\nreasons) ;;\nesac\n",
    "core/CMakeLists.txt": "# SPDX-License-Identifier: MIT\nadd_library(core a.c)\n",
    "core/include/holdfast/a.h": LICENCE + "#ifndef HOLDFAST_A_H\n#define HOLDFAST_A_H\n#include <stdint.h>\n#endif\n",
    "core/include/holdfast/reason.def": LICENCE + 'HF_REASON(0, OK, "Done.", "")\nHF_REASON(101, READ, "No.", "Try again.")\n',
    "core/a.c": LICENCE + "#include <holdfast/a.h>\nint hf_a(void);\nint hf_a(void)\n{\n\treturn HF_R_READ;\n}\n",
    "README.md": "<!-- SPDX-License-Identifier: MIT -->\n# Title\n[here](#title) `core/a.c` `./dev test`\n",
}
LONG = "int hf_b(void)\n{\n" + "\tf();\n" * 80 + "}\n"
# (checker, file, what is put in, a word of the finding)
FAULTS = [
    ("tidy", "core/a.c", GOOD["core/a.c"] + LONG, "hf_b has"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "\n" * 700, "lines, 600 at most"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "#ifdef FEATURE\n#endif\n", "conditional code"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "static int count;\n", "mutable globals"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "static unsigned table[4] = { 1 };\n", "mutable globals"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "void *hf_p(void) { return malloc(4); }\n", "no allocation"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "void hf_g(void) { goto out; }\n", "no goto"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "int x; \n", "space at the end"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "/* " + "x" * 170 + " */\n", "columns"),
    ("tidy", "core/a.c", GOOD["core/a.c"].replace(LICENCE, ""), "no line SPDX"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "/* TO" "DO */\n", "left open"),
    ("tidy", "core/a.c", GOOD["core/a.c"] + "/* /ho" "me/somebody/ */\n", "path of one machine"),
    ("tidy", "core/orphan.c", LICENCE, "no CMake file"),
    ("tidy", "tools/tidy.allow", "# SPDX-License-Identifier: MIT\nfile core/a.c reason\n", "not needed any more"),
    ("layers", "core/a.c", GOOD["core/a.c"] + "#include <stdio.h>\n", "freestanding"),
    ("layers", "core/a.c", GOOD["core/a.c"] + '#include "host/b.h"\n', "no file of this tree"),
    ("layers", "smp/c.c", LICENCE + "#include <openssl/evp.h>\n", "alone"),
    ("layers", "vboard/c.c", LICENCE + '#include "core/a.c"\n', "must not include"),
    ("layers", "elsewhere/c.c", LICENCE, "has no row"),
    ("reasons --check", "core/include/holdfast/reason.def", GOOD["core/include/holdfast/reason.def"] + 'HF_REASON(101, B, "B.", "C.")\n',
     "is taken"),
    ("reasons --check", "core/include/holdfast/reason.def", GOOD["core/include/holdfast/reason.def"] + 'HF_REASON(102, B, "B.", "")\n',
     "no remedy"),
    ("reasons --check", "core/include/holdfast/reason.def", GOOD["core/include/holdfast/reason.def"] + 'HF_REASON(102, B, "B.", "C.")\n',
     "given by nothing"),
    ("reasons --check", "core/include/holdfast/reason.def", GOOD["core/include/holdfast/reason.def"] + 'HF_REASON(102, B, "B.")\n',
     "not of the form"),
    ("reasons --check", "docs/reasons.md", "old\n", "run ./dev reasons"),
    ("reasons --untested", "tests/empty.py", "", "provoked by no test"),
    ("docs-check", "README.md", GOOD["README.md"] + "[there](docs/none.md)\n", "leads nowhere"),
    ("docs-check", "README.md", GOOD["README.md"] + "[there](#none)\n", "no heading"),
    ("docs-check", "README.md", GOOD["README.md"] + "`core/none.c`\n", "there is no core/none.c"),
    ("docs-check", "README.md", GOOD["README.md"] + "`./dev none`\n", "there is no ./dev none"),
]


def put(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def check(root, checker):
    name, *options = checker.split()
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", name), "--root", root, *options], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={key: value for key, value in os.environ.items() if key != "HOLDFAST_CLI"})
    return done.returncode, done.stdout


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        good = os.path.join(folder, "good")
        for path, text in GOOD.items():
            put(good, path, text)
        check(good, "reasons")
        for checker in ("tidy", "layers", "reasons --check", "docs-check"):
            code, output = check(good, checker)
            if code:
                bad += 1
                print(f"{checker} finds fault with a tree in order:\n{output}")
        for checker, path, text, word in FAULTS:
            tree = os.path.join(folder, "tree")
            shutil.copytree(good, tree)
            put(tree, path, text)
            code, output = check(tree, checker)
            if code == 0 or word not in output:
                bad += 1
                print(f"{checker} does not catch this fault in {path} (expected \"{word}\"):\n{output}")
            shutil.rmtree(tree)
    print(f"{len(FAULTS)} seeded faults, {bad} things wrong")
    sys.exit(1 if bad else 0)


main()
