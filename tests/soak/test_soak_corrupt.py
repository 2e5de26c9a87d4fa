"""A damaged SQLite file: every command says so in words, and nothing makes it worse."""

import os
import random
import subprocess
import sys
from pathlib import Path

HUB = "from hub.cli import main; main()"
HUB_YAML = "store: sqlite:///hub.db\norganisation: Gemeente Voorbeeld\n"
MANUAL = "connector: manual\nmode: live\ntargets: [web]\n"
COMMANDS = (("status",), ("sync",), ("plan", "--stored"), ("events",), ("run", "--once"))


def called(folder: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", HUB, *words, "--config", str(folder / "hub.yaml")]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=dict(os.environ)
    )


def damage(sound: bytes, rng: random.Random) -> bytes:
    """A page or more overwritten, or the end cut off."""
    if rng.random() < 0.3:
        return sound[: rng.randrange(100, len(sound))]
    where = rng.randrange(0, len(sound) - 4096)
    return sound[:where] + rng.randbytes(4096) + sound[where + 4096 :]


def test_a_damaged_file_is_said_in_words(tmp_path, size, figure):
    (tmp_path / "hub.yaml").write_text(HUB_YAML)
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "manual.yaml").write_text(MANUAL)
    for number in range(3):
        done = called(tmp_path, "disturbance", "post", "--title", f"Storing {number}")
        assert done.returncode == 0, done.stderr
    file, rng, said, unnoticed = tmp_path / "hub.db", random.Random(6), 0, 0
    sound = file.read_bytes()
    for number in range(size.number(3, 30)):
        for end in ("-wal", "-shm"):
            Path(f"{file}{end}").unlink(missing_ok=True)
        file.write_bytes(damage(sound, rng))
        done = called(tmp_path, *COMMANDS[number % len(COMMANDS)])
        assert "Traceback" not in done.stderr, done.stderr
        assert "the hub failed with" not in done.stderr, done.stderr
        if "error: The store " in done.stderr:
            assert done.returncode in {75, 78}
            said += 1
        else:  # the damage is where this command does not look
            assert done.returncode in {0, 1}, done.stderr
            unnoticed += 1
    figure("a damaged SQLite file", files=said + unnoticed, said=said, where_nobody_looks=unnoticed)
