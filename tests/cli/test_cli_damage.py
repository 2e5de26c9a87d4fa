"""A damaged store: plain words and an exit code from every command, and from a hub that runs."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys

import pytest

COMMANDS = (
    ("status",), ("check", "--offline"), ("plan",), ("plan", "--stored"), ("sync",), ("run", "--once"),
    ("explain", "telefonie"), ("events",), ("dead-letters", "list"), ("drift",), ("hold", "list"),
    ("disturbance", "list"), ("pause", "manual"), ("withdraw", "telefonie", "--yes"),
)  # fmt: skip
SAID = ("put a backup back", "put a backup of the store back")


@pytest.fixture
def used(hub):
    """A store that a hub worked on, of several pages."""
    hub.manual()
    for number in range(3):
        assert hub("disturbance", "post", "--title", f"Telefonie {number}").code == 0
    with sqlite3.connect(hub.store) as store:
        store.execute("pragma wal_checkpoint(truncate)")
    store.close()
    return hub


def pages(path, *tables: str, size: int = 4096) -> None:
    """Noise over the first page of these tables."""
    store = sqlite3.connect(path)
    marks = ", ".join("?" * len(tables))
    query = f"select rootpage from sqlite_master where name in ({marks})"
    roots = [row[0] for row in store.execute(query, tables)]
    store.close()
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * size)
            file.write(b"\xa5" * size)


def header(path):
    path.write_bytes(b"garbage " * 8 + path.read_bytes()[64:])


def half(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 + 100)


def first_page_only(path):
    with path.open("r+b") as file:
        file.truncate(4096)


def middle(path):
    pages(path, "object", "subject", "stream", "hold", "instance", "event", "unreadable")


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [header, half, first_page_only, middle, empty])
def test_every_command_says_that_the_store_is_damaged(used, damage):
    damage(used.store)
    spoilt = used.store.read_bytes()
    for words in COMMANDS:
        shown = used(*words)
        assert shown.code == 78, (words, shown)
        assert any(one in shown.err for one in SAID), (words, shown)
        assert "the hub failed with" not in shown.err
        assert "Traceback" not in shown.err
    assert len(used.store.read_bytes()) == len(spoilt)


def test_a_new_store_may_be_empty(hub):
    hub.manual()
    hub.store.touch()
    assert hub("sync").code == 0


def test_noise_in_the_write_ahead_log_is_passed_over(used):
    used.store.with_name("hub.db-wal").write_bytes(os.urandom(20_000))
    used.store.with_name("hub.db-shm").write_bytes(os.urandom(32_768))
    for words in (("status",), ("sync",), ("explain", "telefonie")):
        assert used(*words).code == 0


def test_a_page_that_turns_bad_ends_a_running_hub_in_words(used, processes, free_port):
    used.hub_yaml(free_port)
    process = used.start("run", "--no-web")
    processes.append(process)
    process.until("Next: ")
    # its pages are in memory: another process changes the file, so that it reads them anew
    middle(used.store)
    store = sqlite3.connect(used.store, isolation_level=None)
    store.execute("update tile set token = token || 'x'")
    store.close()
    code = process.process.wait(timeout=60)
    assert code == 78, process.err
    assert "is damaged" in process.err
    assert "put a backup" in process.err
    assert "Traceback" not in process.err


def limited(folder, words, *, size=None, wrapped=()):
    """A command that may write no more than this to any file."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [*wrapped, sys.executable, "-c", "from hub.cli import main; main()", *words],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=None if size is None else limit,
    )  # fmt: skip


@pytest.mark.parametrize("size", [0, 20_000])
def test_a_disk_without_room_for_a_new_store_is_said(hub, size):
    hub.manual()
    shown = limited(hub.folder, ["sync", "--config", str(hub.config)], size=size)
    assert shown.returncode in {75, 78}, shown
    assert f"The store {hub.store}" in shown.stderr
    assert "the hub failed with" not in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("what", ["file", "folder", "new"])
def test_a_store_that_may_not_be_written_is_said(used, what):
    wrapped = []
    if os.getuid() == 0:  # root may write everywhere, unless it lays that down
        if not (setpriv := shutil.which("setpriv")):
            pytest.skip("root may write everywhere, and there is no setpriv here")
        wrapped = [setpriv, "--bounding-set=-dac_override,-dac_read_search"]
    folder = used.folder
    if what == "file":
        used.store.chmod(0o400)
    else:
        if what == "new":
            used.store.unlink()
        folder.chmod(0o500)
    try:
        shown = limited(folder, ["sync", "--config", str(used.config)], wrapped=wrapped)
    finally:
        folder.chmod(0o700)
    assert shown.returncode in {75, 78}, shown
    assert f"The store {used.store}" in shown.stderr
    assert "rights" in shown.stderr or "write in its folder" in shown.stderr
    assert "the hub failed with" not in shown.stderr
