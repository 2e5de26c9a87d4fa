"""`hub audit verify`, `head` and `export`: what shows that nobody changed the trail."""

import json as codec
import math
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli import exits
from hub.cli.options import ConfigOption, JsonOption
from hub.cli.output import Output, local
from hub.cli.permit import permit
from hub.cli.session import Session, actor, now, run, session
from hub.errors import BadConfigError
from hub.settings.administrators import Role
from hub.store import heads, trail
from hub.store.chain import Fault, Head, Verifier
from hub.store.store import Store
from hub.store.trail import PART

EXPORTED = ("seq", "prev", "digest", "at", "actor", "action", "body", "nonce", "what", "erased")

Heads = Annotated[
    Path | None,
    typer.Option(
        "--head",
        metavar="FILE",
        help="Heads that were exported, such as a copy kept elsewhere; hub.yaml's unless named.",
        show_default=False,
    ),
]
Where = Annotated[Path, typer.Argument(metavar="FILE", help="Where to; an older one is replaced.")]


# --- verify ---------------------------------------------------------------------------------------


def verify(*, file: Heads = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Find out whether anybody altered the trail, or took rows out of it.

    Exit code 1 when somebody did. Only heads that were exported show that its end was cut off or that
    all of it was replaced.
    """
    code = run(_verify(Output(json=json), config, file))
    if code:
        raise typer.Exit(code)


async def _verify(out: Output, config: Any, file: Path | None) -> int:
    async with session(config, out, made=True) as one:
        exported = _exported(out, one, file)
        verifier = Verifier(exported)
        async for row in _rows(one.store, out, "verifying"):
            verifier.take(row)
        faults = verifier.faults(await one.store.read(trail.strays))
    _show(out, one, verifier, faults, exported)
    return exits.FAILED if faults else exits.OK


def _exported(out: Output, one: Session, file: Path | None) -> list[Head]:
    if file is not None and not file.is_file():
        raise BadConfigError(f"There is no file {file} with heads: check `--head`.")
    path = file or one.settings.heads
    found, bad = heads.read(path)
    if bad:
        lines = ", ".join(map(str, bad))
        out.warn(f"{path}: no head stands in line {lines}; compare it with a copy of the file.")
    return found


async def _rows(store: Store, out: Output, doing: str) -> AsyncIterator[Any]:
    """The whole trail, a part in each transaction.

    It goes to the end as it is then: a row that was erased meanwhile is vouched for by a later one.
    """
    after: int | None = None
    parts = math.ceil(await store.read(trail.count) / PART)
    with out.progress(doing, parts) as steps:
        while found := await store.read(trail.part, after):
            for row in found:
                yield row
            after = found[-1].seq
            steps.end()


def _show(
    out: Output, one: Session, found: Verifier, faults: Sequence[Fault], exported: Sequence[Head]
) -> None:
    first = {"seq": faults[0].seq, "what": faults[0].kind} if faults else None
    last = exported[-1] if exported else None
    about = {"rows": found.rows, "seq": found.seq, "digest": found.digest, "heads": len(exported)}
    out.document({"whole": not faults, "first": first, "faults": len(faults)} | about)
    if faults:
        out.finding("failed", f"{faults[0].words} ({len(faults)} in all)")
        out.next("keep this store and the heads as they are, and compare with a backup.")
        return
    out.finding("ok", f"{found.rows} rows, each follows from the one before it.")
    if last is None:
        out.finding("warning", "no head was exported: nobody could see that the end was cut off.")
        out.next("`hub audit head` exports one; the running hub does so once a day.")
        return
    out.finding("ok", f"{len(exported)} heads, the newest of {local(last.at, one.zone)}.")
    out.next("keep a copy of the heads where nobody who can change the store can change it.")


# --- head and export ------------------------------------------------------------------------------


def head(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Write down the newest row's digest, outside the store; the running hub does so once a day."""
    run(_head(Output(json=json), config))


async def _head(out: Output, config: Any) -> None:
    async with session(config, out, made=True) as one:
        path = one.settings.heads
        found = await one.store.read(trail.head, now())
        earlier, _ = heads.read(path)
        if found is None:
            out.document(None)
            out.say("Nobody did anything yet: there is no head.")
            out.next("nothing to do.")
            return
        known = bool(earlier) and (earlier[-1].seq, earlier[-1].digest) == (found.seq, found.digest)
        if not known:
            heads.append(path, found)
    document = {"at": found.at, "seq": found.seq, "digest": found.digest}
    out.document(document | {"file": str(path), "written": not known})
    out.say(heads.line(found))
    out.say(f"{'It stood in' if known else 'Added to'} {path}.")
    out.next("keep a copy of that line where nobody who can change the store can change it.")


def export(file: Where, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Write the whole trail as JSON lines, with the digests by which others can verify it.

    That it was exported is a row of its own, in the file as well.
    """
    run(_export(Output(json=json), config, file))


async def _export(out: Output, config: Any, file: Path) -> None:
    async with session(config, out, made=True) as one:
        await permit(one, Role.VIEWER)
        beside = file.with_name(file.name + ".new")
        try:
            beside.touch(mode=0o600, exist_ok=False)
            rows = await _write(out, one.store, beside, file.name)
            beside.replace(file)
        except OSError as error:
            raise BadConfigError(
                f"The trail can't be written to {file}: {error.strerror}. Name a file in a folder "
                f"where you may write; a {beside.name} that was left there can be removed."
            ) from error
    out.document({"file": str(file), "rows": rows})
    out.say(
        f"{rows} rows are in {file}. They tell who did what: keep the file as you keep the store."
    )
    out.next("verify it anywhere, as docs/howto/who-did-what.md shows.")


async def _write(out: Output, store: Store, path: Path, name: str) -> int:
    what = {"file": name}
    await store.write(trail.note, actor=actor(), action="audit export", what=what, now=now())
    rows = 0
    with path.open("w", encoding="utf-8") as lines:
        async for row in _rows(store, out, "exporting"):
            lines.write(codec.dumps(_line(row), ensure_ascii=False) + "\n")
            rows += 1
    return rows


def _line(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in EXPORTED}
