"""`hub sandbox`: practice servers on this machine; their flags come from their settings models."""

import asyncio
import inspect
import socket
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Protocol, cast, get_args, get_origin, runtime_checkable

import typer
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hub.cli.options import UnusedConfigOption, examples
from hub.cli.output import Output
from hub.cli.serving import serve, stop_on_signals
from hub.cli.session import run
from hub.registry import Group, Plugin, Registry
from hub.web.listening import listen

HOST = "127.0.0.1"
SHOWN = (
    "username",
    "bind",
    "password",
    "manager",
    "manager_password",
    "token",
    "readonly_token",
)  # practice values that open nothing else
PLAIN = (str, int, float, bool)


class Entry(Protocol):
    """What a plug-in of the group `intranet_hub.sandboxes` offers."""

    name: str
    description: str
    settings: type[BaseModel]

    def build(self, settings: BaseModel) -> Any:
        """The ASGI application."""
        ...


@runtime_checkable
class OwnServer(Protocol):
    """An entry whose sandbox is no web server: it serves what it built by itself."""

    scheme: str

    async def serve(self, built: Any, listener: socket.socket, stop: asyncio.Event) -> None:
        """Serve on this socket until `stop` is set."""
        ...


def add(app: typer.Typer, name: str) -> None:
    """Add the group, with one command per sandbox that is installed and ready."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Start a practice server.",
        epilog=examples("hub sandbox topdesk --port 8801", "hub sandbox topdesk --help"),
    )
    for plugin in Registry.discover().ready(Group.SANDBOXES):
        _add_one(group, plugin)
    app.add_typer(group, name=name)


def _add_one(group: typer.Typer, plugin: Plugin) -> None:
    entry = cast(Entry, plugin.cls)
    example = examples(f"hub sandbox {entry.name} --port 8801")
    group.command(entry.name, help=entry.description, epilog=example)(_command(entry))


def _command(entry: Entry) -> Callable[..., None]:
    """A command with a flag per plain field of the entry's settings."""

    def start(**given: Any) -> None:
        port, json = given.pop("port"), given.pop("json")
        given.pop("config")
        values = {name: value for name, value in given.items() if value not in (None, [], ())}
        try:
            settings = entry.settings.model_validate(values)
            app = entry.build(settings)
        except ValidationError as error:
            raise typer.BadParameter(_in_words(error)) from None
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        run(_serve(Output(json=json), entry, settings, app, port))

    kinds = {name: kind for name, info in _fields(entry) if (kind := _option(name, info))}
    options: dict[str, Any] = {"port": _PORT, "config": UnusedConfigOption, "json": _JSON} | kinds
    defaults = {"port": 0, "config": None, "json": False}
    defaults |= {name: info.default for name, info in _fields(entry) if name in kinds}
    start.__annotations__ = options
    start.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # typer reads it
        [_parameter(name, defaults[name], kind) for name, kind in options.items()]
    )
    return start


_PORT = Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print address and credentials as JSON.")]


def _parameter(name: str, default: Any, kind: Any) -> inspect.Parameter:
    only = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, only, default=default, annotation=kind)


def _fields(entry: Entry) -> list[tuple[str, FieldInfo]]:
    return list(entry.settings.model_fields.items())


def flag(name: str) -> str:
    """The flag of a field: `api_version` becomes `--api-version`."""
    return "--" + name.replace("_", "-")


def _option(name: str, info: FieldInfo) -> Any:
    kind = _kind(info)
    if kind is None:
        return None
    names = f"{flag(name)}/--no-{flag(name)[2:]}" if kind is bool else flag(name)
    return Annotated[kind, typer.Option(names, help=info.description)]


def _kind(info: FieldInfo) -> Any:
    """The type of the flag: plain types, choices, lists of texts; None for anything else."""
    kind = info.annotation
    if kind in PLAIN or get_origin(kind) is Literal:
        return kind
    if kind == tuple[str, ...]:
        return list[str]
    rest = [one for one in get_args(kind) if one is not type(None)]
    return kind if len(rest) == 1 and rest[0] in PLAIN else None


def _in_words(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{flag(str(fault['loc'][0]))}: {fault['msg']}" for fault in faults)


async def _serve(out: Output, entry: Entry, settings: BaseModel, app: Any, port: int) -> None:
    stop = stop_on_signals()
    with listen(HOST, port, "choose another with --port; 0 takes a free one.") as listener:
        own = entry if isinstance(entry, OwnServer) else None
        address = f"{own.scheme if own else 'http'}://{HOST}:{listener.getsockname()[1]}"
        secrets = _credentials(settings)
        out.document({"sandbox": entry.name, "address": address, "credentials": secrets})
        out.say(f"{entry.description}")
        out.say(f"Listening on {address}")
        for name, value in secrets.items():
            out.say(f"  {name}: {value}")
        out.next("Ctrl-C stops it; everything in it is practice data.")
        out.flush()
        if own:
            await own.serve(app, listener, stop)
        else:
            await serve(app, listener, stop, date_header=False)


def _credentials(settings: BaseModel) -> Mapping[str, str]:
    return {name: str(value) for name in SHOWN if (value := getattr(settings, name, None))}
