"""What every test shares: specifications, databases of both kinds, and what the summary tells."""

import asyncio
import contextlib
import functools
import gc
import importlib.util
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import hypothesis
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from filelock import FileLock

ROOT = Path(__file__).parents[1]

# a machine may be busy: what is slow there is no mistake
hypothesis.settings.register_profile(
    "hub", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("hub")


@pytest.fixture(scope="session")
def specs() -> Path:
    """The vendors' specifications; they are data beside the project, never in it."""
    folder = Path(os.environ.get("HUB_SPECS", ROOT / ".." / "shared" / "specs")).resolve()
    if not folder.is_dir():
        pytest.skip("no specifications here: set HUB_SPECS to their folder")
    return folder


PASSWORD = "canary-" + secrets.token_hex(8)


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, the newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    if found:
        return found[0].parent
    plain = shutil.which("initdb")
    return Path(plain).resolve().parent if plain else None


def _version(path: Path) -> int:
    return int(path.parts[-3]) if path.parts[-3].isdigit() else 0


class Server:
    """One server; `url` names a database on it."""

    def __init__(self, bins: Path, folder: Path):
        self._bins, self._folder = bins, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def url(self, database: str) -> str:
        return f"postgresql://hub:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        words = self._folder / "password"
        words.write_text(PASSWORD)
        data = self._folder / "data"
        how = ["--auth=scram-sha-256", "--username=hub", f"--pwfile={words}", "--no-sync"]
        self._run("initdb", "-D", str(data), "--encoding=UTF8", "--locale=C.UTF-8", *how)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nfsync = off\n"
                f"unix_socket_directories = '{self._folder}'\nshared_buffers = 32MB\n"
                "max_connections = 40\nmax_wal_size = 64MB\n"
            )

    def start(self) -> None:
        self._control("start", "-l", str(self._folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", "-m", mode)

    def _control(self, verb: str, *words: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-t", "30", verb, *words)

    def _run(self, program: str, *words: str) -> None:
        # the server refuses to run as root
        how = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        done = subprocess.run(
            [self._bins / program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self._folder,
            timeout=60,
            check=False,
            **how,
        )
        assert done.returncode == 0, done.stderr.decode()

    def sql(self, statement: str, database: str = "postgres") -> list:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []


ROOMY = 2 * 1024**3  # bytes free: the servers of four workers take a few hundred megabytes


def _memory() -> str | None:
    """A folder in memory, if there is a roomy one: on disk an empty database takes 0.4 s to make."""
    place = "/dev/shm"
    roomy = os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOMY
    return place if roomy else None


@contextlib.contextmanager
def serving(bins: Path) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir=_memory()))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(bins, folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for this session, on loopback, with an empty database of our tables."""
    bins = binaries()
    if bins is None:
        pytest.skip("no PostgreSQL server here: install the package `postgresql`")
    with serving(bins) as server:
        server.sql("create database template_hub")
        _migrate(server.url("template_hub"))
        yield server


def _migrate(url: str) -> None:
    import asyncio

    from hub.store.store import Store

    async def work() -> None:
        await (await Store(url).open()).close()

    asyncio.run(work())


class Databases:
    """Makes and drops databases over one connection: each of its own costs 20 ms."""

    def __init__(self, server: Server):
        self._server, self._connection = server, None

    def make(self, name: str) -> None:
        # from version 15 on it has to be asked for; it takes half as long as through the log
        major = int(self._execute("show server_version_num").fetchone()[0]) // 10_000
        how = "strategy file_copy" if major >= 15 else ""
        self._execute(f"create database {name} template template_hub {how}")

    def drop(self, name: str) -> None:
        self._execute(f"drop database {name} with (force)")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _execute(self, statement: str):
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):  # a test restarted the server
            if self._connection is not None:
                return self._connection.execute(statement)
        self._connection = psycopg.connect(self._server.url("postgres"), autocommit=True)
        return self._connection.execute(statement)


@pytest.fixture(scope="session")
def databases(postgres) -> Iterator[Databases]:
    with contextlib.closing(Databases(postgres)) as found:
        yield found


@pytest.fixture
def postgres_url(postgres, databases) -> Iterator[str]:
    """A database of this test alone, with empty tables."""
    name = f"hub_{secrets.token_hex(6)}"
    databases.make(name)
    yield postgres.url(name)
    databases.drop(name)


@pytest.fixture(params=DATABASES)
def store_url(request, tmp_path) -> str:
    """The address of a store that is this test's own, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return request.getfixturevalue("postgres_url")


# what waits for processes, servers or an installation: begun first, nobody waits for it at the end
PATIENT = ("acceptance", "soak", "peers", "scim", "security", "demo", "web/test_web_oidc_provider")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The long ones first, all others as they were; some are too long for one of the databases."""
    for item in items:
        given = getattr(item, "callspec", None)
        if item.get_closest_marker("slow_on_postgresql") and "postgresql" in given.params.values():
            item.add_marker(pytest.mark.soak)

    def place(item) -> int:
        within = (
            item.path.relative_to(ROOT / "tests").as_posix() if ROOT in item.path.parents else ""
        )
        return next((at for at, one in enumerate(PATIENT) if within.startswith(one)), len(PATIENT))

    items.sort(key=place)


def pytest_collection_finish():
    """Thousands of tests are no garbage; looking through them again and again is a tenth of it all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


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
        if name not in {"kill", "soak"}:
            terminalreporter.write_line(f"measured: {name} = {value}")


class Nursery:
    """Lives of one worker: real processes, for a test to kill, that need not import anything."""

    def __init__(self, worker: Path):
        command = [sys.executable, str(Path(__file__).with_name("nursery.py")), str(worker)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, *words: object) -> tuple[int, str]:
        """One life with these words: its exit code, and what it said."""
        print(json.dumps([str(one) for one in words]), file=self._process.stdin, flush=True)
        ended = json.loads(self._process.stdout.readline())
        return ended["code"], ended["said"]

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Callable[[Path], Nursery]]:
    """`nursery(file)` gives lives of the worker in that file, which has a function `live`."""
    with contextlib.ExitStack() as stack:
        yield lambda worker: stack.enter_context(contextlib.closing(Nursery(worker)))


MAIL_USER, MAIL_PASSWORD = "hub", "hush-hush-hush"


class MailSink:
    """A real SMTP server on loopback, in a thread of its own, that keeps what it takes.

    `refuse` maps an address, or `data`, to the answer that it gets; `mute` ends the connection
    where it should say what became of a message.
    """

    def __init__(self, security: str, context: ssl.SSLContext | None, *, login: bool):
        self.messages, self.logins, self._made = [], [], []
        self.refuse: dict[str, str] = {}
        self.mute = False
        self._security, self._context, self._login = security, context, login
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.port = listening.result(10)

    async def _listen(self) -> int:
        make = functools.partial(SMTP, self, hostname="localhost", loop=self._loop)
        if self._login:
            make = functools.partial(make, authenticator=self._proves, auth_require_tls=False)
        if self._security == "starttls":
            make = functools.partial(make, tls_context=self._context, require_starttls=True)
        whole = self._context if self._security == "tls" else None

        def taken():
            self._made.append(make())
            return self._made[-1]

        self._server = await self._loop.create_server(taken, "127.0.0.1", 0, ssl=whole)
        return self._server.sockets[0].getsockname()[1]

    def _proves(self, _server, _session, _envelope, mechanism, data):
        good = (data.login, data.password) == (MAIL_USER.encode(), MAIL_PASSWORD.encode())
        self.logins.append((mechanism, good))
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802  the library names it
        envelope.mail_from = address
        return self.refuse.get(address, "250 OK")

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  the library names it
        if address not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get(address, "250 OK")

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802  the library names it
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.mute:
            server.transport.abort()
        return self.refuse.get("data", "250 OK")

    def close(self) -> None:
        async def end():
            self._server.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            for one in self._made:  # a task that is cancelled leaves its connection open
                if one.transport is not None:
                    one.transport.abort()
            await asyncio.sleep(0.01)  # until the loop has closed them

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def mail_sink() -> Iterator[Callable[..., MailSink]]:
    """Starts mail servers: `mail_sink()`, `mail_sink("tls", context)`, `mail_sink(login=True)`."""
    made = []

    def start(security="none", context=None, *, login=False):
        made.append(MailSink(security, context, login=login))
        return made[-1]

    yield start
    for one in made:
        one.close()


# --- what others wrote ---------------------------------------------------------------------------

PEERS = ROOT / ".cache" / "peers"


def environment(name: str, *wanted: str, alone: str = "") -> Path:
    """The folder of programs of a virtual environment, made once below `.cache/peers` and kept.

    `alone` is installed without what it asks for. Skips where it can't be made, with the reason.
    """
    PEERS.mkdir(parents=True, exist_ok=True)
    with FileLock(PEERS / f"{name}.lock", timeout=280):  # two workers may want it at once
        return _environment(PEERS / name, wanted, alone)


def _environment(home: Path, wanted: tuple[str, ...], alone: str) -> Path:
    mark, said = home / "ready", " ".join((alone, *wanted))
    if mark.is_file() and mark.read_text("utf-8") == said:
        return home / "bin"
    if importlib.util.find_spec("uv") is None:
        pytest.skip("uv is not installed: run make setup")
    uv = [sys.executable, "-m", "uv"]
    install = [*uv, "pip", "install", "--quiet", "--python", str(home / "bin" / "python")]
    shutil.rmtree(home, ignore_errors=True)
    _attempt([*uv, "venv", "--quiet", "--python", sys.executable, str(home)])
    if alone:
        _attempt([*install, "--no-deps", alone])
    _attempt([*install, *wanted])
    mark.write_text(said, "utf-8")
    return home / "bin"


def _attempt(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.skip(f"what others wrote can't be installed here: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="session")
def ready() -> Callable[..., Path]:
    """Return a function that gives the programs of an environment; skips without."""
    return environment
