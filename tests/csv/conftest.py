import os

import pytest

from connectors.csv.connector import CsvConnector
from connectors.csv.settings import CsvSettings
from hub.contract import ReadRequest
from hub.testing.clock import fake_context


@pytest.fixture
def put(tmp_path):
    """Put a file down; each one is newer than those before it."""
    moment = [1_780_000_000]

    def one(content, name="personeel.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        moment[0] += 60
        os.utime(path, (moment[0], moment[0]))
        return path

    return one


@pytest.fixture
def connector(tmp_path):
    def make(**settings):
        config = CsvSettings.model_validate({"folder": tmp_path} | settings)
        return CsvConnector(config, fake_context("hr"))

    return make


@pytest.fixture
def read(connector):
    """Everything that a reading gives: records by key, unreadable rows, finished slices."""

    async def whole(**settings):
        batches = [one async for one in connector(**settings).read(ReadRequest("people"))]
        records = {record.key: record for batch in batches for record in batch.records}
        faults = [row for batch in batches for row in batch.unreadable]
        return records, faults, [piece for batch in batches for piece in batch.finished]

    return whole
