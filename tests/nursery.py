"""A process without threads that has a worker imported, and forks one life of it each time.

Started with the worker's file. Reads one JSON list of words from stdin for each life, and answers
with one line: the exit code, and what the life said. A life is a process of its own, to be killed.
"""

import importlib.util
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

LONGEST = 60  # seconds; what lasts longer hangs, and the alarm ends it


def loaded(path: Path):
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    worker = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = worker
    spec.loader.exec_module(worker)
    return worker


def life(worker, words: list[str], said: int) -> None:
    """In the child: never returns."""
    signal.alarm(LONGEST)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        worker.live(*words)
    except BaseException:  # noqa: BLE001  whatever it is, the test must hear of it
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)


def raised(worker, words: list[str]) -> dict:
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if not pid:
            life(worker, words, said.fileno())
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        return {"code": os.waitstatus_to_exitcode(status), "said": said.read().decode()}


def main() -> None:
    worker = loaded(Path(sys.argv[1]))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(raised(worker, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
