"""Small plug-ins of our own, and a folder with YAML files to load."""

from enum import StrEnum
from typing import ClassVar

import pytest
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.contract import Capabilities, Connector, Target
from hub.events.base import Model
from hub.registry import Registry
from hub.settings import load

HUB = """\
store: sqlite:///hub.db
organisation: Duo+
audiences:
  uithoorn: {groups: [uithoorn]}
targets:
  intranet:
    target: paper
    settings:
      url: https://intranet.example.org
      token: ${env:PAPER_TOKEN}
"""

DESK = """\
connector: desk
settings:
  url: https://desk.example.org
  password: ${env:DESK_PASSWORD}
"""

ENV = {"PAPER_TOKEN": "paper-secret", "DESK_PASSWORD": "desk-secret"}


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Nested(Model):
    key: SecretStr | None = None
    label: str = ""


class DeskSettings(Model):
    url: HttpUrl = Field(description="Address of the desk.")
    password: SecretStr = Field(description="Its password.")
    colour: Colour = Colour.RED
    size: int = Field(5, ge=1, le=10)
    tags: frozenset[str] = frozenset()
    nested: Nested = Nested()
    list_of: tuple[Nested, ...] = ()


class DeskConnector(Connector[DeskSettings]):
    name: ClassVar[str] = "desk"
    settings: ClassVar[type[BaseModel]] = DeskSettings

    def streams(self):
        return ()

    async def check(self):
        return ()

    async def read(self, request):
        return
        yield


class PaperSettings(Model):
    url: HttpUrl
    token: SecretStr = Field(min_length=3)


class PaperTarget(Target[PaperSettings]):
    name = "paper"
    settings = PaperSettings

    def address(self):
        return str(self.config.url)

    async def capabilities(self):
        return Capabilities({})

    async def check(self):
        return ()

    async def publish(self, items):
        return ()

    async def find(self, kind, keys):
        return {}

    async def list_remote(self, kind):
        return
        yield


class NoSettings(Model):
    pass


class WebTarget(PaperTarget):
    name = "web"
    settings = NoSettings


class Site:
    """A folder with hub.yaml and connectors/."""

    def __init__(self, folder, registry):
        self.folder = folder
        self.registry = registry
        self.env = dict(ENV)
        (folder / "connectors").mkdir()
        self.hub(HUB)

    def hub(self, text):
        self.write("hub.yaml", text)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, **env):
        return load(self.folder / "hub.yaml", self.registry, {**self.env, **env})

    def problems(self, **env):
        return [str(problem) for problem in self.load(**env).problems]


@pytest.fixture
def registry():
    return Registry.of(DeskConnector, PaperTarget, WebTarget)


@pytest.fixture
def site(tmp_path, registry):
    return Site(tmp_path, registry)


@pytest.fixture
def desk_yaml():
    return DESK


@pytest.fixture
def hub_yaml():
    return HUB
