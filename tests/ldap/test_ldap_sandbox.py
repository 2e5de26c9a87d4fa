"""The servers for tests and practice stop with whoever started them, however that one ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from connectors.ldap.sandbox import MissingError, Samba, Slapd
from connectors.ldap.sandbox.process import answers

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "directories"
START = """
import sys, time
from pathlib import Path
from connectors.ldap.sandbox import Samba, Slapd
folder, cache = Path(sys.argv[2]), Path(sys.argv[3])
if sys.argv[1] == "slapd":
    server = Slapd(folder)
    server.seed()
    server.start()
else:
    server = Samba(folder, cache).start(ports=True)
print(server.port, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="hub-ldap-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("name", ["slapd", "samba"])
def test_a_server_ends_with_whoever_was_killed(folder, name):
    with contextlib.ExitStack() as stack:
        try:
            Slapd(folder / "probe") if name == "slapd" else Samba(folder / "probe", CACHE)
        except MissingError as error:
            pytest.skip(str(error))
        command = [sys.executable, "-W", "ignore", "-c", START, name, str(folder), str(CACHE)]
        starter = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT))
        port = int(starter.stdout.readline())
        assert answers(port)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait(10)
    last = time.monotonic() + 30
    while answers(port) and time.monotonic() < last:
        time.sleep(0.02)
    assert not answers(port)


def test_what_does_not_start_says_why(folder):
    server = Slapd(folder, rights="access to nonsense\n")
    with pytest.raises(MissingError, match="slapd did not start"):
        server.start()


def test_a_program_that_is_not_there_is_named_with_its_package():
    from connectors.ldap.sandbox.process import program

    with pytest.raises(MissingError, match="install the package `nobody`"):
        program("no-such-program", "nobody")
