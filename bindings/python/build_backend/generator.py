"""The workspace's generator, under the name that maturin calls: `uniffi-bindgen`.

    POSTSEAL_BINDGEN=… python generator.py generate LIBRARY --language python --out-dir FOLDER --no-format

What it writes loses one thing: records are not made dataclasses. They write their own methods anyway, and to make dataclasses of them is
half of the time that it takes to load the module.
"""

from __future__ import annotations

import os
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
    return done.returncode


def without_dataclasses(module: str) -> str:
    """The generated module with a `dataclass` that does nothing."""
    return module.replace(IMPORT, INSTEAD, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
