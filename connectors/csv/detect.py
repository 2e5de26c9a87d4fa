"""From bytes to a table: encoding, headings, delimiter, and whether the file is whole. Pure.

The delimiter and the line of the headings are found by the headings themselves: that is certain
where counting characters guesses. The encoding of a file without a mark is UTF-8 when it can be
read as such, which text in another encoding with one accent in it can't; else what Windows writes
in the Netherlands.
"""

import codecs
import contextlib
import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence

from connectors.csv.columns import KNOWN, NEVER, Column, folded
from connectors.csv.faults import Fault, of_settings, passing
from connectors.csv.models import Layout, Row, Table
from connectors.csv.settings import CsvSettings
from hub.errors import BadConfigError

DELIMITERS = {";": ";", ",": ",", "tab": "\t", "|": "|"}
TITLES = 20  # lines that may stand above the headings
TOLERATED = 0.2  # of the lines may have a wrong number of cells
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = {  # what a file begins with that is no text
    b"PK\x03\x04": Fault.WORKBOOK,
    b"\xd0\xcf\x11\xe0": Fault.OLD_WORKBOOK,
    b"%PDF": Fault.PDF,
    b"\x1f\x8b": Fault.COMPRESSED,
}
_UNUSED = "\x81\x8d\x8f\x90\x9d"  # what cp1252 gives no letter


def table(data: bytes, config: CsvSettings) -> Table:
    """The table in a file.

    Raises:
        RetryableError: it is empty or was cut off, so that nothing may be concluded from it.
        BadConfigError: it can't be understood with these settings.
    """
    text, encoding = decoded(data, config)
    text = _whole(text, config)
    layout = _layout(text, encoding, config)
    rows, broken = _rows(text, layout)
    _judge(text, rows, broken)
    return Table(layout, rows, broken)


def decoded(data: bytes, config: CsvSettings) -> tuple[str, str]:
    """The text, and its encoding.

    Raises:
        RetryableError: there is nothing in it.
        BadConfigError: it is not in the encoding that was said, or in none that is known.
    """
    if not data.strip(b"\0 \r\n\t"):
        raise passing(Fault.EMPTY)
    for mark, fault in _OTHERS.items():
        if data.startswith(mark):
            raise of_settings(fault)
    tried = [config.encoding] if config.encoding != "auto" else list(_likely(data))
    for encoding in tried:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if config.encoding != "auto" or encoding != "cp1252" or not set(_UNUSED) & set(text):
            return text.removeprefix("\ufeff"), encoding.removesuffix("-sig")
    raise of_settings(Fault.ENCODING, tried=", ".join(tried))


def _likely(data: bytes) -> Iterator[str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            yield encoding
            return
    yield "utf-8"
    yield "cp1252"


def _whole(text: str, config: CsvSettings) -> str:
    """Without the last line, where the export promises one.

    Raises:
        RetryableError: it is not there.
    """
    if config.last_line is None:
        return text
    head, _, last = text.rstrip().rpartition("\n")
    if not last.startswith(config.last_line):
        raise passing(Fault.LAST_LINE)
    return head + "\n"


def _layout(text: str, encoding: str, config: CsvSettings) -> Layout:
    found = [
        (len(places), -line, delimiter, headings, places)
        for delimiter in _delimiters(config)
        for line, headings in _first(text, delimiter)
        if (places := _places(headings, config))
    ]
    if not found:
        raise _no_headings(config)
    _, line, delimiter, headings, places = max(found, key=lambda one: one[:2])
    _check(headings, places, config)
    key = _key(headings, places, config)
    return Layout(encoding, delimiter, -line, headings, places, key)


def _delimiters(config: CsvSettings) -> list[str]:
    if config.delimiter == "auto":
        return list(DELIMITERS.values())
    return [DELIMITERS[config.delimiter]]


def _first(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first lines, with where they stand."""
    with contextlib.suppress(csv.Error):
        yield from itertools.islice(_lines(text, delimiter), TITLES)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each line's cells, with where it begins; a cell may go over several lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begun = 1
    for cells in reader:
        yield begun, [cell.strip() for cell in cells]
        begun = reader.line_num + 1


def _places(headings: Sequence[str], config: CsvSettings) -> dict[Column, int]:
    """Which column is what, by the settings first and by what the hub knows after that."""
    folds = [folded(one) for one in headings]
    named = {folded(heading): column for column, heading in config.columns.items()}
    found: dict[Column, int] = {}
    for place, fold in enumerate(folds):
        column = named.get(fold)
        if column is None and (known := KNOWN.get(fold)) not in config.columns:
            column = known
        if column and column not in config.ignore and column not in found and fold not in NEVER:
            found[column] = place
    return found


def _check(headings: Sequence[str], places: Mapping[Column, int], config: CsvSettings) -> None:
    folds = [folded(one) for one in headings]
    wanted = [*config.columns.values(), *config.key]
    if missing := [one for one in wanted if folded(one) not in folds]:
        raise of_settings(Fault.MISSING, missing=_quoted(missing), headings=_quoted(headings))
    used = [folds[place] for place in places.values()] + [folded(one) for one in config.key]
    if twice := sorted({one for one in used if folds.count(one) > 1}):
        shown = [one for one in headings if folded(one) in twice]
        raise of_settings(Fault.TWICE, columns=_quoted(shown))
    if not {Column.DISPLAY_NAME, Column.FAMILY_NAME} & set(places):
        raise _no_headings(config)


def _key(
    headings: Sequence[str], places: Mapping[Column, int], config: CsvSettings
) -> tuple[int, ...]:
    folds = [folded(one) for one in headings]
    if config.key:
        return tuple(folds.index(folded(one)) for one in config.key)
    if Column.EMPLOYEE_NUMBER not in places:
        raise of_settings(Fault.NO_KEY, headings=_quoted(headings))
    return (places[Column.EMPLOYEE_NUMBER],)


def _no_headings(config: CsvSettings) -> BadConfigError:
    if config.delimiter == "auto":
        return of_settings(Fault.NO_HEADINGS, lines=TITLES)
    return of_settings(Fault.NO_HEADINGS_BY, lines=TITLES, delimiter=config.delimiter)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)


def _rows(text: str, layout: Layout) -> tuple[list[Row], list[tuple[int, int]]]:
    """The rows behind the headings, and the lines that do not fit.

    Raises:
        RetryableError: the file ends inside a cell.
    """
    rows, broken = [], []
    wanted, line = len(layout.headings), 0
    try:
        for line, cells in _lines(text, layout.delimiter):
            if line <= layout.line or not any(cells):
                continue
            if len(cells) != wanted:
                broken.append((line, len(cells)))
            else:
                rows.append(Row(line, cells))
    except csv.Error as error:
        raise passing(Fault.DAMAGED, line=line, error=str(error)) from error
    return rows, broken


def _judge(text: str, rows: Sequence[Row], broken: Sequence[tuple[int, int]]) -> None:
    """Whether this can be the whole file.

    Raises:
        RetryableError: it can't.
    """
    last = rows[-1].line if rows else 0
    ended = text.endswith(("\n", "\r"))
    breaks = broken[-1][0] if broken and broken[-1][0] > last else 0
    if not ended and (breaks or not rows):
        raise passing(Fault.CUT, line=breaks or 1)
    if len(broken) > TOLERATED * (len(rows) + len(broken)):
        many, of = len(broken), len(rows) + len(broken)
        raise passing(Fault.RAGGED, many=many, of=of, line=broken[0][0])
