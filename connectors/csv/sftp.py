"""The folder on another machine, by SFTP (asyncssh). Its key is known, or nothing is said to it."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncssh

from connectors.csv.client import newest_first, too_large
from connectors.csv.models import Found
from connectors.csv.settings import CsvSettings, SftpSettings
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RetryableError,
)

T = TypeVar("T")
PATIENCE = 60.0  # seconds for one question


class SftpFolder:
    """A folder that an account of another machine may read. Nothing is ever written there."""

    def __init__(self, config: CsvSettings, way: SftpSettings) -> None:
        self._config, self._way = config, way
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def files(self) -> list[Found]:
        """Every file of the pattern, the newest first."""
        listed = await self._ask(self._listed)
        return newest_first(listed, self._config.pattern)

    async def _listed(self, sftp: asyncssh.SFTPClient) -> list[Found]:
        folder = str(self._config.folder)
        return [
            _found(str(one.filename), one.attrs)
            for one in await sftp.readdir(folder)
            if stat.S_ISREG(one.attrs.permissions or 0)
        ]

    async def read(self, file: Found) -> bytes:
        """What stands in it."""
        if file.size > self._config.most_bytes:
            raise too_large(file, self._config.most_bytes)
        path = f"{self._config.folder}/{file.name}"

        async def whole(sftp: asyncssh.SFTPClient) -> bytes:
            async with sftp.open(path, "rb") as opened:
                data: bytes = await opened.read()
            after = _found(file.name, await sftp.stat(path))
            if after != file or len(data) != file.size:
                raise RetryableError(f"{path} is being written now: nothing was concluded.")
            return data

        return await self._ask(whole)

    async def close(self) -> None:
        """Leave the other machine."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            await connection.wait_closed()

    async def _ask(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        where = f"{self._way.host}:{self._way.port}"
        try:
            async with asyncio.timeout(PATIENCE):
                return await work(await self._connected())
        except asyncssh.Error as error:
            await self.close()
            raise self._in_words(error, where) from error
        except (OSError, TimeoutError) as error:
            await self.close()
            raise RetryableError(f"{where} can't be reached, or does not answer.") from error

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            self._connection = await asyncssh.connect(
                self._way.host,
                self._way.port,
                username=self._way.username,
                known_hosts=([self._host_key()], [], []),
                config=None,  # nothing from the account that runs the hub
                agent_path=None,
                **self._credentials(),
            )
            self._sftp = await self._connection.start_sftp_client()
        return self._sftp

    def _host_key(self) -> asyncssh.SSHKey:
        try:
            return asyncssh.import_public_key(self._way.host_key)
        except asyncssh.KeyImportError as error:
            raise BadConfigError(
                "`sftp.host_key` is no public key: write the line `ssh-ed25519 AAAA...` that "
                "`ssh-keyscan` shows on the machine itself."
            ) from error

    def _credentials(self) -> dict[str, Any]:
        secret, password = self._way.private_key, self._way.password
        if secret is None:
            return {
                "password": password.get_secret_value() if password else None,
                "client_keys": None,
            }
        try:
            key = asyncssh.import_private_key(secret.get_secret_value())
        except asyncssh.KeyImportError:  # its text may quote the key
            raise BadConfigError(
                "`sftp.private_key` is no private key without a passphrase (OpenSSH or PEM)."
            ) from None
        return {"client_keys": [key]}

    def _in_words(self, error: asyncssh.Error, where: str) -> HubError:
        folder = self._config.folder
        if isinstance(error, asyncssh.PermissionDenied):
            return AuthFailedError(
                f"{where} refuses {self._way.username}: correct the password or key, by hand, "
                "before the account is locked."
            )
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return BadConfigError(
                f"{where} shows another key than `sftp.host_key`: ask its administrator whether "
                "it was renewed. Nothing was sent to it."
            )
        if isinstance(error, asyncssh.SFTPPermissionDenied):
            return PermissionMissingError(
                f"{self._way.username} may not read {folder} on {where}: give the account that "
                "right, and no other."
            )
        if isinstance(error, asyncssh.SFTPNoSuchFile):
            return RetryableError(f"There is no folder or file {folder} on {where} now.")
        return RetryableError(f"{where} broke off ({type(error).__name__}).")


def _found(name: str, attrs: asyncssh.SFTPAttrs) -> Found:
    nanoseconds = (attrs.mtime or 0) * 10**9 + (attrs.mtime_ns or 0)
    return Found(name, nanoseconds, attrs.size or 0)
