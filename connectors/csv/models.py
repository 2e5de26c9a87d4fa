"""A file as it was found, and the table in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.csv.columns import Column


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the folder.

    Attributes:
        name: its name, without the folder.
        modified: nanoseconds since 1970, by the clock of whoever holds the file.
        size: bytes.
    """

    name: str
    modified: int
    size: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line with something in it.

    Attributes:
        line: where it begins in the file, from 1.
        cells: as they stand there, without spaces around them; as many as there are headings.
    """

    line: int
    cells: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found out about a file.

    Attributes:
        encoding: `utf-8`, `cp1252` ...
        delimiter: one character.
        line: where the headings stand, from 1.
        headings: all of them.
        places: which column is what.
        key: the columns that make the key.
    """

    encoding: str
    delimiter: str
    line: int
    headings: Sequence[str]
    places: Mapping[Column, int]
    key: Sequence[int]

    @property
    def unused(self) -> list[str]:
        """Headings of columns that are not read."""
        used = {*self.places.values(), *self.key}
        return [name for place, name in enumerate(self.headings) if place not in used and name]


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file.

    Attributes:
        broken: lines that have more or fewer cells than there are headings, and how many.
    """

    layout: Layout
    rows: Sequence[Row]
    broken: Sequence[tuple[int, int]]
