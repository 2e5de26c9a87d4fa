"""Shows cards on the kiosks in the hall.

- `PUT cards/KIND/KEY`: `{"key"}`; 422 for a card that no screen can show
- `DELETE cards/KIND/KEY`: `{"key"}`, also when it was not there
- `GET cards/KIND/KEY`: `{"key", "card"}`; 404
- `GET cards/KIND?after=KEY`: `{"cards": [{"key", "card"}, ...]}`, in order of key
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError

from hub.contract import (
    Ability,
    Capabilities,
    Context,
    Delivery,
    Finding,
    Outcome,
    Remote,
    Target,
)
from hub.errors import HubError, RateLimitedError, RejectedError, RetryableError
from hub.events.base import Model
from hub.events.objects import Kind
from hub.http import Answer


class KioskSettings(Model):
    """How the kiosks are reached."""

    url: HttpUrl = Field(description="Address of the kiosks' server.")
    password: SecretStr = Field(description="Password of the account `hub`.")


class Key(BaseModel):
    """The card that an answer is about."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key: str


class Card(Key):
    """A card as it hangs there."""

    card: dict[str, Any]

    def remote(self) -> Remote:
        return Remote(self.key, self.key, None, self.card)


class Cards(BaseModel):
    """Some cards."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cards: tuple[Card, ...]


ReadT = TypeVar("ReadT", bound=BaseModel)


class KioskTarget(Target[KioskSettings]):
    """One call per card; the kiosks keep no versions."""

    name = "kiosk"
    settings = KioskSettings

    def __init__(self, config: KioskSettings, context: Context) -> None:
        super().__init__(config, context)
        auth = ("hub", config.password.get_secret_value())
        self.http = context.http(str(config.url), auth=auth)

    def address(self) -> str:
        return str(self.config.url).rstrip("/")

    async def capabilities(self) -> Capabilities:
        return Capabilities({Kind.TILE_ITEM: Ability(), Kind.FRESHNESS: Ability()})

    async def check(self) -> Sequence[Finding]:
        try:
            await self._page(Kind.TILE_ITEM, "")
        except HubError as error:
            return [Finding("failed", "the kiosks can't be read", str(error))]
        return [Finding("ok", "the kiosks can be read")]

    async def publish(self, items: Sequence[Delivery]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for item in items:
            try:
                outcomes.append(await self._one(item))
            except RejectedError as error:
                outcomes.append(Outcome("rejected", str(error)))
            except HubError as error:
                if not outcomes:
                    raise  # nothing was done yet, so nothing is hidden
                return [*outcomes, *[later(error)] * (len(items) - len(outcomes))]
        return outcomes

    async def find(self, kind: Kind, keys: Sequence[str]) -> Mapping[str, Remote]:
        answers = [await self.http.get(path(kind, key), expect=(200, 404)) for key in keys]
        cards = [read_as(Card, answer) for answer in answers if answer.status == 200]
        return {card.key: card.remote() for card in cards}

    async def list_remote(self, kind: Kind) -> AsyncIterator[Remote]:
        after = ""
        while cards := await self._page(kind, after):
            for card in cards:
                yield card.remote()
            after = cards[-1].key

    async def close(self) -> None:
        await self.http.aclose()

    async def _one(self, item: Delivery) -> Outcome:
        present = item.state == "present"
        method, body = ("PUT", item.body) if present else ("DELETE", None)
        answer = await self.http.send(method, path(item.kind, item.key), body=body)
        if read_as(Key, answer).key != item.key:
            raise RetryableError(f"{answer.url} answered about another card.")
        return Outcome("done", remote_id=item.key if present else None)

    async def _page(self, kind: Kind, after: str) -> Sequence[Card]:
        answer = await self.http.get(f"cards/{kind}", params={"after": after})
        return read_as(Cards, answer).cards


def path(kind: Kind, key: str) -> str:
    return f"cards/{kind}/{quote(key, safe='')}"


def read_as(model: type[ReadT], answer: Answer) -> ReadT:
    """The answer as a model; what does not fit says nothing about any card."""
    try:
        return model.model_validate(answer.json())
    except ValidationError as error:
        raise RetryableError(f"{answer.url} answered something else than cards.") from error


def later(error: HubError) -> Outcome:
    after = error.retry_after if isinstance(error, RateLimitedError) else None
    return Outcome("retry", str(error), after)
