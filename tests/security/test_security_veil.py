"""Secrets by value: where they come from, and what is put over them."""

import io
import json

from pydantic import BaseModel, SecretBytes, SecretStr

from hub.cli import tell_where
from hub.errors import RateLimitedError
from hub.settings.secrets import secrets_in
from hub.telemetry import Veil, logger


class Below(BaseModel):
    key: SecretBytes


class Given(BaseModel):
    password: SecretStr
    name: str
    more: dict[str, tuple[Below, ...]]


def test_secrets_are_found_wherever_they_stand_and_in_each_spelling():
    given = Given(password="one-secret", name="plain", more={"a": ({"key": b"two-secret"},)})
    addresses = ["http://u:thr%2Fee@proxy:1", None, "http://[", "sqlite:///hub.db"]
    assert secrets_in([given], addresses) == {"one-secret", "two-secret", "thr%2Fee", "thr/ee"}


def test_the_longest_secret_goes_first_and_short_ones_are_words():
    veil = Veil(["hub", "hub-secret", "hub-secret-long"])
    assert veil("hub: hub-secret-long, hub-secret") == "hub: ***, ***"
    assert Veil()("anything") == "anything"


def test_a_log_line_is_covered_everywhere():
    out = io.StringIO()
    log = logger(json=True, out=out, veil=Veil(["hush-hush"]))
    log.warning(
        "said hush-hush", deep=[{"hush-hush": ("hush-hush", 1, None)}], error=OSError("hush-hush")
    )
    line = json.loads(out.getvalue())
    assert line["event"] == "said ***"
    assert line["deep"] == [{"***": ["***", 1, None]}]
    assert "hush" not in out.getvalue()


def test_an_error_keeps_what_is_no_text():
    error = RateLimitedError("later, hush-hush", 3.0)
    Veil(["hush-hush"]).cover(error)
    assert (str(error), error.retry_after) == ("later, ***", 3.0)


def test_where_it_broke_has_lines_and_kinds_but_no_text(capsys):
    try:
        try:
            {}["hush-hush"]
        except KeyError as cause:
            raise RuntimeError("hush-hush") from cause
    except RuntimeError as error:
        tell_where(error)
    told = capsys.readouterr().err
    assert "test_security_veil.py:" in told
    assert told.index("RuntimeError") < told.index("KeyError")
    assert "hush" not in told
