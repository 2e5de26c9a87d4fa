"""An organisation whose every secret is a canary, servers that sing them back, and what is seen."""

import base64
import os
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
import pytest
import trustme
import uvicorn
from starlette.responses import JSONResponse, PlainTextResponse

NAMES = (
    "topdesk", "intranet", "proxy", "leaky", "database", "file", "webhook", "previous", "hmac",
    "receive",
)  # fmt: skip


@dataclass
class Canaries:
    """One secret per place; each stands nowhere else."""

    by_name: dict[str, str] = field(
        default_factory=lambda: {one: f"canary-{one}+{secrets.token_hex(8)}" for one in NAMES}
    )

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Each secret as it is, and as HTTP and addresses write it."""
        for name, secret in self.by_name.items():
            yield name, secret.encode()
            if (quoted := quote(secret, safe="")) != secret:
                yield f"{name}, quoted", quoted.encode()
            for user in ("", "hub:"):
                for shift in range(3):  # wherever it begins within base64's groups of three
                    whole = base64.b64encode(b" " * shift + (user + secret).encode())
                    yield f"{name}, base64", whole[4:-4]

    def env(self) -> dict[str, str]:
        return {f"CANARY_{name.upper()}": secret for name, secret in self.by_name.items()}

    def found_in(self, seen: dict[str, bytes]) -> list[str]:
        """Where which canary sings."""
        return sorted(
            {f"{name} in {where}" for where, text in seen.items() for name, form in self.forms()
             if form in text}
        )  # fmt: skip


@dataclass
class Organisation:
    """A folder with a configuration, real `hub` processes in it, and all that they let be seen."""

    folder: Path
    env: dict[str, str]
    seen: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self, *words: str) -> "Running":
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        return Running(words, self.folder, {**self.env, "TMPDIR": str(scratch)})

    def hub(self, *words: str) -> bytes:
        """One command to its end; stdout."""
        with self.start(*words) as running:
            self.look_at(running)
            return self.keep(running)

    def look_at(self, running: "Running") -> None:
        """Its command line, and those of its children, with what they were given."""
        pid = running.process.pid
        while not (line := _of(pid, "cmdline")) and running.process.poll() is None:
            time.sleep(0.001)  # it is not there in the very first moment
        self.seen[f"{running.name}: cmdline"] = line
        for child in _children(pid):
            self.seen[f"{running.name}: child"] = _of(child, "cmdline") + _of(child, "environ")

    def keep(self, running: "Running") -> bytes:
        """What it said until it ended by itself; stdout."""
        self.codes[running.name] = running.process.wait(timeout=120)
        self.seen[f"{running.name}: stdout"] = running.out.read_bytes()
        self.seen[f"{running.name}: stderr"] = running.err.read_bytes()
        return self.seen[f"{running.name}: stdout"]

    def keep_files(self) -> None:
        """Everything in the folder: store and its log, locks, leftovers."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.seen[str(path.relative_to(self.folder))] = path.read_bytes()

    def keep_pages(self, name: str, base: str, paths: list[str]) -> None:
        with httpx.Client(trust_env=False, base_url=base) as client:
            for path in paths:
                answer = client.get(path)
                self.seen[f"{name}: {path[:9]} {answer.status_code}"] = answer.content

    def call(self, base: str, path: str, body: bytes, **headers: str) -> int:
        """Call the hub as a source or sender does, keep what it answers; the status."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(trust_env=False, base_url=base) as client:
            answer = client.post(path, content=body, headers=named)
        self.calls.append((path.partition("?")[0], answer.status_code))
        said = [answer.content, *(value for pair in answer.headers.raw for value in pair)]
        self.seen[f"call {len(self.calls)}: {answer.status_code}"] = b" ".join(said)
        return answer.status_code


class Running:
    """A real process; the block's end is its own."""

    def __init__(self, words: Sequence[str], folder: Path, env: dict[str, str]) -> None:
        self.name = " ".join(words)
        said = Path(tempfile.mkdtemp(dir=folder.parent))
        self.out, self.err = said / "out", said / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from hub.cli import main; main()", *words],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=60)


def _of(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(one) for path in threads for one in (path / "children").read_text().split()]
    except OSError:
        return []


@contextmanager
def served(app, **how) -> Iterator[str]:
    """The application on a loopback port, until the block ends."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", **how)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    scheme = "https" if "ssl_certfile" in how else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


SECRETIVE = (b"authorization", b"proxy-authorization")


class Parrot:
    """Refuses everything, and says what it was sent, in the clear too."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, scope, receive, send):
        given = [value.decode() for name, value in scope["headers"] if name in SECRETIVE]
        said = " ".join([*given, *map(_decoded, given)])
        self.heard.append(said)
        await self._answer(said, scope["path"].split("/")[1:2])(scope, receive, send)

    def _answer(self, said: str, begin: list[str]):
        if begin == ["loop"]:
            return PlainTextResponse(said, 302, {"Location": f"/login?{said}"})
        if begin == ["login"]:
            return PlainTextResponse(said, 200)
        status = int(begin[0]) if begin and begin[0].isdigit() else 407
        return JSONResponse(self.problem(said, status), status)

    @staticmethod
    def problem(said: str, status: int) -> dict:
        return {"title": "No", "detail": said, "message": said, "status": status}


def _decoded(header: str) -> str:
    scheme, _, value = header.partition(" ")
    return base64.b64decode(value).decode() if scheme == "Basic" else value


class Repeating:
    """An intranet that works until something is written: then it quotes the token in its refusal."""

    def __init__(self, inner, status: int) -> None:
        self._inner, self._status = inner, status
        self.heard: list[str] = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["method"] in {"PUT", "POST", "PATCH"}:
            said = dict(scope["headers"])[b"authorization"].decode()
            self.heard.append(said)
            answer = JSONResponse(
                Parrot.problem(said, self._status), self._status,
                media_type="application/problem+json",
            )  # fmt: skip
            await answer(scope, receive, send)
            return
        await self._inner(scope, receive, send)


LEAKY = """
from datetime import timedelta
from pydantic import Field, SecretStr
from hub.contract import Connector, Finding, Stream
from hub.errors import AuthFailedError, RetryableError
from hub.events.base import Family, Model


class LeakySettings(Model):
    password: SecretStr = Field(description="A secret.")
    how: str = Field(description="How it leaks.")


class LeakyConnector(Connector[LeakySettings]):
    name = "leaky"
    settings = LeakySettings

    def __init__(self, config, context):
        super().__init__(config, context)
        self.secret = config.password.get_secret_value()
        if config.how == "making":
            raise RuntimeError(self.secret)
        if config.how == "making-plain":
            raise RetryableError("made of " + self.secret)

    def streams(self):
        return [Stream("rows", frozenset({Family.INCIDENT}), timedelta(minutes=1))]

    async def check(self):
        if self.config.how == "bug":
            raise RuntimeError(self.secret)
        if self.config.how == "plain":
            raise AuthFailedError("refused " + self.secret)
        return [Finding("failed", "it said " + self.secret, "type " + self.secret)]

    async def read(self, request):
        secret = self.secret
        if self.config.how == "log":
            self.context.log.warning("tried", answer={"sent": ["with " + secret]}, **{secret: 1})
            self.context.log.error("said " + secret)
        if self.config.how == "print":
            print(secret)
        if self.config.how == "plain":
            raise RetryableError("refused " + secret)
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise RuntimeError("the login with " + secret) from error
        yield
"""
BROKEN = 'import os\nraise RuntimeError("no " + os.environ["CANARY_LEAKY"])\n'
POINTS = """[intranet_hub.connectors]
leaky = leaky_plugin:LeakyConnector
broken = broken_plugin:Broken
"""


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A package of somebody else, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "leaky_plugin.py").write_text(LEAKY)
    (folder / "broken_plugin.py").write_text(BROKEN)
    info = folder / "leaky-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory, canaries, site):
    """Makes an organisation whose processes get the canaries by environment."""

    def made(**more: str) -> Organisation:
        path = os.pathsep.join([str(site), str(Path(__file__).parents[2])])
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, **canaries.env(), **more}
        return Organisation(tmp_path_factory.mktemp("organisation"), env)

    return made


@pytest.fixture(scope="module")
def servers(canaries) -> Iterator[dict]:
    """A TOPdesk and an intranet that work, and several that give away what they are sent."""
    from datetime import UTC, datetime, timedelta

    from connectors.topdesk.sandbox import SandboxOptions, TopdeskSandbox
    from hub.sandbox.intranet import IntranetOptions, IntranetSandbox

    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=40)
    desk = TopdeskSandbox(
        SandboxOptions(closed_tickets=20, start=start, password=canaries["topdesk"])
    )
    desk.clock.advance(40 * 60)
    desk.story.play_until(desk.clock.now())
    options = IntranetOptions(token=canaries["intranet"])
    intranets = [IntranetSandbox(options, lambda: datetime.now(UTC)) for _ in range(3)]
    parrot = Parrot()
    certificate = trustme.CA().issue_cert("127.0.0.1")
    repeating = [Repeating(intranets[1].app, 422), Repeating(intranets[2].app, 500)]
    with ExitStack() as stack, certificate.private_key_and_cert_chain_pem.tempfile() as pem:
        yield {
            "desk": stack.enter_context(served(desk.app, date_header=False)),
            "intranet": stack.enter_context(served(intranets[0].app)),
            "refusing": stack.enter_context(served(repeating[0])),
            "failing": stack.enter_context(served(repeating[1])),
            "parrot": stack.enter_context(served(parrot)),
            "untrusted": stack.enter_context(
                served(parrot, ssl_certfile=pem, ssl_version=ssl.PROTOCOL_TLS_SERVER)
            ),
            "heard": lambda: " ".join(parrot.heard + repeating[0].heard + repeating[1].heard),
        }  # fmt: skip
