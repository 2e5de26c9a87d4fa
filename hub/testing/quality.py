"""Promises: each rule of a connector or target is done, to do, or exempt with a reason.

They stand in `quality.yaml` beside the plug-in:

    kind: connector
    rules:
      keys: {status: done, shown_by: [tests/test_contract.py::TestMine]}
      real-server: {status: todo}
      paging: {status: exempt, reason: the source has one page}

A test of one line holds the file to the closed list: `assert quality_faults(path, root) == []`.
Nothing here needs pytest, so that the command line can use the list too.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hub.errors import BadConfigError
from hub.events.base import Model

Kind = Literal["connector", "target"]

SUITES = {
    "ConnectorContract": "hub.testing.connector_suite",
    "TargetContract": "hub.testing.target_suite",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise.

    Attributes:
        kinds: for whom it holds; a file of another kind must not name it.
    """

    name: str
    group: str
    text: str
    kinds: tuple[Kind, ...] = ("connector", "target")


CONNECTOR: tuple[Kind, ...] = ("connector",)
TARGET: tuple[Kind, ...] = ("target",)

RULES = (
    Rule("suite", "contract", "The contract suite passes; what it skips has a printed reason."),
    Rule("keys", "contract", "Keys are the source's, stable, and no mail address.", CONNECTOR),
    Rule(
        "absence", "contract", "A failed or foreign answer never looks like a removal.", CONNECTOR
    ),
    Rule("proof", "contract", 'Only proof makes a subject gone; "not found" is none.', CONNECTOR),
    Rule(
        "unreadable", "contract", "A row that can't be read is told; others still come.", CONNECTOR
    ),
    Rule("paging", "contract", "No row is lost while people edit between two pages.", CONNECTOR),
    Rule(
        "pure-mapping", "contract", "Equal rows give equal records, whatever the hour.", CONNECTOR
    ),
    Rule(
        "repeat", "contract", "A repeat makes no second object, also after a lost answer.", TARGET
    ),
    Rule("no-false-done", "contract", "A login page or half an answer is never success.", TARGET),
    Rule("conflict", "contract", "What somebody else changed is not overwritten unseen.", TARGET),
    Rule("one-by-one", "contract", "One refused object hides no other; outcomes in order.", TARGET),
    Rule("secrets", "security", "Secrets are typed and show in no repr, error, log or address."),
    Rule(
        "network",
        "security",
        "The only way out is the context's client, to the configured address: TLS is verified, "
        "own CA and proxy are followed.",
    ),
    Rule("login", "security", "A refused login is tried once, so that no account is locked."),
    Rule("fields", "privacy", "Only what a route can publish is asked for and kept.", CONNECTOR),
    Rule(
        "free-text",
        "privacy",
        "Free text that may name somebody is replaced; the README says what is not recognised.",
        CONNECTOR,
    ),
    Rule("audience", "privacy", "An audience that is not known there is never widened.", TARGET),
    Rule("no-echo", "privacy", "Reasons and messages quote no text of a row or an object."),
    Rule("check-quiet", "operations", "`check` changes nothing and never raises."),
    Rule(
        "check-rights", "operations", "`check` names each right that is missing, and who gives it."
    ),
    Rule("outage", "operations", "An outage is said once and its end once, by the hub alone."),
    Rule("slow-down", "operations", "What the other side says about waiting is passed on."),
    Rule("resume", "operations", "A reading that broke off goes on where it stopped.", CONNECTOR),
    Rule("readme", "docs", "The README has its headings and names every setting."),
    Rule("sample", "docs", "`sample.yaml` loads, and holds no secret."),
    Rule("limits", "docs", "Known limits say what was never tried, and on what."),
    Rule("sandbox", "tests", "A sandbox that behaves like the other side comes with it."),
    Rule("faults", "tests", "The other side's own bad days are tests, beside those of the suite."),
    Rule("specification", "tests", "It is held to a published specification or a recorded answer."),
    Rule("real-server", "tests", "It was tried on a real server of a named version."),
)


class Done(Model):
    """Kept, and shown by tests."""

    status: Literal["done"]
    shown_by: tuple[str, ...] = Field(
        min_length=1, description="Tests as pytest names them, seen from the project's folder."
    )


class Todo(Model):
    """Not kept yet."""

    status: Literal["todo"]
    reason: str = Field("", description="What is in the way, if anything.")


class Exempt(Model):
    """It can't hold here."""

    status: Literal["exempt"]
    reason: str = Field(min_length=10, description="Why, in words.")


Promise = Annotated[Done | Todo | Exempt, Field(discriminator="status")]


class Quality(Model):
    """A whole `quality.yaml`."""

    kind: Kind = Field(description="Which rules hold.")
    rules: Mapping[str, Promise] = Field(description="Each rule by its name.")


def rules_of(kind: Kind) -> tuple[Rule, ...]:
    """The rules for connectors or for targets, in order."""
    return tuple(rule for rule in RULES if kind in rule.kinds)


def load(path: Path) -> Quality:
    """Read one file.

    Raises:
        BadConfigError: it can't be read, or is of another shape; the message says where.
    """
    try:
        return Quality.model_validate(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))
    except (OSError, YAMLError) as error:
        line = next(iter(str(error).splitlines()), "")
        raise BadConfigError(f"{path.name} can't be read as YAML: {line}") from error
    except ValidationError as error:
        said = "; ".join(_said(fault["loc"], fault["msg"]) for fault in error.errors())
        raise BadConfigError(f"{path.name}: {said}") from error


def quality_faults(path: Path, root: Path) -> list[str]:
    """What is wrong with a `quality.yaml`, in words; empty when all is well.

    Args:
        path: the file.
        root: the project's folder, from which tests are named.
    """
    try:
        quality = load(path)
    except BadConfigError as error:
        return [str(error)]
    return [*_named(quality), *_shown(quality, root)]


def _said(where: tuple[int | str, ...], what: str) -> str:
    return f"{'.'.join(map(str, where)) or 'the file'}: {what}"


def _named(quality: Quality) -> Iterator[str]:
    known = [rule.name for rule in rules_of(quality.kind)]
    for name in known:
        if name not in quality.rules:
            yield f"{name}: missing; write done, todo, or exempt with a reason"
    for name in quality.rules:
        if name not in known:
            yield f"{name}: no rule of a {quality.kind}"


def _shown(quality: Quality, root: Path) -> Iterator[str]:
    for name, promise in quality.rules.items():
        for test in promise.shown_by if isinstance(promise, Done) else ():
            if not is_test(root, test):
                yield f"{name}: there is no test {test}"


def is_test(root: Path, node: str) -> bool:
    """Whether there is such a test; one of a suite counts where its class takes the suite."""
    file, *names = node.split("::")
    path = root / file
    if not names or ".." in path.parts or not path.is_file():
        return False
    return _has(ast.parse(path.read_text("utf-8")), names)


def _has(node: ast.Module | ast.ClassDef, names: list[str]) -> bool:
    first, *rest = names
    for one in node.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == first:
            return not rest and first.startswith("test_")
        if isinstance(one, ast.ClassDef) and one.name == first and first.startswith("Test"):
            return not rest or _has(one, rest)
    return isinstance(node, ast.ClassDef) and not rest and _inherits(node, first)


def _inherits(node: ast.ClassDef, name: str) -> bool:
    suites = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in SUITES]
    return name.startswith("test_") and any(
        hasattr(getattr(importlib.import_module(SUITES[suite]), suite), name) for suite in suites
    )
