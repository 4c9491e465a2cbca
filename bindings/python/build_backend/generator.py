"""The workspace's generator, under the name that maturin calls: `uniffi-bindgen`.

    POSTSEAL_BINDGEN=… python generator.py generate LIBRARY --language python --out-dir FOLDER --no-format

What it writes loses one thing: records are not made dataclasses. They write their own methods anyway, and to make dataclasses of them is
half of the time that it takes to load the module.

The generator finds what it needs in the library's symbols, which nobody needs afterwards: where maturin calls (`--library`), the library
that goes into the wheel loses them then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

IMPORT = "from dataclasses import dataclass\n"
INSTEAD = "def dataclass(kind): return kind\n"


def main(arguments: list[str]) -> int:
    done = subprocess.run([os.environ["POSTSEAL_BINDGEN"], *arguments], check=False)
    if done.returncode == 0 and "--out-dir" in arguments:
        for module in Path(arguments[arguments.index("--out-dir") + 1]).glob("*.py"):
            module.write_text(without_dataclasses(module.read_text(encoding="utf-8")), encoding="utf-8")
    if done.returncode == 0 and "--library" in arguments:
        strip(arguments[arguments.index("--library") + 1])
    return done.returncode


def strip(library: str) -> None:
    """Takes the symbols out of a library; one that keeps them is larger, and no worse.

    What cargo built can be the same file under another name, and the next build reads the symbols of that: another file takes its place.
    """
    if shutil.which("strip") is not None:
        options = ["-x"] if sys.platform == "darwin" else ["--strip-unneeded"]
        stripped = f"{library}.stripped"
        if subprocess.run(["strip", *options, "-o", stripped, library], check=False).returncode == 0:
            os.replace(stripped, library)


def without_dataclasses(module: str) -> str:
    """The generated module with a `dataclass` that does nothing."""
    return module.replace(IMPORT, INSTEAD, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
