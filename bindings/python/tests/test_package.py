"""What the package says of itself, and takes along."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from email import message_from_string
from pathlib import Path

import pytest

from .conftest import REPOSITORY

PACKAGE = REPOSITORY / "bindings" / "python"


def test_the_licences_of_all_that_is_in_it_are_named_and_come_along(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'build_backend'); import postseal_build;"
        "print(postseal_build.prepare_metadata_for_build_wheel(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    # maturin is a program beside this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=PACKAGE, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("*.dist-info")
    metadata = message_from_string((folder / "METADATA").read_text(encoding="utf-8"))
    assert metadata["License-Expression"] == "(MIT OR Apache-2.0) AND LGPL-2.0-or-later"
    texts = metadata.get_all("License-File", [])
    assert sorted(texts) == ["LICENSE-APACHE", "LICENSE-MIT"]
    for text in texts:
        assert (folder / "licenses" / text).read_bytes() == (REPOSITORY / text).read_bytes()


def test_a_library_is_stripped_and_what_cargo_built_is_not(tmp_path: Path) -> None:
    library = os.environ.get("POSTSEAL_LIBRARY")
    if library is None or shutil.which("strip") is None:
        pytest.skip("it needs strip, and the library that `cargo xtask bindings python` names")
    built, packed = tmp_path / "built.so", tmp_path / "packed.so"
    shutil.copyfile(library, built)
    os.link(built, packed)
    before = built.stat().st_size
    program = "import sys; sys.path.insert(0, 'build_backend'); import generator; generator.strip(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, str(packed)], cwd=PACKAGE, timeout=120, check=True)
    assert built.stat().st_size == before
    assert packed.stat().st_size < before
