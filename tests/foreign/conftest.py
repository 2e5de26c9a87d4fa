"""Packages of others: installed for real into a folder, run by processes of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

collect_ignore = ["lifts"]  # a package of somebody else: its tests run where it is installed


@pytest.fixture(scope="session")
def uv():
    found = Path(sys.executable).parent / "uv"
    program = str(found) if found.exists() else shutil.which("uv")
    if program is None:
        pytest.skip("uv is not there: `make setup` puts it into .venv")
    return program


@pytest.fixture(scope="session")
def install(uv):
    """Installs a package's source into a folder, and nothing beside it."""

    def installed(source: Path, site: Path) -> Path:
        command = [uv, "pip", "install", "--no-deps", "--target", str(site)]
        done = subprocess.run(
            [*command, "--python", sys.executable, str(source)],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode and "hatchling" in done.stderr:
            pytest.skip(f"the build backend can't be fetched here: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        return site

    return installed


@pytest.fixture(scope="session")
def python():
    """Runs Python with that folder and the hub on its path, and no other environment."""

    def run(site: Path, *arguments, cwd: Path, **env) -> subprocess.CompletedProcess:
        path = os.pathsep.join([str(site), str(ROOT)])
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **env},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run
