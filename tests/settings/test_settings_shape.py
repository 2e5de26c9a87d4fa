"""Secrets are found by a part of the schema, and defaults are made without building a model."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from hub.settings import HubSettings, InstanceSettings
from hub.settings.shape import Shape


class Login(BaseModel):
    kind: Literal["login"] = "login"
    password: SecretStr
    again: tuple[SecretStr, ...] = ()


class Free(BaseModel):
    kind: Literal["free"] = "free"
    password: str = ""


class Settings(BaseModel):
    one: Login | Free | None = None
    more: dict[str, Login] = {}
    known: SecretStr = Field(SecretStr(""), alias="called")
    plain: str = ""


VALUES = [
    {},
    {"plain": "x"},
    {"one": {"password": "x", "again": ["y", "z"]}},
    {"one": {"kind": "free", "password": "x"}, "plain": "y"},
    {"more": {"a": {"password": "x"}, "b": {"again": ["y"]}}, "nonsense": {"password": "z"}},
    {"called": "x"},
    {"known": "x"},
    "x",
    None,
]
HUB = [
    {"store": "x", "mail": {"host": "h", "user": "u", "password": "p"}},
    {"personal": {"login": {"issuer": "i", "client_id": "c", "client_secret": "s"}}},
    {"targets": {"one": {"target": "t", "settings": {"password": "p"}}}, "people": {}},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_the_narrow_shape_finds_the_secrets_that_the_whole_one_finds(value):
    narrow = Shape.narrow(Settings, value).secrets(value)
    assert narrow == Shape.of(Settings).secrets(value)


def test_there_are_secrets_to_find():
    found = [len(Shape.narrow(Settings, value).secrets(value)) for value in VALUES]
    assert found == [0, 0, 3, 1, 2, 1, 0, 0, 0]


@pytest.mark.parametrize("value", HUB, ids=str)
def test_so_it_is_with_hub_yaml(value):
    narrow = Shape.narrow(HubSettings, value).secrets(value)
    assert narrow == Shape.of(HubSettings).secrets(value)


@pytest.mark.parametrize("door", ["webhook", "receive"])
def test_and_with_an_instance(door):
    value = {"connector": "c", door: {"secret": "x", "previous_secret": "y"}}
    found = Shape.narrow(InstanceSettings, value).secrets(value)
    assert found == [(door, "previous_secret"), (door, "secret")]


def defaults(model, seen):
    for field in model.model_fields.values():
        default = field.default
        for one in default if isinstance(default, tuple) else (default,):
            if isinstance(one, BaseModel) and type(one) not in seen:
                seen[type(one)] = one
                defaults(type(one), seen)
    return seen


@pytest.mark.parametrize("model", [HubSettings, InstanceSettings])
def test_what_a_default_says_is_what_its_model_makes_of_nothing(model):
    found = defaults(model, {})
    assert len(found) >= 4
    for kind, one in found.items():
        assert one == kind.model_validate({}), kind.__name__
        assert one.model_fields_set == set()
