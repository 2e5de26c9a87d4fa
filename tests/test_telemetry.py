"""Logs hide what looks like a secret."""

import io
import json

import pytest

from hub.metrics import Metrics
from hub.telemetry import logger


def said(**keys):
    out = io.StringIO()
    logger(json=True, out=out).warning("something", **keys)
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    "name", ["password", "client_secret", "token", "Authorization", "api_key", "Cookie"]
)
def test_keys_that_name_a_secret_are_hidden(name):
    assert said(**{name: "geheim"})[name] == "***"


@pytest.mark.parametrize(
    "text",
    [
        "sent Bearer abcdef123456 along",
        "https://user:geheim@example.nl/x failed",
        "Basic dXNlcjpnZWhlaW0= was refused",
    ],
)
def test_secrets_inside_a_text_are_hidden(text):
    line = said(reason=text)
    assert "geheim" not in line["reason"]
    assert "dXNlcjpnZWhlaW0=" not in line["reason"]
    assert "abcdef123456" not in line["reason"]
    assert "***" in line["reason"]


def test_everything_else_is_told():
    line = said(instance="desk", count=3)
    assert (line["event"], line["instance"], line["count"]) == ("something", "desk", 3)
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


def test_a_quiet_level_says_nothing():
    out = io.StringIO()
    logger(json=True, level="warning", out=out).info("hello")
    assert not out.getvalue()


def test_each_hub_has_metrics_of_its_own():
    one, other = Metrics(), Metrics()
    one.holds.set(3)
    assert b"hub_holds_open 3.0" in one.text()
    assert b"hub_holds_open 0.0" in other.text()
