"""What works and what is missing on a SCIM server; nothing is changed by looking."""

from collections.abc import Iterator, Sequence

from hub.contract import Finding
from hub.errors import AuthFailedError, HubError
from hub.events.objects import Kind
from hub.targets.scim.client import Scim
from hub.targets.scim.fields import Fields, fields_of
from hub.targets.scim.models import Provider
from hub.targets.scim.settings import Existing, ScimSettings

NOBODY = "intranet-hub-check"  # a key that nobody has


async def check(config: ScimSettings, api: Scim) -> Sequence[Finding]:
    """Findings, in the order in which things depend on each other; never raises."""
    try:
        provider, _ = await api.provider()
        found = await api.search("Users", "externalId", NOBODY)
        named = await api.search("Users", "userName", NOBODY)
        fields = fields_of(await api.schemas(), Kind.PERSON)
    except HubError as error:
        return [_failed(error, config)]
    return [
        Finding("ok", f"{config.address()} answers and takes the token"),
        *_abilities(provider),
        *_searching(by_key=found, by_name=named),
        *_keeping(fields),
        *_choices(config),
    ]


def _failed(error: HubError, config: ScimSettings) -> Finding:
    if isinstance(error, AuthFailedError):
        return Finding(
            "failed",
            f"{config.address()} refused the token",
            "Ask its administrator for a token that may read and write users and groups.",
        )
    return Finding("failed", f"{config.address()} can't be used", f"{error} Check `url`.")


def _abilities(provider: Provider) -> Iterator[Finding]:
    if not provider.patch.supported:
        yield Finding(
            "failed",
            "the server has no PATCH",
            "The hub changes only its own fields, which needs PATCH: use another target.",
        )
    extra = {"Bulk": provider.bulk.supported, "versions (ETag)": provider.etag.supported}
    has = ", ".join(name for name, there in extra.items() if there) or "neither Bulk nor versions"
    yield Finding("ok", f"it has {has}")
    if not provider.etag.supported:
        yield Finding(
            "warning",
            "it keeps no versions",
            "What somebody else changed in the hub's fields is overwritten unseen.",
        )


def _searching(*, by_key: object, by_name: object) -> Iterator[Finding]:
    missing = [name for name, found in (("externalId", by_key), ("userName", by_name)) if found]
    refused = [
        name for name, found in (("externalId", by_key), ("userName", by_name)) if found is None
    ]
    if not missing and not refused:
        yield Finding("ok", "it finds accounts by externalId and by userName")
        return
    yield Finding(
        "warning",
        f"it can't find accounts by {' and '.join(missing + refused)}",
        "The hub lists everybody instead, which takes longer.",
    )


def _keeping(fields: Fields) -> Iterator[Finding]:
    if not fields.keeps_id:
        yield Finding(
            "warning",
            "it keeps no externalId",
            "The hub knows its accounts there by the server's own ids alone: `hub drift` can't list "
            "them, and a create that was cut off waits for you in `hub dead-letters`.",
        )
    unknown = [one for one in ("displayName", "emails", "title", "active") if not fields.has(one)]
    if unknown:
        yield Finding("warning", f"it does not know {', '.join(unknown)}", "The hub leaves it out.")


def _choices(config: ScimSettings) -> Iterator[Finding]:
    if config.existing is Existing.ADOPT:
        yield Finding(
            "warning",
            "accounts with the same userName are taken over",
            "`existing: refuse` leaves them alone.",
        )
    if config.in_the_open():
        yield Finding(
            "warning", "the token crosses the network without TLS", "Use an https address."
        )
