"""Which texts are secret: what the models say, and passwords in addresses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr


def secrets_in(models: Iterable[BaseModel], addresses: Iterable[str | None]) -> frozenset[str]:
    """Every secret of these settings, and the passwords of these addresses in each spelling."""
    found = {secret for model in models for secret in _typed(model)}
    return frozenset(found.union(*(_password(one) for one in addresses if one)))


def _typed(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode(errors="replace")
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _typed(getattr(value, name))
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from _typed(below)
    elif isinstance(value, list | tuple | set | frozenset):
        for below in value:
            yield from _typed(below)


def _password(address: str) -> set[str]:
    try:
        given = urlsplit(address).password
    except ValueError:  # whoever uses this address says so
        return set()
    return {given, unquote(given), quote(unquote(given), safe="")} if given else set()
