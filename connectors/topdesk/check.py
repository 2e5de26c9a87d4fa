"""What `hub check` says about one TOPdesk: cheap, reads only, never raises."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors.topdesk import calendar, mapping, own
from connectors.topdesk.client import FILTERS, TopdeskClient, since
from connectors.topdesk.settings import TopdeskSettings
from hub.contract import Finding
from hub.errors import AuthFailedError, BadConfigError, HubError, PermissionMissingError

SKEW_EXACT = 2.0  # seconds; the header that tells the time has whole ones
SKEW_WARNING = 30.0  # seconds
SKEW_FAILED = 300.0
_SAMPLE = datetime(2026, 1, 1, tzinfo=UTC)
_READ_RIGHT = (
    "give the operator's permission group the right to read first and second line incidents, and "
    "`API access: REST API`"
)


async def findings(
    settings: TopdeskSettings, client: TopdeskClient, now: datetime
) -> Sequence[Finding]:
    """All findings. After a refused login nothing more is tried: the account could be locked."""
    found = [_address(settings), _links(settings)]
    try:
        found += await _server(client, now)
        found += await _operator(client)
        found += await _clauses(settings, client)
        found += await _fields(settings, client)
        found += await _calendar(settings, client, now)
        found += await own.findings(client, settings)
    except AuthFailedError as error:
        found.append(Finding("failed", "login", f"{error} Nothing more was tried."))
    except PermissionMissingError as error:
        found.append(Finding("failed", "right to read incidents", f"{error} To do: {_READ_RIGHT}."))
    except HubError as error:
        found.append(Finding("failed", "connection", str(error)))
    return tuple(found)


def _address(settings: TopdeskSettings) -> Finding:
    parts = urlsplit(settings.origin())
    shown = f"address {settings.api()}"
    if parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}:
        return Finding("ok", shown)
    return Finding("warning", shown, "the password travels unprotected: use https.")


def _links(settings: TopdeskSettings) -> Finding:
    address = settings.details_url.format(origin=settings.origin(), id="<id>", number="<number>")
    if "{id}" in settings.details_url or "{number}" in settings.details_url:
        return Finding("ok", f"link {address}")
    advice = "every major gets the same link: put {id} into `details_url`."
    return Finding("warning", f"link {address}", advice)


async def _server(client: TopdeskClient, now: datetime) -> list[Finding]:
    version, clock = await client.version()
    return [Finding("ok", f"version {version}"), _skew(clock, now)]


def _skew(clock: datetime | None, now: datetime) -> Finding:
    if clock is None:
        return Finding("warning", "clock", "the server does not tell its time.")
    off = (clock - now).total_seconds()
    if abs(off) <= SKEW_EXACT:
        return Finding("ok", "clock agrees with ours")
    shown = f"clock, {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} ours"
    advice = "let both servers take their time from the same NTP server."
    if abs(off) > SKEW_FAILED:
        return Finding("failed", shown, advice)
    return Finding("warning", shown, advice) if abs(off) > SKEW_WARNING else Finding("ok", shown)


async def _operator(client: TopdeskClient) -> list[Finding]:
    """The login and what its view is limited to; a person's login is no operator's."""
    try:
        operator = await client.operator()
    except PermissionMissingError:
        advice = "use an operator account: a person's account does not see majors of others."
        return [Finding("failed", "login", advice)]
    return [Finding("ok", "login"), *[await _view(client, operator, kind) for kind in FILTERS]]


async def _view(client: TopdeskClient, operator: str, kind: str) -> Finding:
    """A limited view is silent: what it hides is simply absent, without an error."""
    what = f"view by {kind}"
    try:
        names = await client.filters(operator, kind)
    except PermissionMissingError:
        advice = "can't be seen without the right to read operators and filters; check by hand."
        return Finding("warning", what, advice)
    if not names:
        return Finding("ok", f"{what}: everything")
    advice = f"this account sees only {', '.join(names)}: majors of others never reach the hub."
    return Finding("warning", what, advice)


async def _clauses(settings: TopdeskSettings, client: TopdeskClient) -> list[Finding]:
    asked = [*mapping.clauses(settings), since(_SAMPLE)]
    return [_clause(clause, understood=await client.accepts(clause)) for clause in asked]


def _clause(clause: str, *, understood: bool) -> Finding:
    if understood:
        return Finding("ok", f"condition {clause}")
    if clause.startswith("modificationDate"):
        advice = "more incidents than one page can't be read: raise `page_size`."
    else:
        advice = "the server does not know it: the hub filters itself, and reads more for it."
    return Finding("warning", f"condition {clause}", advice)


async def _fields(settings: TopdeskSettings, client: TopdeskClient) -> list[Finding]:
    """All at once; one by one only to find out which one is refused."""
    asked = mapping.fields(settings)
    if await client.accepts_fields(asked):
        return [Finding("ok", f"fields {', '.join(asked)}")]
    return [_field(name, known=await client.accepts_fields((name,))) for name in asked]


def _field(name: str, *, known: bool) -> Finding:
    if known:
        return Finding("ok", f"field {name}")
    advice = "the server refuses it, so no major can be read: choose another field in the settings."
    return Finding("failed", f"field {name}", advice)


async def _calendar(
    settings: TopdeskSettings, client: TopdeskClient, now: datetime
) -> list[Finding]:
    """Whether planned changes can be read, how many were chosen, and whether the choice counts."""
    chosen = settings.maintenance
    if chosen is None:
        return []
    start, end = calendar.window(chosen, now)
    try:
        rows = await client.changes(calendar.params(chosen, start, end))
        await calendar.prove(client, chosen, start, end)
    except PermissionMissingError:
        advice = "give the operator's permission group the right to read changes."
        return [Finding("failed", "right to read changes", advice)]
    except BadConfigError as error:
        return [Finding("failed", "choice of changes", str(error))]
    if rows:
        return [Finding("ok", f"{len(rows)} changes chosen")]
    advice = "no change in the period: check the names in `maintenance`, if some are planned."
    return [Finding("warning", "no change chosen", advice)]
