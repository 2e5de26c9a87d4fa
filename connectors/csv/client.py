"""The folder with the files: here, or on another machine by SFTP. Knows no events."""

import asyncio
import fnmatch
import hashlib
from pathlib import Path
from typing import Protocol

from connectors.csv.faults import Fault, of_settings
from connectors.csv.models import Found
from connectors.csv.settings import CsvSettings
from hub.errors import BadConfigError, PermissionMissingError, RetryableError


class Folder(Protocol):
    """Where the files are."""

    async def files(self) -> list[Found]:
        """Every file of the pattern, the newest first.

        Raises:
            BadConfigError, AuthFailedError, PermissionMissingError, RetryableError: the folder
                can't be read.
        """
        ...

    async def read(self, file: Found) -> bytes:
        """What stands in it.

        Raises:
            RetryableError: it is gone, or is being written now.
        """
        ...

    async def close(self) -> None:
        """Release the connection."""
        ...


def newest_first(files: list[Found], pattern: str) -> list[Found]:
    """Those of the pattern; of the same moment the last by name comes first."""
    fitting = [one for one in files if fnmatch.fnmatchcase(one.name, pattern)]
    return sorted(fitting, key=lambda one: (one.modified, one.name), reverse=True)


def too_large(file: Found, most: int) -> BadConfigError:
    """It is larger than the settings allow."""
    return of_settings(Fault.TOO_LARGE, name=file.name, size=file.size, most=most)


class NoFolder:
    """Nothing is put down anywhere: people bring the files."""

    async def files(self) -> list[Found]:
        """None, ever."""
        return []

    async def read(self, file: Found) -> bytes:
        """Never: there is none."""
        raise RetryableError(f"There is no file {file.name}.")

    async def close(self) -> None:
        """Nothing is open."""


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, folder: Path, config: CsvSettings) -> None:
        self._folder, self._pattern, self._most = folder, config.pattern, config.most_bytes

    async def files(self) -> list[Found]:
        """Every file of the pattern, the newest first."""
        return await asyncio.to_thread(self._files)

    def _files(self) -> list[Found]:
        try:
            found = [_found(path) for path in self._folder.iterdir() if path.is_file()]
        except FileNotFoundError as error:
            raise RetryableError(
                f"There is no folder {self._folder}: make it, mount it, or correct `folder`."
            ) from error
        except NotADirectoryError as error:
            raise BadConfigError(f"`folder` is no folder: {self._folder}.") from error
        except PermissionError as error:
            raise self._no_right(self._folder) from error
        except OSError as error:
            raise RetryableError(
                f"The folder {self._folder} can't be read now ({error.strerror})."
            ) from error
        return newest_first(found, self._pattern)

    async def read(self, file: Found) -> bytes:
        """What stands in it."""
        return await asyncio.to_thread(self._read, file)

    def _read(self, file: Found) -> bytes:
        path = self._folder / file.name
        if file.size > self._most:
            raise too_large(file, self._most)
        try:
            data = path.read_bytes()
            after = _found(path)
        except PermissionError as error:
            raise self._no_right(path) from error
        except OSError as error:
            raise RetryableError(f"{path} can't be read now ({error.strerror}).") from error
        if after != file or len(data) != file.size:
            raise RetryableError(f"{path} is being written now: nothing was concluded.")
        return data

    async def close(self) -> None:
        """Nothing is open."""

    def _no_right(self, path: Path) -> PermissionMissingError:
        return PermissionMissingError(
            f"The hub may not read {path}: give the account that runs it the right to read there."
        )


def _found(path: Path) -> Found:
    state = path.stat()
    return Found(path.name, state.st_mtime_ns, state.st_size)


def mark(data: bytes) -> str:
    """What tells two files apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
