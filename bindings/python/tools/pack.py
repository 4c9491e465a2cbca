"""Makes what is published, the wheel and the source distribution, and uses both as somebody who installs them does.

    python tools/pack.py FOLDER

`cargo xtask pack python` runs it. The wheel is built from this checkout, and once more from the source distribution alone. Each is installed into a fresh
environment without anything else, has to be small and quick to load, and makes a sealed message and opens it. What is wrong ends it with an error.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

#: The most bytes of a wheel.
MOST_BYTES = 8_000_000
#: The most seconds that `import postseal` takes, the median of some.
MOST_SECONDS = 0.080
#: maturin says of a wheel which systems it runs on, and fails where it finds none; for whoever only installs, it doesn't look.
TAGGED = {"MATURIN_PEP517_ARGS": "--compatibility pypi"}
IMPORTS = 11

IMPORT = "import time; begun = time.perf_counter(); import postseal; print(time.perf_counter() - begun)"

FIRST_MAIL = """
from postseal.blocking import Draft, Keyring, SecretKey, open_message, seal

key, _ = SecretKey.generate("Alice <alice@example.org>", "correct horse")
keyring = Keyring([key.unlock("correct horse")])
draft = Draft(from_="alice@example.org", to=["alice@example.org"], subject="Hi", text="For your eyes only.")
(copy,) = seal(draft, keyring).copies
assert b"eyes" not in copy.data
opened = open_message(copy.data, keyring)
print(opened.verdict.level.value, opened.message.text.strip())
"""


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sdist = make_sdist(folder)
    print(f"{sdist.name}: {sdist.stat().st_size / 1e6:.2f} MB")
    for name, source in (("this checkout", PACKAGE), ("the source distribution", sdist)):
        made = folder / name.split()[-1]
        build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(made), str(source)]
        run(sys.executable, *build, env={**os.environ, **TAGGED})
        (wheel,) = made.glob("*.whl")
        print(f"{wheel.name}, from {name}: {check(wheel)}")


def make_sdist(folder: Path) -> Path:
    program = "import sys; sys.path.insert(0, 'build_backend'); import postseal_build; print(postseal_build.build_sdist(sys.argv[1]))"
    # maturin is a program beside this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    told = run(sys.executable, "-c", program, str(folder), cwd=PACKAGE, env={**os.environ, "PATH": path})
    return folder / told.splitlines()[-1]


def check(wheel: Path) -> str:
    """Installs a wheel and uses it; what it is like."""
    size = wheel.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{wheel.name} has {size} bytes, more than {MOST_BYTES}")
    if not wheel.stem.split("-", 2)[2].startswith(("py3-none-manylinux", "py3-none-macosx")):
        raise SystemExit(f"{wheel.name} is not for every Python 3, or not tagged for the systems that it runs on")
    with tempfile.TemporaryDirectory() as environment:
        run(sys.executable, "-m", "venv", environment)
        python = str(Path(environment, "Scripts" if os.name == "nt" else "bin", "python"))
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", str(wheel))
        run(python, "-c", "import postseal", cwd=environment)  # Compiles it.
        times = [float(run(python, "-c", IMPORT, cwd=environment)) for _ in range(IMPORTS)]
        if statistics.median(times) > MOST_SECONDS:
            raise SystemExit(f"import postseal takes {statistics.median(times):.3f} s, more than {MOST_SECONDS}")
        said = run(python, "-c", FIRST_MAIL, cwd=environment)
        if said != "sealed For your eyes only.":
            raise SystemExit(f"the first mail says {said!r}")
        run(python, "-m", "postseal", "--help", cwd=environment)
    return f"{size / 1e6:.2f} MB, imported in {statistics.median(times) * 1e3:.0f} ms, the first mail is sealed"


def run(*command: str, cwd: Path | str | None = None, env: dict[str, str] | None = None) -> str:
    """Runs a command to its end; what it printed. This checkout is not on its path."""
    env = {name: value for name, value in (env or os.environ).items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    return done.stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
