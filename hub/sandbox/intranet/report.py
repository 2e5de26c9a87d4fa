"""What the sandbox intranet saw, from its own log, objects and pages: the proof of a story."""

import html
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

from hub.sandbox.intranet.app import IntranetSandbox
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.options import Language
from hub.sandbox.intranet.pages import Viewer
from hub.sandbox.intranet.state import LoggedRequest, canonical

EVERYONE = "everyone"

_LANGUAGES: tuple[Language, Language] = ("nl", "en")


class _Rows(HTMLParser):
    """Collects the keys of the tile items that a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that carries the key of a tile item."""
        self.found.extend(value or "" for name, value in attrs if name == "data-tile-item")


def shown_items(sandbox: IntranetSandbox, audience: str = EVERYONE) -> list[str]:
    """Return the keys of the rows on the dashboard of a colleague of this group.

    `everyone` is a colleague without a group, who sees only what is for everyone.
    """
    group = None if audience == EVERYONE else audience
    if group is not None and group not in sandbox.options.groups:
        raise ValueError(f"The intranet has no group {audience}")
    rows = _Rows()
    rows.feed(sandbox.pages.dashboard(Viewer(sandbox.options.language, group)))
    return rows.found


def tile_items(sandbox: IntranetSandbox, audience: str = EVERYONE) -> int:
    """Count the rows that `shown_items` finds."""
    return len(shown_items(sandbox, audience))


def timeline_posts(sandbox: IntranetSandbox) -> int:
    """Count the posts that other systems put on the timeline."""
    return len(sandbox.store.of_kind(Kind.TIMELINE))


def changes(sandbox: IntranetSandbox) -> int:
    """Count the writes to rows of tiles that the intranet carried out."""
    rows = f"/{Kind.TILE_ITEM}/"
    done = (one for one in sandbox.requests if one.applied and not one.replayed)
    return sum(one.method in {"PUT", "DELETE"} and rows in one.path for one in done)


def calls(sandbox: IntranetSandbox) -> int:
    """Count the requests to the API, whatever came of them; a batch is one."""
    return sum(not one.in_batch for one in sandbox.requests)


def leaks(sandbox: IntranetSandbox, canaries: Iterable[str]) -> list[str]:
    """Say where any of these texts came through: requests, stored objects or pages.

    Upper and lower case are the same; JSON and HTML escapes are undone before looking.
    """
    wanted = [canary for canary in canaries if canary]
    places = list(_places(sandbox))
    return [
        f"{canary!r} in {place}"
        for canary in wanted
        for place, text in places
        if canary.casefold() in text.casefold()
    ]


def _places(sandbox: IntranetSandbox) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(sandbox.requests, start=1):
        where = f"request {number}, {one.method} {one.path}"
        yield where, "\n".join((one.path, one.query, one.body, *_strings(_parsed(one.body))))
    for stored in sandbox.store:
        where = f"object {stored.kind}/{stored.external_id}"
        yield where, "\n".join((stored.external_id, *_strings(stored.body)))
    yield from _pages(sandbox)


def _pages(sandbox: IntranetSandbox) -> Iterator[tuple[str, str]]:
    for language in _LANGUAGES:
        for group in (None, *sandbox.options.groups):
            viewer = Viewer(language, group)
            for name, write in (
                ("/", sandbox.pages.dashboard),
                ("/timeline", sandbox.pages.timeline),
            ):
                page = write(viewer)
                place = f"page {name} in {language} for {group or EVERYONE}"
                yield place, page + "\n" + html.unescape(page)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def duplicates(sandbox: IntranetSandbox) -> list[str]:
    """Say what was published twice.

    Two sorts: a body that was carried out for the same object twice in a row under different
    idempotency keys (freshness excluded, it is renewed), and objects with different keys that
    carry the same title on the same tile for the same audience.
    """
    return [*_repeated_writes(sandbox.requests), *_twins(sandbox)]


def _repeated_writes(log: Sequence[LoggedRequest]) -> Iterator[str]:
    last: dict[str, LoggedRequest] = {}
    for one in log:
        if not one.applied or one.path.startswith(f"/v1/{Kind.FRESHNESS}/"):
            continue
        before = last.get(one.path)
        last[one.path] = one
        if before is not None and one.method == before.method == "PUT" and _again(before, one):
            yield f"the same body again: PUT {one.path}"


def _again(before: LoggedRequest, one: LoggedRequest) -> bool:
    other_key = one.idempotency_key is None or one.idempotency_key != before.idempotency_key
    return other_key and one.digest == before.digest


def _twins(sandbox: IntranetSandbox) -> Iterator[str]:
    seen: dict[str, list[str]] = defaultdict(list)
    for one in sandbox.store.of_kind(Kind.TILE_ITEM):
        same = {name: one.body[name] for name in ("tile", "title", "audience")}
        seen[canonical(same)].append(one.external_id)
    for keys in seen.values():
        for key in keys[1:]:
            yield f"the same title as {keys[0]}: tile-item/{key}"
