"""The build backend: maturin, with the generator of the bindings at hand.

maturin calls `uniffi-bindgen`. It has to be of the very version of UniFFI that the library is built with, so the workspace has one of its
own, which is built first; `generator.py` stands before it, and is put on the PATH under that name.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import maturin

GENERATOR = "postseal-bindgen"
HERE = Path(__file__).resolve().parent.parent

get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
get_requires_for_build_editable = maturin.get_requires_for_build_editable
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    with _generator():
        return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    with _generator():
        return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    return maturin.build_sdist(sdist_directory, config_settings)


@contextlib.contextmanager
def _generator() -> Iterator[None]:
    """Builds the generator, and has it on the PATH."""
    os.environ["POSTSEAL_BINDGEN"] = _build_generator()
    with tempfile.TemporaryDirectory() as folder:
        command = Path(folder, "uniffi-bindgen")
        script = Path(__file__).with_name("generator.py")
        command.write_text(f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(script)!r}, run_name='__main__')\n")
        command.chmod(0o755)
        before = os.environ["PATH"]
        os.environ["PATH"] = folder + os.pathsep + before
        try:
            yield
        finally:
            os.environ["PATH"] = before


def _build_generator() -> str:
    command = ["cargo", "build", "--locked", "--package", GENERATOR, "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True)
    for line in built.stdout.splitlines():
        executable: str | None = json.loads(line).get("executable")
        if executable:
            return executable
    raise RuntimeError(f"cargo did not say where {GENERATOR} is")
