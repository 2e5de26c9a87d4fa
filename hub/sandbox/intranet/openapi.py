"""Writes the OpenAPI document: `python -m hub.sandbox.intranet.openapi FILE [--check]`."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hub.sandbox.intranet.app import IntranetSandbox
from hub.sandbox.intranet.options import IntranetOptions


def text() -> str:
    """Return the document as the text of its file."""
    sandbox = IntranetSandbox(IntranetOptions(), lambda: datetime.now(UTC))
    return json.dumps(sandbox.document(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the document, or with `--check` say whether the file is stale (1)."""
    path = Path(arguments[0])
    if "--check" not in arguments:
        path.write_text(text(), encoding="utf-8")
        return 0
    return 0 if path.is_file() and path.read_text(encoding="utf-8") == text() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
