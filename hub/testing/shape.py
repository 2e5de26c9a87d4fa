"""What both suites ask of settings and of a name, before anything is called."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from hub.testing.leaks import error_texts, leaked
from hub.testing.worlds import World

NAME = re.compile(r"[a-z][a-z0-9_-]*")
SECRET_FIELD = re.compile(r"password|passwd|secret|token|api_?key", re.IGNORECASE)


def models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and every model inside it, each once."""
    seen: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            yield one
            for info in one.model_fields.values():
                waiting += [kind for kind in _types(info.annotation) if _is_model(kind)]


def check_closed(model: type[BaseModel]) -> None:
    """Closed, frozen, described, secrets typed, and silent about the input in errors."""
    for one in models_in(model):
        config = one.model_config
        assert config.get("extra") == "forbid", f"{one.__name__} takes unknown keys"
        assert config.get("frozen") is True, f"{one.__name__} can be changed after it was made"
        assert config.get("hide_input_in_errors") is True, (
            f"errors of {one.__name__} quote the input"
        )
        for name, info in one.model_fields.items():
            _check_field(f"{one.__name__}.{name}", name, info)


def check_secrets(model: type[BaseModel], world: World) -> None:
    """No secret in a repr, in JSON, or in the error about another, wrong key."""
    settings = model.model_validate(dict(world.settings))
    texts = [repr(settings), str(settings), settings.model_dump_json()]
    wrong: Mapping[str, Any] = {**world.settings, "a key that nobody knows": 1}
    with pytest.raises(ValidationError) as caught:
        model.model_validate(wrong)
    texts += error_texts(caught.value)
    assert not leaked(world.secrets, texts), "a secret can be read in the settings: use SecretStr"


def check_name(name: str) -> None:
    """A short word that stands in YAML."""
    assert NAME.fullmatch(name), f"{name!r} is no plain lower-case word"


def _check_field(where: str, name: str, info: FieldInfo) -> None:
    assert info.description, f"{where} has no description"
    if SECRET_FIELD.search(name):
        assert str not in set(_types(info.annotation)), f"{where} holds a secret in the open"


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not SecretStr
