"""The build backend: maturin, with the generator of the bindings at hand.

maturin calls `uniffi-bindgen`. It has to be of the very version of UniFFI that the library is built with, so the workspace has one of its
own, which is built first; `generator.py` stands before it, and is put on the PATH under that name. The library does not depend on the
generator, so a source distribution gets it here, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
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


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    _put_licences()
    name: str = maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    return name


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> str:
    _put_licences()
    name: str = maturin.prepare_metadata_for_build_editable(metadata_directory, config_settings)
    return name


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    _put_licences()
    with _generator():
        return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    _put_licences()
    with _generator():
        return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    _put_licences()
    name: str = maturin.build_sdist(sdist_directory, config_settings)
    archive = Path(sdist_directory, name)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder)
        (root,) = Path(folder).iterdir()
        _complete(root)
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(root, root.name, filter=_nobodys)
    return name


def _complete(root: Path) -> None:
    """Adds what building needs beside the library: the generator, and a lock file of just what is there."""
    workspace = _workspace()
    shutil.copytree(workspace / "bindings" / "bindgen", root / "bindings" / "bindgen")
    for licence in workspace.glob("LICENSE-*"):
        shutil.copy(licence, root)
    manifest = root / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"bindings/ffi"', '"bindings/ffi", "bindings/bindgen"', 1), encoding="utf-8")
    subprocess.run(["cargo", "metadata", "--format-version", "1"], cwd=root, stdout=subprocess.DEVNULL, check=True)


def _put_licences() -> None:
    """Puts the texts of the licences beside pyproject.toml, where they have to be to get into a package."""
    workspace = _workspace()
    for licence in workspace.glob("LICENSE-*"):
        if workspace != HERE:
            shutil.copy(licence, HERE)


def _workspace() -> Path:
    """The folder of the workspace's Cargo.toml: of the repository, or of an unpacked source distribution."""
    command = ["cargo", "locate-project", "--workspace", "--message-format", "plain"]
    found = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True)
    return Path(found.stdout.strip()).parent


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


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
