"""The hub's own pages, from its settings: what `hub run` and the demo serve."""

from collections.abc import Callable
from datetime import datetime

from starlette.types import ASGIApp

from hub.engine.runner import Runner
from hub.metrics import Metrics
from hub.render.view import ServiceDesk
from hub.settings import Settings
from hub.web.app import WebOptions, app
from hub.web.calls import Callers, Calls
from hub.web.guests import guest_routes
from hub.web.imports import House, Imports
from hub.web.personal import PersonalPages
from hub.web.served import Served
from hub.web.source import StoredHealth, StoredTiles
from hub.web.welcome import welcome_routes


def site(
    settings: Settings, runner: Runner, metrics: Metrics, now: Callable[[], datetime]
) -> ASGIApp:
    """Tiles, health and metrics of this hub, and the doors that its instances open."""
    hub = settings.hub
    desk = hub.service_desk
    tiles = StoredTiles(
        store=runner.store,
        sources=runner.sources,
        titles={name: tile.title for name, tile in hub.tiles.items()},
        stale_after={name: tile.stale_after for name, tile in hub.tiles.items()},
        service_desk=ServiceDesk(desk.hours, desk.phone, str(desk.url) if desk.url else None),
        organisation=hub.organisation,
        time_zone=hub.time_zone,
        now=now,
    )
    health = StoredHealth(runner.store, now, metrics)
    options = WebOptions(tuple(map(str, hub.web.frame_ancestors)), hub.language)
    who = callers(settings)
    calls = Calls(runner, who, now)
    served = Served(runner, who.receive, now, settings.address if hub.web.public_url else None)
    personal = PersonalPages(settings, runner, now)
    welcome = welcome_routes(settings, runner, now)
    house = House(hub.organisation, hub.time_zone, hub.language)
    imports = Imports(runner, who.receive, house, now)
    sponsors = guest_routes(settings, runner, now)
    pages = [*personal.routes(), *imports.routes(), *welcome, *sponsors]
    doors = [*calls.routes(), *served.routes(), *pages]
    return app(tiles, health, options, now, doors)


def callers(settings: Settings) -> Callers:
    """Who may call, as the files of the instances say."""
    found = {one.id: one.settings for one in settings.instances}
    return Callers(
        receive={name: one.receive for name, one in found.items() if one.receive},
        webhook={name: one.webhook for name, one in found.items() if one.webhook},
    )
