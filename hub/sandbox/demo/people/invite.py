"""One invitation: a shop worker without any account gets a code on paper, and comes in with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx

from hub.events.base import Language
from hub.people import codes, inviting
from hub.people.inviting import Terms
from hub.render import invitation
from hub.render.invitation import Letter
from hub.sandbox.demo.people import seed
from hub.sandbox.demo.people.company import Company
from hub.sandbox.demo.scene import Scene
from hub.store import invitations
from hub.store.store import Tx

GOOD_FOR = timedelta(days=90)
OURS = {"Sec-Fetch-Site": "same-origin"}  # as a browser says it of a form on the hub's own page


@dataclass(frozen=True)
class Invited:
    """Somebody with a code.

    Attributes:
        person: the number of the person.
        number: the employee number, which is asked beside the code.
        letters: what is printed, by language.
    """

    person: str
    name: str
    number: str
    address: str
    code: str = field(repr=False)
    letters: Mapping[Language, str] = field(repr=False)

    @property
    def link(self) -> str:
        """The address with the code behind the `#`, as the square on paper has it."""
        return f"{self.address}#{self.code}"


async def invite(scene: Scene, company: Company) -> Invited:
    """Give the first of the shop workers a code on paper, as `hub people invite --paper` does.

    Raises:
        RejectedError: there is no such person yet.
    """
    number, given, infix, family, *_ = next(seed.workers(company.both))
    name, now = " ".join(filter(None, (given, infix, family))), scene.clock.now()
    terms = Terms(inviting.PAPER, number=True)
    found = await scene.store.read(inviting.one, name, terms, now)
    found = replace(found, code=codes.make())
    until = now + GOOD_FOR
    given_to = ([found], inviting.PAPER, until)
    await scene.store.write(inviting.issue, *given_to, actor="demo", now=now)
    address = f"{scene.settings.address}/welcome"
    said: dict[str, Any] = {"code": found.code, "address": address, "until": until}
    languages: tuple[Language, ...] = ("nl", "en")
    return Invited(
        person=found.person,
        name=name,
        number=number,
        address=address,
        code=found.code,
        letters={one: _letter(scene, name, one, said) for one in languages},
    )


def _letter(scene: Scene, name: str, language: Language, said: Mapping[str, Any]) -> str:
    hub = scene.settings.hub
    letter = Letter(
        name=name,
        organisation=hub.organisation,
        then="device",
        number=True,
        phone=hub.service_desk.phone,
        time_zone=hub.time_zone,
        language=language,
        **said,
    )
    return invitation.html([letter]).decode()


def is_used(tx: Tx, person: str) -> bool:
    """Whether somebody came in with that code."""
    found = invitations.of_persons(tx, [person])
    return any(one.state == invitations.REDEEMED for one in found)


async def come_in(invited: Invited) -> Sequence[str]:
    """Use the code as a phone does, over HTTP; what was not as it should be."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as phone:
        form = {"code": invited.code, "number": invited.number}
        asked = await phone.post(invited.address, data=form, headers=OURS)
        done = await phone.post(invited.address, data=form | {"go": "yes"}, headers=OURS)
        mine = await phone.get(invited.address.replace("/welcome", "/me"))
    return list(_faults(invited.name, asked, done, mine))


def _faults(name: str, *answers: httpx.Response) -> Iterator[str]:
    asked, done, mine = answers
    if (asked.status_code, done.status_code) != (200, 200) or name not in asked.text:
        yield f"the code of {name} was not taken"
    elif name not in mine.text:
        yield f"{name} came in, and does not see their own page"
