# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Further versions of ansible-core, each in an environment of its own in `.build/cores/`, for a short end-to-end set.

    .venv/bin/python tests/architecture/cores.py

makes the environments whose interpreter is found on PATH or among pyenv's versions; `make test` does it before the
tests. A stamp makes the second call cheap. What has no interpreter is left out here and named by tests/conftest.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from set_up import BUILD, ROOT, SetupError, digest, only_one, run

FOLDER = BUILD / "cores"
# Proves that a candidate is a Python of that version which can make environments; a pyenv shim may be neither.
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True, slots=True)
class Core:
    """A version of ansible-core and the Python it is run on; `promised` is false for what is not released yet."""

    version: str
    python: str
    promised: bool = True

    @property
    def name(self) -> str:
        """As tests and reports call it."""
        return f"ansible-core {self.version}"

    @property
    def series(self) -> str:
        """`2.16` of `2.16.19`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def folder(self) -> Path:
        """Its environment."""
        return FOLDER / self.version

    @property
    def bin(self) -> Path:
        """Where its `ansible` and `ansible-playbook` are."""
        return self.folder / "bin"


# The last release of each series that the collection promises to run on (design §9), and the one to come.
CORES = (
    Core("2.16.19", "3.11"),
    Core("2.18.19", "3.11"),
    Core("2.19.14", "3.11"),
    Core("2.21.5", "3.13"),
    Core("2.22.0rc1", "3.13", promised=False),
)


def further_cores() -> list[Core]:
    """All but the series that `.venv` has."""
    own = metadata.version("ansible-core")
    return [core for core in CORES if not own.startswith(f"{core.series}.")]


def requirements() -> list[str]:
    """What requirements.txt pins besides ansible-core."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [pin for pin in pins if not pin.startswith("ansible-core")]


def stamp_of(core: Core) -> str:
    """Changes with everything that an environment depends on."""
    return digest(str(ROOT), core.version, core.python, *requirements())


def is_ready(core: Core) -> bool:
    """Whether its environment stands, made for these pins and this place, with its interpreter still there."""
    try:
        stamp = (core.folder / "stamp").read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return stamp == stamp_of(core) and (core.bin / "python").exists()


def python_of(core: Core) -> str:
    """The full version of the interpreter in its environment, for instance `3.11.9`."""
    text = (core.folder / "pyvenv.cfg").read_text(encoding="utf-8")
    found = re.search(r"^version\s*=\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else core.python


def lacking(core: Core) -> str | None:
    """Why nothing can be run on it; None when it can."""
    if is_ready(core):
        return None
    if find_interpreter(core.python) is None:
        return f"no Python {core.python} on PATH or in PYENV_ROOT"
    return "its environment is not there; `make test` makes it, and says why it could not"


def candidates(python: str) -> Iterator[str]:
    """Where a Python of that version may be."""
    yield os.path.realpath(sys.executable)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield str(Path(folder or ".") / f"python{python}")
    if os.environ.get("PYENV_ROOT"):
        for place in sorted(Path(os.environ["PYENV_ROOT"], "versions").glob(f"{python}.*"), reverse=True):
            yield str(place / "bin" / f"python{python}")


def find_interpreter(python: str) -> str | None:
    """The first candidate that is what it is called and can make environments."""
    for candidate in candidates(python):
        if not os.access(candidate, os.X_OK):
            continue
        try:
            told = subprocess.run(
                [candidate, "-I", "-c", PROBE], capture_output=True, text=True, check=False, timeout=30
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if told.returncode == 0 and told.stdout.strip() == python:
            return candidate
    return None


def say(text: str) -> None:
    """Progress for people who wait."""
    print(f"cores: {text}", flush=True)


def make(core: Core, interpreter: str) -> None:
    """Its environment, from nothing; the stamp comes last, so that a half-made one is made anew."""
    say(f"installing {core.name} for Python {core.python} (half a minute) …")
    shutil.rmtree(core.folder, ignore_errors=True)
    run([interpreter, "-I", "-m", "venv", str(core.folder)], f"{interpreter} could not make {core.folder}")
    pip = [str(core.bin / "python"), "-I", "-m", "pip", "install", "--no-user", "--disable-pip-version-check"]
    run(
        [*pip, "--no-input", "--quiet", "--quiet", f"ansible-core=={core.version}", *requirements()],
        f"pip could not install {core.name}; its lines above tell why (is the package index reachable?).",
    )
    (core.folder / "stamp").write_text(f"{stamp_of(core)}\n", encoding="utf-8")


def make_if_possible(core: Core) -> bool:
    """False when a promised version has an interpreter and yet no environment."""
    if is_ready(core):
        return True
    interpreter = find_interpreter(core.python)
    if interpreter is None:
        say(f"{core.name}: no Python {core.python} on PATH or in PYENV_ROOT; nothing will be run on it")
        return True
    try:
        make(core, interpreter)
    except (SetupError, OSError) as error:
        print(f"cores: {error}", file=sys.stderr)
        return not core.promised
    return True


def main() -> int:
    """Exit code 1 when an environment that should be there could not be made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with only_one(), ThreadPoolExecutor(max_workers=2) as pool:
        done = list(pool.map(make_if_possible, further_cores()))
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
