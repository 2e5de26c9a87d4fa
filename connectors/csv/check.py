"""What `hub check` says about the folder and its newest file."""

from collections.abc import Sequence

from connectors.csv import detect, mapping
from connectors.csv.client import Folder
from connectors.csv.columns import Column
from connectors.csv.models import Found, Table
from connectors.csv.settings import CsvSettings
from hub.contract import Batch, Finding, Understood
from hub.errors import HubError

BROUGHT = Finding("ok", "people bring the file: `hub people import FILE`, a call or the page")


async def findings(config: CsvSettings, folder: Folder) -> Sequence[Finding]:
    """Folder, newest file, its layout, its lines; changes nothing and never raises."""
    try:
        files = await folder.files()
        if not files:
            return (_none(config),)
        table = detect.table(await folder.read(files[0]), config)
    except HubError as error:
        return (Finding("failed", f"the files in {config.folder}", str(error)),)
    return (
        Finding("ok", f"{files[0].name}, the newest of {len(files)} in {config.folder}"),
        *described(table, config),
        *_memory(files),
    )


def _none(config: CsvSettings) -> Finding:
    return Finding(
        "failed",
        f"no file in {config.folder} fits `{config.pattern}`",
        "Let the export put a file there, or correct `folder` and `pattern`.",
    )


def described(table: Table, config: CsvSettings) -> list[Finding]:
    """The layout that was found, and what of the rows can't be understood."""
    layout = table.layout
    shown = _delimiter(table)
    read = ", ".join(f"{layout.headings[place]} = {one}" for one, place in layout.places.items())
    key = " and ".join(f"`{layout.headings[place]}`" for place in layout.key)
    found = [
        Finding("ok", f"{layout.encoding}, delimiter {shown}, headings in line {layout.line}"),
        Finding("ok", f"read: {read}; the key is {key}"),
    ]
    if layout.unused:
        found.append(Finding("ok", f"not read: {', '.join(layout.unused)}"))
    if Column.ENDS not in layout.places:
        advice = (
            "Nobody leaves by a date. If the export has one, name it in `columns: {ends: ...}`."
        )
        found.append(Finding("warning", "no column says when a contract ends", advice))
    return [*found, _rows(table, config)]


def understood(table: Table) -> Understood:
    """The layout that was found, column by column; still without anybody in it."""
    layout = table.layout
    fields = {place: str(column) for column, place in layout.places.items()}
    return Understood(
        form={
            "encoding": layout.encoding,
            "delimiter": _delimiter(table),
            "headings": str(layout.line),
            "rows": str(len(table.rows) + len(table.broken)),
        },
        columns=[(name, fields.get(at)) for at, name in enumerate(layout.headings) if name],
        key=[layout.headings[place] for place in layout.key],
        batch=Batch(),
    )


def _delimiter(table: Table) -> str:
    return {"\t": "tab"}.get(table.layout.delimiter, table.layout.delimiter)


def _rows(table: Table, config: CsvSettings) -> Finding:
    records, faults = mapping.records(table, config, "")
    if not faults:
        return Finding("ok", f"{len(records)} people")
    shown = "; ".join(one.reason for one in faults[:5])
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    advice = f"Correct them where they come from: {shown}{more}."
    return Finding("warning", f"{len(records)} people, {len(faults)} lines not understood", advice)


def _memory(files: Sequence[Found]) -> list[Finding]:
    if len(files) > 1:
        return []
    advice = (
        "Let each export have a name of its own, with the date in it, and keep the last few: then "
        "two different files must agree before anybody counts as gone."
    )
    return [Finding("warning", "only one file is there", advice)]
