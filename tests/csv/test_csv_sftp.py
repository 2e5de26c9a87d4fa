"""The folder on another machine: asyncssh's own server on loopback, with keys made here."""

import asyncssh
import pytest

from connectors.csv.connector import CsvConnector
from connectors.csv.settings import CsvSettings
from hub.contract import ReadRequest
from hub.errors import AuthFailedError, BadConfigError, PermissionMissingError, RetryableError
from hub.testing.clock import fake_context

TEXT = "Personeelsnummer;Achternaam\n1;Jansen\n2;Bakker\n"
PASSWORD = "een-heel-lang-wachtwoord"


class Server(asyncssh.SSHServer):
    tries = 0

    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        Server.tries += 1
        return password == PASSWORD


class Files(asyncssh.SFTPServer):
    """One folder; `denied` is closed to everybody."""

    def __init__(self, chan, root):
        super().__init__(chan, chroot=str(root).encode())

    def scandir(self, path):
        if path.endswith(b"denied"):
            raise asyncssh.SFTPPermissionDenied("no")
        return super().scandir(path)


@pytest.fixture(scope="module")
def host_key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def user_key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
async def server(tmp_path, host_key, user_key):
    (tmp_path / "hr").mkdir()
    (tmp_path / "denied").mkdir()
    (tmp_path / "hr" / "personeel.csv").write_text(TEXT)
    (tmp_path / "known").write_bytes(user_key.export_public_key())
    Server.tries = 0
    made = await asyncssh.create_server(
        Server,
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=str(tmp_path / "known"),
        sftp_factory=lambda chan: Files(chan, tmp_path),
    )
    yield made
    made.close()
    await made.wait_closed()


@pytest.fixture
def way(server, host_key):
    return {
        "host": "127.0.0.1",
        "port": server.get_port(),
        "username": "hub",
        "password": PASSWORD,
        "host_key": host_key.export_public_key().decode(),
    }


async def people(way, folder="/hr"):
    config = CsvSettings.model_validate({"folder": folder, "sftp": way})
    connector = CsvConnector(config, fake_context("hr"))
    try:
        batches = [one async for one in connector.read(ReadRequest("people"))]
        return {record.key for batch in batches for record in batch.records}
    finally:
        await connector.close()


async def test_the_file_is_read_with_a_password(way):
    assert await people(way) == {"1", "2"}


async def test_the_file_is_read_with_a_key(way, user_key):
    secret = user_key.export_private_key().decode()
    assert await people(way | {"password": None, "private_key": secret}) == {"1", "2"}


async def test_a_wrong_password_is_tried_once(way):
    with pytest.raises(AuthFailedError, match="refuses hub") as caught:
        await people(way | {"password": "verkeerd-wachtwoord"})
    assert "verkeerd" not in str(caught.value)
    assert Server.tries == 1


async def test_a_machine_with_another_key_is_told_nothing(way):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(BadConfigError, match="another key"):
        await people(way | {"host_key": other})
    assert Server.tries == 0


async def test_a_host_key_that_is_none_is_told(way):
    with pytest.raises(BadConfigError, match="ssh-keyscan"):
        await people(way | {"host_key": "geen sleutel"})


async def test_a_private_key_that_is_none_is_not_quoted(way):
    with pytest.raises(BadConfigError, match="no private key") as caught:
        await people(way | {"password": None, "private_key": "geheim-maar-geen-sleutel"})
    assert "geheim" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


async def test_a_missing_folder_is_no_empty_list(way):
    with pytest.raises(RetryableError, match="no folder or file"):
        await people(way, "/weg")


async def test_a_missing_right_is_named(way):
    with pytest.raises(PermissionMissingError, match="may not read /denied"):
        await people(way, "/denied")


async def test_a_machine_that_is_away_is_tried_again_later(way, server):
    server.close()
    await server.wait_closed()
    with pytest.raises(RetryableError, match="can't be reached"):
        await people(way)


def test_one_way_in_is_given():
    with pytest.raises(ValueError, match="one of the two"):
        CsvSettings.model_validate(
            {"folder": "/hr", "sftp": {"host": "h", "username": "u", "host_key": "k"}}
        )
