"""Everything that can be wrong with a file or a row: its code, its English words, its error.

Pages in other languages have words of their own for each code, so a new one needs them too. Values
name columns, lines and numbers, never what stands in somebody's cell.
"""

from collections.abc import Mapping
from enum import StrEnum

from hub.contract import Unreadable
from hub.errors import BadConfigError, Coded, RetryableError


class Fault(StrEnum):
    """What is wrong; the code of its words."""

    CELLS = "csv-cells"  # of a row, as those below
    KEY_EMPTY = "csv-key-empty"
    KEY_ADDRESS = "csv-key-address"
    KEY_LONG = "csv-key-long"
    NO_NAME = "csv-no-name"
    NEITHER = "csv-neither-yes-nor-no"
    NO_DATE = "csv-no-date"
    SAME_KEY = "csv-same-key"
    EMPTY = "csv-empty"  # of the file, as those below
    WORKBOOK = "csv-workbook"
    OLD_WORKBOOK = "csv-old-workbook"
    PDF = "csv-pdf"
    COMPRESSED = "csv-compressed"
    ENCODING = "csv-encoding"
    LAST_LINE = "csv-last-line"
    MISSING = "csv-missing-columns"
    TWICE = "csv-columns-twice"
    NO_KEY = "csv-no-key"
    NO_HEADINGS = "csv-no-headings"
    NO_HEADINGS_BY = "csv-no-headings-by-delimiter"
    DAMAGED = "csv-damaged"
    CUT = "csv-cut"
    RAGGED = "csv-ragged"
    TOO_LARGE = "csv-too-large"


_SAVE_AS = "and no CSV: open it and save it as `CSV UTF-8`, or let the export write CSV."
_LOOKED_FOR = "it looks for a name at least (Achternaam, Naam). Name the headings in `columns`."

TEXTS: Mapping[Fault, str] = {
    Fault.CELLS: "line {line} has {number} cells, and there are {wanted} headings",
    Fault.KEY_EMPTY: "line {line}: {columns} is empty",
    Fault.KEY_ADDRESS: "line {line}: {columns} is a mail address, which is no key: addresses change",
    Fault.KEY_LONG: "line {line}: {columns} has more than {most} characters",
    Fault.NO_NAME: "line {line}: the row has no name",
    Fault.NEITHER: "line {line}: `{column}` says neither yes nor no",
    Fault.NO_DATE: "line {line}: `{column}` is no date",
    Fault.SAME_KEY: "the same key stands in the lines {lines}",
    Fault.EMPTY: "The file is empty: nothing was concluded. Is the export at work?",
    Fault.WORKBOOK: f"The file is a workbook (Excel, LibreOffice), {_SAVE_AS}",
    Fault.OLD_WORKBOOK: f"The file is an old workbook of Excel, {_SAVE_AS}",
    Fault.PDF: f"The file is a PDF, {_SAVE_AS}",
    Fault.COMPRESSED: "The file is compressed (gzip), and no CSV: unpack it, or let the export "
    "write CSV.",
    Fault.ENCODING: "The file can't be read as {tried}: name its encoding in `encoding`, or let the "
    "export write UTF-8.",
    Fault.LAST_LINE: "The file does not end with its `last_line`: it was cut off, or is still being "
    "written. Nothing was concluded.",
    Fault.MISSING: "The file has no column {missing}; it has {headings}. Correct `columns` and "
    "`key`, or the export.",
    Fault.TWICE: "The file has columns of the same name: {columns}.",
    Fault.NO_KEY: "No column names a row for good; there are {headings}. Write in `key` which one "
    "does: a number that stays with the person, never a name or a mail address.",
    Fault.NO_HEADINGS: "No line with headings that the hub knows stands in the first {lines} lines: "
    + _LOOKED_FOR,
    Fault.NO_HEADINGS_BY: "No line with headings that the hub knows stands in the first {lines} "
    "lines with the delimiter `{delimiter}`: " + _LOOKED_FOR,
    Fault.DAMAGED: "The file breaks off or is damaged inside a quoted cell, behind line {line} "
    "({error}): nothing was concluded.",
    Fault.CUT: "The file breaks off in line {line}: nothing was concluded. Let the export write "
    "under another name first, and rename the file when it is whole.",
    Fault.RAGGED: "{many} of {of} lines have more or fewer cells than there are headings, the first "
    "in line {line}: nothing was concluded.",
    Fault.TOO_LARGE: "{name} has {size:,} bytes, more than `most_bytes` ({most:,}): is this the "
    "right file? If so, raise it.",
}


def unreadable(fault: Fault, key: str | None = None, **values: str | int) -> Unreadable:
    """A row that could not be understood; None: it did not say whose it is."""
    return Unreadable(TEXTS[fault].format(**values), key, coded=Coded(fault.value, values))


def passing(fault: Fault, **values: str | int) -> RetryableError:
    """A file from which nothing may be concluded now."""
    return RetryableError(TEXTS[fault].format(**values), coded=Coded(fault.value, values))


def of_settings(fault: Fault, **values: str | int) -> BadConfigError:
    """A file that can't be understood with these settings."""
    return BadConfigError(TEXTS[fault].format(**values), coded=Coded(fault.value, values))
