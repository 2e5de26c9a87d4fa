"""From settings to a runner: the one place where configuration, plug-ins and engine meet."""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from hub.contract import Context
from hub.engine.configuration import Source
from hub.engine.forgetting import Keep
from hub.engine.runner import Runner
from hub.engine.telling import Later, Tells
from hub.errors import HubError
from hub.events.base import fingerprint
from hub.http import HttpFactory, HttpOptions, Sleep
from hub.people.policy import Policy
from hub.settings import Instance, Settings
from hub.store.store import Store
from hub.store.streams import SETTINGS
from hub.telemetry import Veil

if TYPE_CHECKING:
    import httpx


async def assemble(
    settings: Settings,
    store: Store,
    *,
    now: Callable[[], datetime],
    log: Any,
    rng: random.Random | None = None,
    sleep: Sleep = asyncio.sleep,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Runner:
    """A runner over every instance and target that can be used; `start` it before it works.

    A plug-in that breaks while it is made is logged and left out: the others go on.
    """
    make = _Make(now, log, sleep, transport)
    targets = {
        one.id: made
        for one in settings.targets
        if (made := make(one.id, one.http, one.target_class, one.config, delivery=True)) is not None
    }
    stale_after = {name: tile.stale_after for name, tile in settings.hub.tiles.items()}
    sources = {
        one.id: _source(one, made, stale_after)
        for one in settings.instances
        if (made := make(one.id, one.http, one.connector_class, one.config)) is not None
    }
    failed = {one.id for one in settings.instances} - sources.keys()
    return Runner(
        store,
        sources,
        targets,
        now,
        log,
        rng or random.SystemRandom(),
        broken={*settings.broken, *failed},
        veil=Veil(settings.secrets),
        keep=Keep(**dict(settings.hub.retention)),
        people=_policy(settings),
        heads=settings.heads,
        teller=Later(store, partial(_teller, settings, store, now, log)),
        sleep=sleep,
    )


def _policy(settings: Settings) -> Policy:
    """Of what hub.yaml says of people, what the steps of the engine rest on."""
    given = dict(settings.hub.people) | {"accounts": settings.hub.people.kept}
    return Policy(**{name: given[name] for name in Policy.model_fields})


def _teller(settings: Settings, store: Store, now: Callable[[], datetime], log: Any) -> Tells:
    from hub.engine.notices import Teller  # noqa: PLC0415  most have nobody to tell anything
    from hub.mail import Smtp  # noqa: PLC0415  as above

    hub, given = settings.hub, settings.mail
    invitations = hub.people.invitations
    return Teller(
        store,
        Smtp(given, now=now) if given is not None else None,
        now,
        log,
        organisation=hub.organisation,
        zone=hub.time_zone,
        language=hub.language,
        pages=str(hub.web.public_url).rstrip("/") if hub.web.public_url else None,
        mail_from=invitations.mail_from if invitations is not None else (),
        veil=Veil(settings.secrets),
    )


class _Make:
    """Makes plug-ins with their context."""

    def __init__(
        self,
        now: Callable[[], datetime],
        log: Any,
        sleep: Sleep,
        transport: "httpx.AsyncBaseTransport | None",
    ) -> None:
        self._now, self._log, self._sleep, self._transport = now, log, sleep, transport

    def __call__(
        self,
        name: str,
        options: HttpOptions,
        cls: Callable[..., Any],
        config: Any,
        *,
        delivery: bool = False,
    ) -> Any:
        log = self._log.bind(instance=name)
        http = HttpFactory(options, self._now, self._sleep, self._transport, delivery)
        try:
            return cls(config, Context(name, http, log, self._now))
        except Exception as error:  # noqa: BLE001  one broken plug-in must not stop the others
            reason = str(error) if isinstance(error, HubError) else type(error).__name__
            log.warning("plugin_failed", reason=reason)
            return None


def _version(cls: type[Any]) -> str:
    """The version of the package that brings a plug-in: a new one may map otherwise."""
    package = cls.__module__.split(".", maxsplit=1)[0]
    try:
        return version("intranet-hub" if package in {"hub", "connectors"} else package)
    except PackageNotFoundError:
        return ""


def _fingerprint(one: Instance) -> str:
    """Of the settings first, and of the version: only other settings of people are looked at first."""
    told = fingerprint({"version": _version(one.connector_class)})
    return one.reading_fingerprint[:SETTINGS] + told[SETTINGS:]


def _source(one: Instance, connector: Any, stale_after: Mapping[str, timedelta]) -> Source:
    return Source(
        id=one.id,
        connector_name=connector.name,
        connector=connector,
        routes=one.routes,
        mode=str(one.settings.mode),
        fingerprint=_fingerprint(one),
        reopen=one.settings.reopen_within,
        every=one.settings.every,
        stale_after=stale_after,
        removals=one.settings.removals,
        quarantine=one.settings.quarantine,
    )
