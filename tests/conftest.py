"""What every test shares: where the vendors' specifications lie, and what the summary tells."""

import os
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def specs() -> Path:
    """The vendors' specifications; they are data beside the project, never in it."""
    folder = Path(os.environ.get("HUB_SPECS", ROOT / ".." / "shared" / "specs")).resolve()
    if not folder.is_dir():
        pytest.skip("no specifications here: set HUB_SPECS to their folder")
    return folder


def pytest_terminal_summary(terminalreporter):
    """How often each named point was hit by a kill."""
    hits = Counter(
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "kill"
    )
    if hits:
        said = ", ".join(f"{point} {number}" for point, number in sorted(hits.items()))
        terminalreporter.write_line(f"kill -9, hits per point: {said}")
