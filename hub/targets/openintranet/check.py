"""What works and what is missing on an intranet; nothing is changed by looking."""

import email.utils
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from hub.contract import Capabilities, Finding
from hub.errors import AuthFailedError, HubError, PermissionMissingError
from hub.events.objects import Kind
from hub.http import Answer
from hub.targets.openintranet.client import OpenApi
from hub.targets.openintranet.models import OpenIntranetSettings

SKEW = 60.0  # seconds between the clocks that nobody notices
NEEDED = (Kind.TILE_ITEM, Kind.FRESHNESS)
_PEOPLE = frozenset({Kind.PERSON, Kind.GROUP, Kind.MEMBERSHIP})


async def check(
    config: OpenIntranetSettings, api: OpenApi, now: Callable[[], datetime]
) -> Sequence[Finding]:
    """Findings, in the order in which things depend on each other; never raises."""
    try:
        can, answer = await api.capabilities()
    except HubError as error:
        return [_failed(error, config)]
    capabilities = can.capabilities()
    findings = [Finding("ok", f"{config.address()} answers and takes the token")]
    findings += [await _right(api), *_kinds(capabilities), _groups(capabilities)]
    return [*findings, *_clock(answer, now()), *_open(config)]


def _failed(error: HubError, config: OpenIntranetSettings) -> Finding:
    what = f"{config.address()} can't be used"
    if isinstance(error, AuthFailedError):
        return Finding(
            "failed",
            f"{config.address()} refused the token",
            "Ask the intranet's administrator for a token that may write, and set `token`.",
        )
    return Finding("failed", what, f"{error} Check `url` and the way to it.")


async def _right(api: OpenApi) -> Finding:
    try:
        await api.try_right(Kind.FRESHNESS)
    except PermissionMissingError:
        return Finding(
            "failed",
            "the token may only read",
            "Ask the intranet's administrator for a token that may write.",
        )
    except HubError as error:
        return Finding("failed", "the right to write could not be tried", str(error))
    return Finding("ok", "the token may write")


def _kinds(can: Capabilities) -> Iterator[Finding]:
    for kind in NEEDED:
        ability = can.kinds.get(kind)
        if ability is None or not (ability.upsert and ability.delete):
            yield Finding(
                "failed",
                f"this intranet can't keep {kind}",
                "It needs a newer version of the reference open API.",
            )
    if missing := sorted(_PEOPLE - can.kinds.keys()):
        yield Finding("ok", f"no people can be published there: it keeps no {', '.join(missing)}")
    shown = ", ".join(sorted(can.kinds)) or "nothing"
    yield Finding("ok", f"it can show: {shown}")


def _groups(can: Capabilities) -> Finding:
    if can.groups is None:
        return Finding(
            "warning",
            "the intranet does not say which groups it has",
            "Compare the names in `audiences` with the intranet yourself.",
        )
    return Finding("ok", f"groups: {', '.join(sorted(can.groups)) or 'none, only everyone'}")


def _clock(answer: Answer, now: datetime) -> Iterator[Finding]:
    try:
        theirs = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    theirs = theirs.replace(tzinfo=theirs.tzinfo or UTC)
    skew = abs((theirs - now).total_seconds())
    if skew > SKEW:
        yield Finding(
            "warning",
            f"the clocks differ by {skew:.0f} seconds",
            "Let both servers follow a time server: tiles would look stale, or fresh, too long.",
        )


def _open(config: OpenIntranetSettings) -> Iterator[Finding]:
    if config.in_the_open():
        yield Finding(
            "warning",
            "the token crosses the network without TLS",
            "Use an https address.",
        )
