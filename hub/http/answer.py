"""What comes back: status, headers and body."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.errors import RetryableError


class Headers(Mapping[str, str]):
    """Header fields by name, upper and lower case alike; repeated ones joined by a comma."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[bytes, bytes]] = ()) -> None:
        found: dict[str, str] = {}
        for raw, value in fields:
            name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
        self._fields = found

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._fields)})"  # values may be secrets


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (case-insensitive), the whole body."""

    status: int
    headers: Headers
    content: bytes = field(repr=False)
    url: str = ""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            RetryableError: it is not JSON (a proxy, a login page, cut off), whatever the status.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("content-type", "no content type").split(";")[0]
            raise RetryableError(
                f"{self.url} answered {self.status} with {kind} that is not JSON: a proxy, "
                "a login page or a broken answer. Nothing was taken from it."
            ) from error
