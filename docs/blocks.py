"""Markdown as steps to follow: commands with what they promise, files to write, pages to open.

A block of `console` holds commands after `$ ` and, below each, what it prints; `...` stands for
anything. A block of `bash` is a script, typed line by line. A block of `yaml` whose first line is a comment with a
file name is written to that file. An HTML comment before a block says otherwise, or more:

    <!-- not run: REASON -->     the next block is shown, not run
    <!-- look: WORD | TEXT -->   the last address printed on a line with WORD shows TEXT
    <!-- goal -->                here the reader has what the page is for; commands are counted
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^```(\w*)\s*$")
_COMMENT = re.compile(r"^<!--\s*(not run|look|goal)(?::\s*(.*?))?\s*-->$")
_FILE = re.compile(r"^# ([\w./-]+\.ya?ml)$")


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type.

    Attributes:
        promised: the lines that it prints, `...` for anything between.
        skipped: why it is not run here; empty: it is.
        exit_code: what it ends with; a line `[exit N]` promises another than 0.
    """

    line: int
    text: str
    promised: tuple[str, ...] = ()
    skipped: str = ""
    exit_code: int = 0

    @property
    def background(self) -> bool:
        """Whether it goes on while the next command is typed."""
        return self.text.rstrip().endswith("&")


@dataclass(frozen=True, slots=True)
class File:
    """A file to write."""

    line: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a YAML file, shown only; it must be YAML."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """A page to open: the last printed address beside `word` shows `text`."""

    line: int
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Goal:
    """Here the reader has what the page is for."""

    line: int


Step = Command | File | Snippet | Look | Goal


def steps(markdown: str) -> list[Step]:
    """The steps of a page, in order."""
    return list(_steps(markdown.splitlines()))


def _steps(lines: list[str]) -> Iterator[Step]:
    skipped, at = "", 0
    while at < len(lines):
        if said := _COMMENT.match(lines[at]):
            skipped = said[2] or "" if said[1] == "not run" else skipped
            yield from _remark(at + 1, said[1], said[2] or "")
        elif fence := _FENCE.match(lines[at]):
            end = lines.index("```", at + 1)
            yield from _block(fence[1], at + 2, lines[at + 1 : end], skipped)
            skipped, at = "", end
        at += 1


def _remark(line: int, what: str, rest: str) -> Iterator[Step]:
    if what == "goal":
        yield Goal(line)
    elif what == "look":
        word, _, text = rest.partition(" | ")
        yield Look(line, word, text)


def _block(language: str, line: int, body: list[str], skipped: str) -> Iterator[Step]:
    if language == "bash":
        yield from _commands(line, _prompted(body), skipped)
    elif language == "console":
        yield from _commands(line, body, skipped)
    elif language == "yaml":
        named = _FILE.match(body[0]) if body else None
        text = "\n".join(body) + "\n"
        yield File(line, named[1], text) if named and not skipped else Snippet(line, text)


def _prompted(body: list[str]) -> list[str]:
    """A script as if it were typed line by line."""
    before = ["", *body]
    return [
        one if before[at].endswith("\\") or not one.strip() or one.startswith("#") else f"$ {one}"
        for at, one in enumerate(body)
    ]


def _commands(line: int, body: list[str], skipped: str) -> Iterator[Command]:
    starts = [at for at, text in enumerate(body) if text.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        typed, promised = _split(body[start:end])
        code = next((int(one[6:-1]) for one in promised if re.match(r"\[exit \d+\]$", one)), 0)
        kept = tuple(one for one in promised if not one.startswith("[exit "))
        yield Command(line + start, typed, kept, skipped, code)


def _split(body: list[str]) -> tuple[str, list[str]]:
    """What is typed, over several lines where each but the last ends in a backslash."""
    size = 1
    while body[size - 1].endswith("\\"):
        size += 1
    typed = "\n".join([body[0].removeprefix("$ "), *body[1:size]])
    return typed, [one for one in body[size:] if one.strip()]


def missing(promised: Sequence[str], printed: Sequence[str]) -> str:
    """The first promised line that was not printed in its place; empty: all were.

    `...` alone on a line is any number of lines, within a line any text; spaces at the ends and
    runs of spaces do not count.
    """
    at, anywhere = 0, True
    lines = [_plain(one) for one in printed]
    for wanted in promised:
        if wanted.strip() == "...":
            anywhere = True
            continue
        pattern = re.compile(".*".join(map(re.escape, _plain(wanted).split("..."))))
        rest = range(at, len(lines) if anywhere else min(at + 1, len(lines)))
        found = next((spot for spot in rest if pattern.fullmatch(lines[spot])), None)
        if found is None:
            return wanted
        at, anywhere = found + 1, False
    return ""


def _plain(text: str) -> str:
    return " ".join(text.split())
