"""One YAML file as plain values, with the line of every key and its references filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from hub.settings.problems import ConfigProblems, Place, Problem, dotted

MAX_NODES = 20_000  # an alias can unfold into millions of values
MAX_DEPTH = 40
SHORTEST_SECRET = 4  # shorter ones are parts of ordinary words

_REFERENCE = re.compile(r"\$(\$)?\{(?:(env|file):)?([^}]*)\}")


class Referenced(str):
    """A text that came by reference (or from the environment), so it may be secret."""

    __slots__ = ()


@dataclass(slots=True)
class Document:
    """A YAML file that could be parsed.

    Attributes:
        name: as messages call it.
        data: plain values: mappings, lists, text, numbers, booleans, None.
        lines: the line of each key, counted from 1.
        problems: what was found to be wrong, in the order of finding.
        said: the places that have a problem: one is enough to correct it.
        secrets: every text that came by reference; never shown.
        variables: the environment variables that took the place of a value, by place.
    """

    path: Path
    name: str
    data: dict[str, Any]
    lines: dict[Place, int]
    problems: list[Problem] = field(default_factory=list)
    said: set[Place] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set, repr=False)
    variables: dict[Place, str] = field(default_factory=dict)

    def problem(self, place: Place, message: str, advice: str) -> Problem:
        """A problem at this place of the file, or of the environment that overrides it."""
        message, advice = self._hide(message), self._hide(advice)
        if variable := self._variable(place):
            return Problem("environment", None, variable, message, advice)
        return Problem(self.name, self.line(place), dotted(place), message, advice)

    def add(self, place: Place, message: str, advice: str) -> None:
        """Note a problem at this place."""
        self.problems.append(self.problem(place, message, advice))
        self.said.add(place)

    def line(self, place: Place) -> int:
        """The line of this key, or of the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def at(self, place: Place) -> Any:
        """The value there.

        Raises:
            LookupError: there is none.
        """
        value: Any = self.data
        for key in place:
            value = _below(value, key)
        return value

    def _variable(self, place: Place) -> str:
        starts = (place[:size] for size in range(len(place), 0, -1))
        return next((self.variables[one] for one in starts if one in self.variables), "")

    def _hide(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, "***")
        return text


def read(path: Path, base: Path) -> Document:
    """Parse a file; its references stay as they are until `follow`.

    Args:
        path: the file.
        base: the folder that messages leave out.

    Raises:
        ConfigProblems: it can't be read or parsed.
    """
    name = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
    tree = _parse(_text(path, name), name)
    if not isinstance(tree, CommentedMap):
        raise _refuse(name, 1, "holds no keys", "write lines such as `key: value`")
    copier = _Copier(name)
    data = copier.copy(tree, (), 1)
    return Document(path, name, data, copier.lines)


def follow(document: Document, env: Mapping[str, str]) -> None:
    """Fill in every `${env:NAME}` and `${file:path}`; those that fail become problems."""
    document.data = _Resolver(document, env).resolve(document.data, ())


def _below(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value[key]
    if isinstance(value, list) and isinstance(key, int):
        return value[key]
    raise LookupError(key)


def _refuse(name: str, line: int | None, message: str, advice: str) -> ConfigProblems:
    return ConfigProblems([Problem(name, line, "", message, advice)])


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(name, None, "is not UTF-8 text", "save the file as UTF-8") from error
    except FileNotFoundError as error:
        advice = "write it with `hub init`, or name the right file with `--config`"
        raise _refuse(name, None, "does not exist", advice) from error
    except OSError as error:
        advice = "let the account that runs the hub read this file"
        raise _refuse(name, None, f"can't be read ({error.strerror})", advice) from error


def _parse(text: str, name: str) -> Any:
    parser = YAML(typ="rt", pure=True)
    try:
        return parser.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise _refuse(name, line, *_syntax(error.problem or "")) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        advice = "remove the invisible character on this line"
        raise _refuse(name, line, "holds a character that YAML forbids", advice) from None
    except (YAMLError, ValueError, RecursionError) as error:
        advice = "compare it with a sample from `config/`"
        kind = type(error).__name__
        raise _refuse(name, None, f"can't be parsed as YAML ({kind})", advice) from None


def _syntax(problem: str) -> tuple[str, str]:
    """Message and advice; the parser's words only where they quote no value."""
    if twice := re.match(r'found duplicate key "([^"]+)"', problem):
        return f"has the key `{twice[1]}` twice", "keep one of the two"
    if "'\\t'" in problem:
        return "is indented with a tab", "use spaces"
    if "undefined alias" in problem:
        return "refers to an anchor that does not exist", "put a text that begins with * in quotes"
    if "another document" in problem:
        return "holds more than one document", "remove the line `---`; one file per instance"
    known = problem.split("\n", maxsplit=1)[0]
    advice = "check indentation, quotes and brackets on this line and the one above"
    return f"is not YAML ({known})", advice


class _Copier:
    """Copies the parser's tree into plain values and remembers the lines."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Place, int] = {}
        self._name = name
        self._left = MAX_NODES

    def copy(self, node: Any, place: Place, line: int) -> Any:
        self.lines[place] = line
        self._left -= 1
        if self._left < 0 or len(place) > MAX_DEPTH:
            advice = "write it out without anchors that unfold into each other"
            raise _refuse(self._name, line, "is too large or too deeply nested", advice)
        if isinstance(node, CommentedMap):
            return {key: self.copy(*below) for key, below in self._pairs(node, place, line)}
        if isinstance(node, CommentedSeq):
            return [
                self.copy(value, (*place, at), self._line(node, at, line))
                for at, value in enumerate(node)
            ]
        return self._scalar(node, line)

    def _pairs(
        self, node: CommentedMap, place: Place, line: int
    ) -> Iterator[tuple[str, tuple[Any, Place, int]]]:
        for key, value in node.items():
            text = str(key)
            yield text, (value, (*place, text), self._line(node, key, line))

    @staticmethod
    def _line(node: Any, key: Any, fallback: int) -> int:
        known = node.lc.data or {}
        return known[key][0] + 1 if key in known else fallback

    def _scalar(self, node: Any, line: int) -> Any:
        for kind in (bool, int, float, str):
            if isinstance(node, kind):
                return kind(node)
        if node is None or not hasattr(node, "tag"):
            return node
        advice = "remove the word that begins with `!`"
        raise _refuse(self._name, line, "uses a YAML tag", advice)


class _Resolver:
    """Replaces `${env:NAME}` and `${file:path}` in every text of a document."""

    def __init__(self, document: Document, env: Mapping[str, str]) -> None:
        self._document = document
        self._env = env

    def resolve(self, value: Any, place: Place) -> Any:
        if isinstance(value, dict):
            return {key: self.resolve(below, (*place, key)) for key, below in value.items()}
        if isinstance(value, list):
            return [self.resolve(below, (*place, at)) for at, below in enumerate(value)]
        if isinstance(value, str) and "${" in value and not isinstance(value, Referenced):
            return self._text(value, place)
        return value

    def _text(self, value: str, place: Place) -> str:
        found = [self._one(match, place) for match in _REFERENCE.finditer(value)]
        if None in found:
            return value
        parts = iter(found)
        return Referenced(_REFERENCE.sub(lambda _: next(parts) or "", value))

    def _one(self, match: re.Match[str], place: Place) -> str | None:
        escaped, scheme, name = match.groups()
        if escaped:
            return match[0][1:]
        try:
            secret = self._follow(scheme, name)
        except _BrokenReferenceError as error:
            self._document.add(place, *error.words)
            return None
        self._document.secrets.add(secret)
        return secret

    def _follow(self, scheme: str | None, name: str) -> str:
        if scheme == "env":
            return self._variable(name)
        if scheme == "file":
            return self._file(name)
        advice = "write `${env:NAME}` or `${file:path}`; a plain `${` is written `$${`"
        raise _BrokenReferenceError("holds a reference of an unknown form", advice)

    def _variable(self, name: str) -> str:
        if value := self._env.get(name):
            return value
        message = f"needs the environment variable `{name}`, which is not set or empty"
        raise _BrokenReferenceError(message, f"set {name} for the account that runs the hub")

    def _file(self, name: str) -> str:
        path = self._document.path.parent / name
        value, reason = "", "it is empty"
        try:
            value = path.read_text("utf-8").removesuffix("\n").removesuffix("\r")
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except ValueError:
            reason = "it is not UTF-8 text"
        if value:
            return value
        message = f"needs the file `{name}`, which can't be used ({reason})"
        advice = f"put the value into {path}, readable for the account that runs the hub"
        raise _BrokenReferenceError(message, advice)


class _BrokenReferenceError(Exception):
    """A reference that can't be followed; `words` are message and advice."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.words = (words[0], words[1])
