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
    """What tests measured: kills per named point, seconds from TOPdesk to the page."""
    said = [
        pair
        for report in terminalreporter.stats.get("passed", [])
        for pair in report.user_properties
    ]
    hits = Counter(value for name, value in said if name == "kill")
    if hits:
        points = ", ".join(f"{point} {number}" for point, number in sorted(hits.items()))
        terminalreporter.write_line(f"kill -9, hits per point: {points}")
    for name, value in said:
        if name != "kill":
            terminalreporter.write_line(f"measured: {name} = {value}")
