"""How whoever watches types `hub`: the demo is often started by `make`, which leaves PATH alone."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def program(
    *, path: str | None = None, python: str = sys.executable, here: Path | None = None
) -> str:
    """`hub` where it is on the PATH; else its place, seen from this folder.

    Args:
        path: the PATH; None: this process's.
        python: the interpreter that the demo runs with; `hub` stands beside it.
        here: the folder that commands are typed in; None: this process's.
    """
    beside = Path(python).with_name("hub")
    if shutil.which("hub", path=path) is not None or not beside.exists():
        return "hub"
    place = os.path.relpath(beside, here or Path.cwd())
    return shlex.quote(str(beside) if place.startswith(os.pardir) else place)
