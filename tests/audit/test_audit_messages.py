"""Whatever breaks, its text stays inside: the text of a foreign error may quote a password."""

import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from hub.cli import main
from hub.cli.check import _asked
from hub.cli.run import _pages
from hub.cli.serving import guarded
from hub.cli.session import Session
from hub.errors import AuthFailedError
from hub.metrics import Metrics
from hub.registry import Registry
from hub.settings import load
from hub.telemetry import logger
from hub.web.app import WebOptions, app

SECRET = "hush-hush-hush"


class Steps:
    def end(self):
        pass


class Breaks:
    def __init__(self, error):
        self.error = error

    async def check(self):
        raise self.error


async def test_a_check_that_breaks_is_named_without_its_text():
    [found] = await _asked(Breaks(ValueError(f"password={SECRET}")), Steps())
    assert found.level == "failed"
    assert "its check broke: ValueError" in found.what
    assert SECRET not in f"{found.what} {found.advice}"


async def test_a_check_that_raises_one_of_our_errors_says_what_to_do():
    [found] = await _asked(Breaks(AuthFailedError("The desk refused the login.")), Steps())
    assert "The desk refused the login." in found.what
    assert "hub check" in found.advice


def fails():
    password = SECRET
    raise ValueError(f"with {password}")


@pytest.mark.parametrize("machine", [True, False], ids=["JSON", "columns"])
def test_a_log_line_says_where_it_broke_and_no_value(machine):
    out = io.StringIO()
    log = logger(json=machine, out=out)
    try:
        fails()
    except ValueError:
        log.exception("task_failed", error="ValueError")
    assert "test_audit_messages.py" in out.getvalue()
    assert "fails" in out.getvalue()
    assert SECRET not in out.getvalue()
    if machine:
        assert "exc_info" not in json.loads(out.getvalue())


class BrokenTiles:
    async def tile(self, token):
        raise ValueError(f"{SECRET} {token}")


class BrokenStore:
    async def read(self, *_):
        raise ValueError(SECRET)


async def test_a_page_that_breaks_is_one_line_of_our_log_and_nothing_else():
    out = io.StringIO()
    site = app(BrokenTiles(), None, WebOptions(), lambda: datetime.now(UTC))
    transport = httpx.ASGITransport(guarded(site, logger(json=True, out=out)))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example.org") as visitor:
        answer = await visitor.get("/t/unguessable")
    assert answer.status_code == 500
    line = json.loads(out.getvalue())
    assert (line["event"], line["error"]) == ("page_failed", "ValueError")
    assert any("tile" in one for one in line["where"])
    assert SECRET not in answer.text + out.getvalue()
    assert "unguessable" not in out.getvalue()


async def test_the_pages_of_hub_run_are_guarded_so(tmp_path):
    (tmp_path / "hub.yaml").write_text("store: sqlite:///hub.db\norganisation: Duo+\n")
    out = io.StringIO()
    one = Session(
        settings=load(tmp_path / "hub.yaml", Registry.of(), {}),
        store=BrokenStore(),
        out=None,
        log=logger(json=True, out=out),
    )
    site = _pages(one, SimpleNamespace(sources={}, store=BrokenStore()), Metrics())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url="http://hub.example.org"
    ) as visitor:
        answer = await visitor.get("/t/unguessable")
    assert answer.status_code == 500
    assert json.loads(out.getvalue())["event"] == "page_failed"


# --- progress -------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("words", "said"),
    [(("sync",), "reading and delivering"), (("check",), "asking sources and targets")],
    ids=["sync", "check"],
)
@pytest.mark.parametrize("seen", [True, False], ids=["terminal", "pipe"])
def test_long_work_shows_its_progress_on_a_terminal_only(tmp_path, monkeypatch, words, said, seen):
    (tmp_path / "hub.yaml").write_text("store: sqlite:///hub.db\norganisation: Duo+\n")
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "manual.yaml").write_text("connector: manual\n")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    err = Terminal() if seen else io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    with pytest.raises(SystemExit) as ended:
        main([*words, "--config", str(tmp_path / "hub.yaml")])
    assert not ended.value.code
    assert (said in err.getvalue()) is seen
