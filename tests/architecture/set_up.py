# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the checkout runnable: `.venv/`, ansible.windows under `.build/`, and the link that makes us a collection.

Started by `make setup` with whatever Python the user named; uses the standard library only. A stamp in `.venv` makes
the second call cheap. No stamp means that something was interrupted, and then everything is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Resolved before anything is removed: make may have started us with the link inside a .venv that has to go.
INTERPRETER = os.path.realpath(sys.executable)
ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BUILD = ROOT / ".build"
PYTHON = VENV / "bin" / "python"
COLLECTIONS = BUILD / "ansible_collections"
OWN_LINK = COLLECTIONS / "winops" / "patching"
WINDOWS = COLLECTIONS / "ansible" / "windows"
WINDOWS_ORIGIN = COLLECTIONS / "ansible" / "windows.origin"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-collections.txt")


class SetupError(Exception):
    """What the user can do something about, as one sentence."""


def say(text: str) -> None:
    """Progress for people who wait; flushed, because the output is often piped."""
    print(f"setup: {text}", flush=True)


def digest(*parts: str) -> str:
    """A short name for the combination of `parts`."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def venv_key() -> str:
    """What a virtual environment is bound to: where it lies and which interpreter made it."""
    return digest(str(ROOT), sys.version, os.path.realpath(sys.base_prefix))


def content_key() -> str:
    """What is installed into it, and how."""
    files = [ROOT / name for name in REQUIREMENTS] + [Path(__file__)]
    return digest(*(path.read_text(encoding="utf-8") for path in files))


def read_stamp() -> tuple[str, str]:
    """Keys of the last complete set-up; empty texts when there was none."""
    try:
        first, second = (VENV / "stamp").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return "", ""
    return first, second


def collections_ready() -> bool:
    """Whether both collections stand where the stamp says they do (`.build` may have been removed alone)."""
    return OWN_LINK.is_symlink() and OWN_LINK.resolve() == ROOT and WINDOWS_ORIGIN.is_file() and WINDOWS.is_dir()


@contextmanager
def only_one() -> Iterator[None]:
    """Let a second `make` wait for the first instead of tearing down what it builds."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: list[str], failure: str) -> None:
    """Run a command whose own error text explains a failure; `failure` says what it means here."""
    # Variables of the caller's Python must not reach the new interpreter.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    if subprocess.run(command, env=env, cwd=ROOT, check=False).returncode:
        raise SetupError(failure)


def pip(arguments: list[str], failure: str) -> None:
    """pip with the user's own configuration (index, proxy, certificates), showing only errors."""
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([str(PYTHON), "-I", "-m", "pip", *arguments, *quiet], failure)


def make_venv() -> None:
    """A fresh `.venv`; the stamp is absent from here until everything stands."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    say(f"creating .venv with Python {version} …")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    run(
        [INTERPRETER, "-I", "-m", "venv", str(VENV)],
        f"Python at {INTERPRETER} could not create .venv; the lines above tell why.",
    )


def install_requirements() -> None:
    """Everything of requirements-dev.txt, which includes requirements.txt."""
    say("installing ansible-core, the WinRM client and the test tools (a minute or two) …")
    pip(
        # --no-user: a user's `user = true` setting would refuse to install into a virtual environment.
        ["install", "--no-user", "-r", "requirements-dev.txt"],
        "pip could not install requirements-dev.txt; its lines above tell why (is the package index reachable?).",
    )


def write_path_file() -> None:
    """Put `.build` on the path of every program of `.venv`: ansible looks for collections there, from any folder."""
    site_packages = next((VENV / "lib").glob("python*/site-packages"))
    (site_packages / "winops_patching_collections.pth").write_text(f"{BUILD}\n", encoding="utf-8")


def link_collection() -> None:
    """Let the checkout, wherever it lies, be `ansible_collections/winops/patching`."""
    OWN_LINK.parent.mkdir(parents=True, exist_ok=True)
    if OWN_LINK.is_symlink() or OWN_LINK.exists():
        if OWN_LINK.is_symlink() and OWN_LINK.resolve() == ROOT:
            return
        if not OWN_LINK.is_symlink():
            raise SetupError(f"{OWN_LINK} is not the link that set-up makes there; move it away and try again.")
        OWN_LINK.unlink()
    # Relative, so that it stays right when the checkout is moved.
    OWN_LINK.symlink_to(os.path.relpath(ROOT, OWN_LINK.parent), target_is_directory=True)


def pinned_wheel() -> str:
    """The one requirement of requirements-collections.txt, for instance `ansible==1.2.3`."""
    lines = (ROOT / "requirements-collections.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.strip() for line in lines if re.match(r"ansible==", line)]
    if len(pins) != 1:
        raise SetupError("requirements-collections.txt must hold exactly one line 'ansible==VERSION'.")
    return pins[0]


def unpack_windows_collection() -> None:
    """Only ansible.windows out of the `ansible` package; the swap at the end leaves no half-unpacked folder behind."""
    pin = pinned_wheel()
    if WINDOWS.is_dir() and WINDOWS_ORIGIN.is_file() and WINDOWS_ORIGIN.read_text(encoding="utf-8").strip() == pin:
        return
    say(f"unpacking ansible.windows out of {pin} …")
    WINDOWS.parent.mkdir(parents=True, exist_ok=True)
    prefix = "ansible_collections/ansible/windows/"
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        # The package asks for a newer Python than 3.11; the collection inside does not care.
        pip(
            ["download", "--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--dest", scratch, pin],
            f"pip could not download {pin}; its lines above tell why (is the package index reachable?).",
        )
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            wheel.extractall(scratch, [name for name in wheel.namelist() if name.startswith(prefix)])
        WINDOWS_ORIGIN.unlink(missing_ok=True)
        shutil.rmtree(WINDOWS, ignore_errors=True)
        (Path(scratch) / prefix).rename(WINDOWS)
    WINDOWS_ORIGIN.write_text(f"{pin}\n", encoding="utf-8")


def write_stamp() -> None:
    """The last act: from now on the next call has nothing to do."""
    partial = VENV / "stamp.partial"
    partial.write_text(f"{venv_key()} {content_key()}\n", encoding="utf-8")
    partial.replace(VENV / "stamp")


def set_up() -> None:
    """Bring the checkout from any state to the complete one."""
    wanted = (venv_key(), content_key())
    have = read_stamp()
    usable = have[0] == wanted[0] and PYTHON.exists()
    if usable and have == wanted and collections_ready():
        return
    (VENV / "stamp").unlink(missing_ok=True)
    if not usable:
        make_venv()
    if not usable or have != wanted:
        install_requirements()
    write_path_file()
    link_collection()
    unpack_windows_collection()
    write_stamp()
    say("done; .venv/bin holds ansible, ansible-playbook, ansible-doc and the test tools")


def check_python() -> None:
    """Refuse, before anything is touched, what cannot work."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupError(
            f"Python at {INTERPRETER} lacks the module {' and '.join(missing)} "
            "(Debian and Ubuntu: install the package python3-venv), or name another one: make setup PYTHON=python3.12"
        )


def main() -> int:
    """Exit code 0 when the checkout is ready."""
    try:
        check_python()
        with only_one():
            set_up()
    except KeyboardInterrupt:
        print("setup: interrupted; the next call begins anew", file=sys.stderr)
        return 130
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error.strerror or error}: {error.filename or ROOT}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
