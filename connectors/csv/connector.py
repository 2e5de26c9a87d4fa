"""People from a file: the newest one in a folder, or the last one that was brought, is the list."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel

from connectors.csv import check, detect, mapping
from connectors.csv.client import Folder, LocalFolder, NoFolder, too_large
from connectors.csv.models import Found
from connectors.csv.settings import CsvSettings
from hub.contract import (
    Batch,
    Connector,
    Context,
    Finding,
    Present,
    ReadRequest,
    Record,
    Slice,
    Stream,
    Understood,
    Unknown,
    Unreadable,
)
from hub.errors import BadConfigError, RejectedError, RetryableError
from hub.events.base import Family

PEOPLE = "people"
PAGE = 1000  # records in one batch
LOOK_BACK = 10  # files that are looked at for one that can be understood


class CsvConnector(Connector[CsvSettings]):
    """Reads the newest file whole; absence counts when the file before it says the same."""

    name: ClassVar[str] = "csv"
    settings: ClassVar[type[BaseModel]] = CsvSettings

    def __init__(self, config: CsvSettings, context: Context) -> None:
        super().__init__(config, context)
        self._folder = _folder(config)
        self._read: dict[Found, _People] = {}

    def streams(self) -> Sequence[Stream]:
        """The people of the file."""
        families = frozenset({Family.PERSON})
        every = None if self._is_brought else timedelta(minutes=15)
        return (Stream(name=PEOPLE, families=families, every=every, confirm=2),)

    @property
    def _is_brought(self) -> bool:
        return self.config.by == "upload"

    async def check(self) -> Sequence[Finding]:
        """The folder, its newest file, and what was understood of it."""
        if self._is_brought:
            return (check.BROUGHT,)
        return await check.findings(self.config, self._folder)

    @classmethod
    def uploads(cls, config: CsvSettings) -> Mapping[str, int]:
        """The people, where files are brought."""
        return {PEOPLE: config.most_bytes} if config.by == "upload" else {}

    def understand(self, stream: str, data: bytes) -> Understood:
        """The people in a file, and what it was taken for.

        Raises:
            RetryableError, BadConfigError: as `read`.
        """
        self._check_stream(stream)
        if len(data) > self.config.most_bytes:
            raise too_large(Found("The file", 0, len(data)), self.config.most_bytes)
        table = detect.table(data, self.config)
        found, faults = mapping.records(table, self.config, self.context.instance)
        batch = Batch(records=found, unreadable=faults, finished=(Slice(),))
        return replace(check.understood(table), batch=batch)

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Everybody in the newest file; the last batch finishes it.

        Raises:
            RetryableError: there is no file, or it is empty, cut off or being written.
            BadConfigError, AuthFailedError, PermissionMissingError: it can't be read or understood.
            RejectedError: people bring the files, and nothing is read.
        """
        self._check_stream(request.stream)
        if self._is_brought:
            raise RejectedError("The file is brought, not read: use `hub people import FILE`.")
        people = await self._people((await self._files())[0])
        records = list(people.records.values())
        for start in range(0, len(records), PAGE):
            yield Batch(records=records[start : start + PAGE])
        yield Batch(unreadable=people.faults, finished=(Slice(),))

    async def look_up(self, family: Family, key: str) -> Present | Unknown:
        """What the files say about this person: a file that lacks somebody proves nothing.

        Raises:
            RetryableError: only the newest file lacks them; the one before it has them still.
        """
        del family
        if self._is_brought:  # a second file that lacks them is all that there ever is
            return Unknown()
        files = await self._files()
        newest = await self._people(files[0])
        if key in newest.records:
            return Present(newest.records[key])
        if key in await self._before(files):
            raise RetryableError(
                "Only the newest file lacks this person: nothing is concluded before a second one "
                "says the same."
            )
        return Unknown()

    def _check_stream(self, name: str) -> None:
        if name != PEOPLE:
            raise BadConfigError(f"csv has no stream {name}: only `{PEOPLE}`.")

    async def close(self) -> None:
        """Release the connection."""
        await self._folder.close()

    async def _files(self) -> list[Found]:
        files = await self._folder.files()
        if not files:
            raise RetryableError(
                f"No file in {self.config.folder} fits `{self.config.pattern}`: is the export at "
                "work? Nothing was concluded."
            )
        return files

    async def _before(self, files: Sequence[Found]) -> Mapping[str, Record]:
        """The people of the file before the newest one; nobody, where there is none."""
        for file in files[1:LOOK_BACK]:
            with contextlib.suppress(BadConfigError):  # an earlier form of the export tells nothing
                return (await self._people(file)).records
        return {}

    async def _people(self, file: Found) -> "_People":
        """The people of a file, read once while it is the same file."""
        if file not in self._read:
            table = detect.table(await self._folder.read(file), self.config)
            made = _People(*mapping.records(table, self.config, self.context.instance))
            self._read = dict([*self._read.items()][-1:]) | {file: made}
        return self._read[file]


class _People:
    def __init__(self, records: Sequence[Record], faults: Sequence[Unreadable]) -> None:
        self.records = {one.key: one for one in records}
        self.faults = faults


def _folder(config: CsvSettings) -> Folder:
    if config.folder is None:
        return NoFolder()
    if config.sftp is None:
        return LocalFolder(config.folder, config)
    from connectors.csv.sftp import SftpFolder  # noqa: PLC0415  asyncssh takes long to import

    return SftpFolder(config, config.sftp)
