"""Virtual environments for what others wrote: made once below `.cache/peers`, and kept."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

CACHE = Path(__file__).parents[2] / ".cache" / "peers"


def environment(name: str, requirement: str, *more: str) -> Path:
    """The Python of a virtual environment with one client, made once and kept."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{name}.lock", timeout=280):  # two workers may want it at once
        return _environment(CACHE / name, requirement, *more)


def _environment(home: Path, requirement: str, *more: str) -> Path:
    python = home / "bin" / "python"
    mark = home / "ready"
    wanted = " ".join((requirement, *more))
    if mark.is_file() and mark.read_text("utf-8") == wanted and python.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    install = [*uv(), "pip", "install", "--quiet", "--python", str(python)]
    attempt([*uv(), "venv", "--quiet", "--python", sys.executable, str(home)])
    attempt([*install, "--no-deps", requirement])
    attempt([*install, *more])
    mark.write_text(wanted, "utf-8")
    return python


def uv() -> list[str]:
    if importlib.util.find_spec("uv") is None:
        pytest.skip("uv is not installed: run make setup")
    return [sys.executable, "-m", "uv"]


def attempt(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.skip(f"the client can't be installed here: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="session")
def ready() -> Callable[..., Path]:
    """Return a function that gives the Python of an environment with one client; skips without."""
    return environment
