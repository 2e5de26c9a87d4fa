"""Routes with their names resolved, and the fingerprint of how an instance reads."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from hub.events.base import Family, canonical, fingerprint
from hub.events.objects import Audience
from hub.events.route import Route
from hub.settings.document import Document
from hub.settings.models import WEB, HubSettings, InstanceSettings, Mode, RouteSettings
from hub.settings.problems import Place
from hub.settings.validate import unknown_name


def resolve(document: Document, instance: InstanceSettings, hub: HubSettings) -> tuple[Route, ...]:
    """The instance's routes; names that exist nowhere become problems of the document."""
    _names(document, instance, hub)
    if document.problems:
        return ()
    routes = [_resolved(instance, route, hub) for route in instance.routes]
    return tuple(_numbered(routes))


def _names(document: Document, instance: InstanceSettings, hub: HubSettings) -> None:
    _check(document, ("audience",), "audience", instance.audience, hub.audiences)
    _targets(document, (), instance.targets, hub)
    _pilot(document, instance, hub)
    for at, route in enumerate(instance.routes):
        place: Place = ("routes", at)
        _check(document, (*place, "tile"), "tile", route.tile, hub.tiles)
        if route.family is Family.MAINTENANCE and route.when.model_dump(exclude_none=True):
            message = "is given, and maintenance has no branch or category"
            document.add((*place, "when"), message, "remove it: the connector's settings choose")
        if route.audience is not None:
            _check(document, (*place, "audience"), "audience", route.audience, hub.audiences)
        _targets(document, place, route.targets, hub)


def _pilot(document: Document, instance: InstanceSettings, hub: HubSettings) -> None:
    for at, audience in enumerate(instance.pilot or ()):
        _check(document, ("pilot", at), "audience", audience, hub.audiences)
    if instance.mode is Mode.PILOT and instance.pilot is None:
        message = "is `pilot`, and no audience is named to send to"
        document.add(("mode",), message, "add `pilot: [NAME]` with audiences of hub.yaml")


def _targets(
    document: Document, place: Place, targets: Sequence[str] | None, hub: HubSettings
) -> None:
    for at, target in enumerate(targets or ()):
        _check(document, (*place, "targets", at), "target", target, {WEB: None, **hub.targets})


def _check(
    document: Document, place: Place, what: str, name: str, known: Mapping[str, object]
) -> None:
    if name not in known:
        unknown_name(document, place, what, name, sorted(known))


def _resolved(instance: InstanceSettings, route: RouteSettings, hub: HubSettings) -> Route:
    audience = route.audience or instance.audience
    targets = route.targets or instance.targets or (WEB, *hub.targets)
    return Route(
        name=f"{route.tile}/{audience}",
        family=route.family,
        tile=route.tile,
        audience=audience,
        members=Audience.model_validate(hub.audiences[audience].model_dump()),
        when=route.when.model_dump(exclude_none=True),
        keep_solved=route.keep_solved,
        visible_from=route.visible_from,
        targets=tuple(sorted(set(targets))),
        withheld=instance.mode is Mode.PILOT and audience not in (instance.pilot or ()),
    )


def _numbered(routes: Sequence[Route]) -> list[Route]:
    seen: dict[str, int] = {}
    named = []
    for route in routes:
        seen[route.name] = times = seen.get(route.name, 0) + 1
        name = route.name if times == 1 else f"{route.name}#{times}"
        named.append(route.model_copy(update={"name": name}))
    return named


def reading_fingerprint(connector: str, config: BaseModel) -> str:
    """Equal when the connector and its settings are; secrets may change without a difference."""
    return fingerprint({"connector": connector, "settings": stable(config)})


def stable(value: Any) -> Any:
    """JSON values that are the same in every process, without secrets."""
    if isinstance(value, BaseModel):
        return {name: stable(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): stable(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [stable(below) for below in value]
    if isinstance(value, set | frozenset):
        return sorted((stable(below) for below in value), key=lambda one: canonical({"": one}))
    return _scalar(value)


def _scalar(value: Any) -> Any:
    plain = value.value if isinstance(value, Enum) else value
    if isinstance(plain, Secret | SecretStr | SecretBytes):
        return None
    return plain if plain is None or isinstance(plain, bool | int | float) else str(plain)
