"""From hub.yaml and `connectors/*.yaml` to typed settings; every mistake with file and line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from hub.contract import (
    Answers,
    Connector,
    Hints,
    Links,
    Receives,
    Serves,
    TakesFiles,
    Target,
)
from hub.events.base import fingerprint
from hub.events.route import Route
from hub.http import HttpOptions
from hub.mail import SmtpOptions
from hub.registry import Group, Plugin, Registry, State
from hub.settings.administrators import named
from hub.settings.document import Document, Referenced, follow, read
from hub.settings.environment import override
from hub.settings.kinds import Name, holds_password
from hub.settings.models import WEB, HubSettings, InstanceSettings, TargetSettings
from hub.settings.people import Accounts
from hub.settings.personal import Login, is_safe
from hub.settings.problems import ConfigProblems, Place, Problem, near
from hub.settings.routing import (
    reading_fingerprint,
    resolve,
    stable,
)
from hub.settings.secrets import secrets_in
from hub.settings.validate import unknown_name, validate

FOLDER = "connectors"


@dataclass(frozen=True, slots=True)
class ConfiguredTarget:
    """One target that can be used: `target_class(config, context)` with these `http` options."""

    id: str
    target_class: type[Target[Any]]
    config: BaseModel = field(repr=False)
    http: HttpOptions = field(repr=False)


@dataclass(frozen=True, slots=True)
class Instance:
    """One configured connector without problems.

    Attributes:
        name: what screens call it.
        config: the connector's own settings, as its model made them.
        routes: what is published where, for whom; all names resolved.
        reading_fingerprint: changes when the source would be read differently.
    """

    id: str
    name: str
    file: Path
    settings: InstanceSettings = field(repr=False)
    connector_class: type[Connector[Any]]
    config: BaseModel = field(repr=False)
    http: HttpOptions = field(repr=False)
    routes: tuple[Route, ...] = field(repr=False)
    reading_fingerprint: str

    @property
    def shared(self) -> dict[str, Any]:
        """What processes that share a store must agree on, as JSON values without secrets."""
        apart = {"settings", "ca_file", "proxy"}
        said = {k: v for k, v in stable(self.settings).items() if k not in apart}
        routes = [route.model_dump(mode="json") for route in self.routes]
        return said | {"reading": self.reading_fingerprint, "routed": routes}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the YAML files say.

    Attributes:
        path: of hub.yaml.
        store: the database's address: with an absolute path, or with a password.
        targets: the usable ones, `web` first. A route may name one that failed to load: it waits.
        instances: the good ones, by file name.
        problems: of the files and plug-ins that are not good; the others go on.
        broken: ids of instances whose file has problems.
    """

    path: Path
    hub: HubSettings
    store: str = field(repr=False)
    targets: tuple[ConfiguredTarget, ...]
    instances: tuple[Instance, ...]
    problems: tuple[Problem, ...]
    broken: tuple[str, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        """What the models call secret, callers' too, and the passwords in addresses."""
        used: list[ConfiguredTarget | Instance] = [*self.targets, *self.instances]
        models = [*(one.config for one in used), *(one.settings for one in self.instances)]
        login = self.hub.personal.login
        proxies = [*(one.http.proxy for one in used), login.proxy if login else None]
        return secrets_in([*models, self.hub], (self.store, *proxies))

    @property
    def address(self) -> str:
        """Where the hub's own pages are reached, without a slash at the end."""
        web = self.hub.web
        return (
            str(web.public_url).rstrip("/") if web.public_url else f"http://{web.host}:{web.port}"
        )

    @property
    def login_http(self) -> HttpOptions:
        """How the identity provider is reached."""
        login = self.hub.personal.login
        if login is None:
            return HttpOptions()
        ca_file = self.path.parent.resolve() / login.ca_file if login.ca_file else None
        return HttpOptions(ca_file=ca_file, proxy=login.proxy)

    @property
    def mail(self) -> SmtpOptions | None:
        """How mail is sent; None: it is not."""
        given = self.hub.mail
        if given is None:
            return None
        secret, base = given.password, self.path.parent.resolve()
        return SmtpOptions(
            host=given.host,
            port=given.taken_port,
            security=given.security,
            sender=given.sender,
            sender_name=self.hub.organisation,
            user=given.user,
            password=secret.get_secret_value() if secret else None,
            ca_file=base / given.ca_file if given.ca_file else None,
        )

    @property
    def heads(self) -> Path:
        """The file with the heads of the audit trail."""
        base = self.path.parent.resolve()
        if self.hub.audit.head_file is not None:
            return base / self.hub.audit.head_file
        if self.store.startswith("sqlite:"):
            return Path(self.store.removeprefix("sqlite:///") + ".heads")
        return base / "audit.heads"

    @property
    def mark(self) -> str:
        """Equal where processes may share a store: the same configuration and version.

        Without secrets, and without what is a machine's own: addresses to listen on, CA, proxy, files.
        """
        hub = {
            name: value
            for name, value in stable(self.hub).items()
            if name not in {"store", "web", "mail", "targets", "audit", "administrators"}
        }
        targets = {one.id: stable(one.config) for one in self.targets}
        instances = {one.id: one.shared for one in self.instances}
        made = {"hub": hub, "targets": targets, "instances": instances}
        return fingerprint(made | {"version": version("intranet-hub")})


def load(path: Path, registry: Registry, env: Mapping[str, str]) -> Settings:
    """Read hub.yaml and the files in `connectors/` beside it.

    Args:
        path: hub.yaml.
        registry: the plug-ins that files may name.
        env: `HUB_...` variables come before hub.yaml; `${env:NAME}` looks here too.

    Raises:
        ConfigProblems: hub.yaml itself is wrong. What is wrong with one instance, or with a
            plug-in that does not load, stands in `Settings.problems` instead.
    """
    base = path.parent.resolve()
    problems: list[Problem] = []
    try:
        document, hub, targets = _top(path, registry, env, problems)
    except ConfigProblems as error:
        _Instances(None, registry, base, env, problems).all()  # everything is said at once
        raise ConfigProblems([*error.problems, *problems]) from None
    made = _Instances(hub, registry, base, env, problems)
    instances = made.all()
    known = {*made.broken, *(one.id for one in instances)}
    problems += _unknown_instances(document, hub, known)
    problems += _unknown_of_administrators(document, hub, known)
    problems += _unknown_targets(document, hub)
    problems += _cannot_link(document, hub, targets)
    problems += _personal(document, hub, instances)
    store = _store(hub.store, base)
    return Settings(path, hub, store, targets, instances, tuple(problems), tuple(made.broken))


def _top(
    path: Path, registry: Registry, env: Mapping[str, str], problems: list[Problem]
) -> tuple[Document, HubSettings, tuple[ConfiguredTarget, ...]]:
    """What hub.yaml itself says."""
    base = path.parent.resolve()
    document = read(base / path.name, base)
    override(document, env)
    follow(document, env)
    hub = _hub(document)
    if hub.mail is not None:
        _ca_file(document, ("mail",), hub.mail.ca_file)
    if holds_password(hub.store):
        _no_plain_password(document, ("store",))
    if hub.personal.login is not None:
        _reached(document, ("personal", "login"), hub.personal.login)
    targets = _Targets(document, registry, problems).all(hub)
    if document.problems:
        raise ConfigProblems(_in_order(document.problems))
    return document, hub, targets


def _unknown_instances(document: Document, hub: HubSettings, known: set[str]) -> Iterator[Problem]:
    """A name that is nobody's would say nothing, silently; a file may be gone for a while, though."""
    for place, name in (*hub.people.instances(), *hub.personal.instances()):
        if name not in known:
            message = f"names the instance `{name}`, which does not exist"
            yield document.problem(place, message, near(name, sorted(known)))


def _unknown_of_administrators(
    document: Document, hub: HubSettings, instances: set[str]
) -> Iterator[Problem]:
    """What an administrator may decide on must exist, or the limit means nothing."""
    known = {"instance": instances, "target": {WEB, *hub.targets}}
    for place, what, name in named(hub.administrators):
        if name not in known[what]:
            message = f"names the {what} `{name}`, which does not exist"
            yield document.problem(place, message, near(name, sorted(known[what])))


def _unknown_targets(document: Document, hub: HubSettings) -> Iterator[Problem]:
    named = [("accounts", one) for one in sorted(hub.people.accounts.keys() - hub.targets.keys())]
    named += [("groups", one) for one in sorted(hub.people.groups.keys() - hub.targets.keys())]
    for what, name in named:
        message = f"names the target `{name}`, which does not exist"
        yield document.problem(("people", what, name), message, near(name, sorted(hub.targets)))
    yield from _photos(document, hub)


def _photos(document: Document, hub: HubSettings) -> Iterator[Problem]:
    """A picture needs an account that the hub keeps."""
    for at, name in enumerate(hub.people.photos):
        if name not in hub.targets:
            message = f"names the target `{name}`, which does not exist"
            yield document.problem(
                ("people", "photos", at), message, near(name, sorted(hub.targets))
            )
        elif hub.people.accounts.get(name) != Accounts.MANAGE:
            message = "would get pictures, and the hub keeps no accounts there"
            advice = f"add `accounts: {{ {name}: manage }}`, or leave it out here"
            yield document.problem(("people", "photos", at), message, advice)


def _personal(
    document: Document, hub: HubSettings, instances: Sequence[Instance]
) -> Iterator[Problem]:
    """What would leave personal pages shut, or a part of them empty."""
    web = hub.web.public_url
    ways_in = hub.personal.login or hub.people.invitations
    if ways_in and web is not None and not is_safe(str(web)):
        message = "is not https, so nobody can log in: a cookie would travel unprotected"
        advice = "serve the pages by https, and write that address"
        yield document.problem(("web", "public_url"), message, advice)
    codes = hub.people.invitations
    if codes is not None and codes.then == "provider" and hub.personal.login is None:
        message = "is `provider`, and there is no login to go to"
        advice = (
            "say where people log in: `personal: {login: ...}`; or choose `intranet` or `device`"
        )
        yield document.problem(("people", "invitations", "then"), message, advice)
    for one in instances:
        if one.id in hub.personal.tickets and not issubclass(one.connector_class, Answers):
            message = f"names an instance that can't be asked: `{one.connector_class.name}`"
            place = ("personal", "tickets", one.id)
            yield document.problem(place, message, "remove it; `topdesk` can be asked")


def _cannot_link(
    document: Document, hub: HubSettings, targets: Sequence[ConfiguredTarget]
) -> Iterator[Problem]:
    for one in targets:
        if issubclass(one.target_class, Links):
            continue
        if hub.people.accounts.get(one.id) is Accounts.LINK:
            message = (
                f"is `link`, and a target `{one.target_class.name}` can't be asked for accounts"
            )
            advice = "write `manage`, or leave the target out"
            yield document.problem(("people", "accounts", one.id), message, advice)
        elif hub.people.kept.get(one.id) is Accounts.LINK:
            message = (
                f"chooses groups, and a target `{one.target_class.name}` can't be asked who has "
                "an account there and could be in them"
            )
            advice = f"let the hub keep accounts: `accounts: {{ {one.id}: manage }}`"
            yield document.problem(("people", "groups", one.id), message, advice)


def _hub(document: Document) -> HubSettings:
    hub = validate(document, HubSettings, (), document.data)
    if hub is None:
        raise ConfigProblems(_in_order(document.problems))
    return hub


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.file, one.line or 0))


def _store(url: str, base: Path) -> str:
    if not url.startswith("sqlite:"):
        return url
    return f"sqlite:///{base / url.removeprefix('sqlite:///')}"


def _http(
    document: Document, place: Place, given: InstanceSettings | TargetSettings
) -> HttpOptions:
    ca_file = _reached(document, place, given)
    return HttpOptions(ca_file=ca_file, proxy=given.proxy, pace=given.pace)


def _reached(
    document: Document, place: Place, given: InstanceSettings | TargetSettings | Login
) -> Path | None:
    """The file of the own CA; what is wrong with it, and a password in the open, is said."""
    ca_file = _ca_file(document, place, given.ca_file)
    if given.proxy and "@" in given.proxy:
        _no_plain_password(document, (*place, "proxy"))
    return ca_file


def _ca_file(document: Document, place: Place, name: str | None) -> Path | None:
    path = document.path.parent / name if name else None
    if path is not None and not path.is_file():
        message = f"names the file `{name}`, which does not exist"
        document.add((*place, "ca_file"), message, f"put the CA's certificate (PEM) at {path}")
    return path


def _no_plain_password(document: Document, place: Place) -> None:
    if not isinstance(document.at(place), Referenced):
        message = "holds a password, which must not stand in the file"
        document.add(place, message, "write the password as `${env:NAME}` or `${file:path}`")


def _not_loaded(plugin: Plugin, what: str, undo: str) -> tuple[str, str]:
    """Message and advice about a plug-in that is not ready."""
    said = "could not be loaded" if plugin.state is State.LOAD_FAILED else "can't be used"
    package = f"`{plugin.dist}`" if plugin.dist else "its package"
    message = f"the {what} `{plugin.name}` {said}: {plugin.reason}"
    return message, f"repair or reinstall {package}, or {undo}"


@dataclass(frozen=True, slots=True)
class _Targets:
    """Makes the targets of hub.yaml; `late` takes what stops one target only."""

    document: Document
    registry: Registry
    late: list[Problem]

    def all(self, hub: HubSettings) -> tuple[ConfiguredTarget, ...]:
        given = {WEB: TargetSettings(target=WEB), **hub.targets}
        made = [self._one(name, settings) for name, settings in given.items()]
        return tuple(one for one in made if one is not None)

    def _one(self, name: str, given: TargetSettings) -> ConfiguredTarget | None:
        place: Place = () if name == WEB else ("targets", name)
        plugin = self._plugin(name, given.target, place)
        http = _http(self.document, place, given)
        if plugin is None:
            return None
        below: Place = (*place, "settings")
        config = validate(self.document, plugin.cls.settings, below, given.settings)
        return ConfiguredTarget(name, plugin.cls, config, http) if config is not None else None

    def _plugin(self, name: str, kind: str, place: Place) -> Plugin | None:
        plugin = self.registry.find(Group.TARGETS, kind)
        if plugin is not None and plugin.ready:
            return plugin
        if plugin is not None:
            words = _not_loaded(plugin, "target", f"remove `{name}` from `targets`")
            self.late.append(self.document.problem((*place, "target"), *words))
        elif name == WEB:
            words = (
                "the hub's own pages are not installed",
                "reinstall the package `intranet-hub`",
            )
            self.late.append(self.document.problem((), *words))
        else:
            known = self.registry.names(Group.TARGETS)
            unknown_name(self.document, (*place, "target"), "kind of target", kind, known)
        return None


@dataclass(frozen=True, slots=True)
class _Instances:
    """Makes the instances; one that is wrong never stops the others.

    Attributes:
        hub: None: hub.yaml is wrong, so only what stands in the instances' own files is looked at.
    """

    hub: HubSettings | None
    registry: Registry
    base: Path
    env: Mapping[str, str]
    problems: list[Problem]
    broken: list[str] = field(default_factory=list)

    def all(self) -> tuple[Instance, ...]:
        documents = [one for path in self._files() if (one := self._read(path)) is not None]
        owners: dict[str, list[Document]] = {}
        for document in documents:
            owners.setdefault(_id(document), []).append(document)
        for name, owning in owners.items():
            if len(owning) > 1:
                _say_namesakes(name, owning)
        made = [self._one(document) for document in documents]
        return tuple(one for one in made if one is not None)

    def _files(self) -> list[Path]:
        folder = self.base / FOLDER
        found = [*folder.glob("*.yaml"), *folder.glob("*.yml")]
        return sorted(path for path in found if not path.name.startswith("."))

    def _read(self, path: Path) -> Document | None:
        try:
            document = read(path, self.base)
        except ConfigProblems as error:
            self.problems.extend(error.problems)
            self.broken.append(path.stem)
            return None
        follow(document, self.env)
        return document

    def _one(self, document: Document) -> Instance | None:
        made = self._made(document)
        self.problems.extend(_in_order(document.problems))
        if document.problems:
            self.broken.append(_id(document))
        return None if document.problems else made

    def _made(self, document: Document) -> Instance | None:
        given = validate(document, InstanceSettings, (), document.data)
        plugin = self._plugin(document)
        config = self._config(document, plugin)
        if given is None:
            return None
        name = _instance_id(document, given)
        http = _http(document, (), given)
        routes = resolve(document, given, self.hub) if self.hub else ()
        if plugin is not None:
            _check_calls(document, given, plugin, config)
        if plugin is None or config is None:
            return None
        return Instance(
            id=name,
            name=given.name or name,
            file=document.path,
            settings=given,
            connector_class=plugin.cls,
            config=config,
            http=http,
            routes=routes,
            reading_fingerprint=reading_fingerprint(plugin.name, config),
        )

    def _plugin(self, document: Document) -> Plugin | None:
        name = document.data.get("connector")
        if not isinstance(name, str) or ("connector",) in document.said:
            return None
        plugin = self.registry.find(Group.CONNECTORS, name)
        if plugin is None:
            known = self.registry.names(Group.CONNECTORS)
            unknown_name(document, ("connector",), "connector", name, known)
        elif not plugin.ready:
            words = _not_loaded(plugin, "connector", "remove this file")
            document.add(("connector",), *words)
            return None
        return plugin

    def _config(self, document: Document, plugin: Plugin | None) -> BaseModel | None:
        settings = document.data.get("settings", {})
        if plugin is None or not isinstance(settings, dict):
            return None
        model: type[BaseModel] = plugin.cls.settings
        return validate(document, model, ("settings",), settings)


def _check_calls(
    document: Document, given: InstanceSettings, plugin: Plugin, config: BaseModel | None
) -> None:
    """A door for callers that leads nowhere is a mistake."""
    doors = (
        ("webhook", given.webhook, (Hints,), "its source can't say that something changed"),
        ("receive", given.receive, (Receives, Serves, TakesFiles), "it takes no data by request"),
    )
    for key, opened, abilities, why in doors:
        if opened is not None and not issubclass(plugin.cls, abilities):
            message = f"is no setting for the connector `{plugin.name}`: {why}"
            document.add((key,), message, "remove it")
    if given.receive is not None and given.receive.hmac and issubclass(plugin.cls, Serves):
        message = f"is no setting for the connector `{plugin.name}`: its callers show the secret"
        document.add(("receive", "hmac"), message, "remove it")
    takes = issubclass(plugin.cls, TakesFiles) and not issubclass(plugin.cls, Receives)
    if given.receive is not None and takes and config and not plugin.cls.uploads(config):
        message = "leads nowhere: with these settings nobody brings a file"
        document.add(("receive",), message, "remove it, or choose files that people bring")


def _id(document: Document) -> str:
    return str(document.data.get("id") or document.path.stem)


def _say_namesakes(name: str, owning: Sequence[Document]) -> None:
    for document in owning:
        others = " and ".join(f"`{one.name}`" for one in owning if one is not document)
        message = f"has the id `{name}`, as {others} has"
        document.add(("id",), message, "give one of them another `id`; another id starts anew")


def _instance_id(document: Document, given: InstanceSettings) -> str:
    stem = document.path.stem
    try:
        return given.id or TypeAdapter(Name).validate_python(stem)
    except ValidationError:
        message = f"the file's name `{stem}` can't be an id"
        advice = "add `id: ...` with small letters, digits and hyphens, or rename the file"
        document.add(("id",), message, advice)
        return stem
