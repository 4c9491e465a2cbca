"""What type checkers and readers of the documentation see."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import postseal
from postseal import blocking

PACKAGE = Path(__file__).resolve().parents[1]


def run(*command: str) -> str:
    """What a tool says; the empty text where it has nothing to say."""
    done = subprocess.run([sys.executable, *command], cwd=PACKAGE, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("what", ["src/postseal", "tests/sample.py", "tools", "../../examples/python"])
def test_mypy_is_content_with(what: str) -> None:
    ours = ["--exclude", "_native/"]
    assert run("-m", "mypy", "--strict", "--config-file", "pyproject.toml", *ours, what) == ""


@pytest.mark.parametrize("settings", ["strict", "ours"])
def test_pyright_is_content_with(settings: str, tmp_path: Path) -> None:
    if settings == "ours":
        assert run("-m", "pyright") == ""
        return
    # The program of a user who has chosen the strictest settings.
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["sample.py"]}')
    (tmp_path / "sample.py").write_text((PACKAGE / "tests" / "sample.py").read_text())
    assert run("-m", "pyright", "--project", str(tmp_path), "--pythonpath", sys.executable) == ""


def test_the_blocking_face_is_derived_from_the_other_one() -> None:
    assert run("tools/derive_blocking.py", "--check") == ""


def test_both_faces_have_the_same_names() -> None:
    assert postseal.__all__ == blocking.__all__
    assert all(hasattr(postseal, name) and hasattr(blocking, name) for name in postseal.__all__)


def test_nothing_that_waits_is_left_in_the_blocking_face() -> None:
    for name, kind in inspect.getmembers(blocking, inspect.isclass):
        for method, function in inspect.getmembers(kind, inspect.isfunction):
            assert not inspect.iscoroutinefunction(function), f"{name}.{method}"
            assert not method.startswith("__a") or method in ("__add__", "__and__"), f"{name}.{method}"


@pytest.mark.parametrize("face", [postseal, blocking], ids=["asyncio", "blocking"])
def test_everything_is_documented(face: object) -> None:
    bare = []
    for name in postseal.__all__:
        kind = getattr(face, name)
        if not inspect.isclass(kind):
            continue
        if not inspect.getdoc(kind) or (inspect.getdoc(kind) or "").startswith(f"{name}("):
            bare.append(name)
        for member, function in vars(kind).items():
            if member.startswith("_"):
                continue
            if (inspect.isfunction(function) or isinstance(function, (property, classmethod))) and not function.__doc__:
                bare.append(f"{name}.{member}")
    assert bare == []
