"""How codes get to people: shown here, by mail, or on paper."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from hub.cli.session import actor, now
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)
from hub.events.base import Language
from hub.mail import MaybeSentError, Message, Smtp, SmtpOptions
from hub.people import inviting
from hub.people.inviting import Invitee, Terms
from hub.render import invitation
from hub.render.invitation import Letter
from hub.settings import Settings
from hub.settings.invitations import InvitationSettings
from hub.store.store import Store

PATH = "/welcome"


def invitations_of(settings: Settings) -> InvitationSettings:
    """What hub.yaml says of codes.

    Raises:
        BadConfigError: nothing.
    """
    found = settings.hub.people.invitations
    if found is None:
        raise BadConfigError(
            "hub.yaml does not say what a code leads to: add `people: {invitations: {then: device}}`, "
            "or `provider` or `intranet`."
        )
    return found


def address_of_hub(settings: Settings) -> str:
    """Where codes are typed, as people reach it."""
    return settings.address + PATH


@dataclass(frozen=True)
class Channel:
    """One way to the people.

    Attributes:
        lasting: how long a code is good on this way.
        settings: of the whole hub.
        paper: the file that is written.
    """

    name: str
    terms: Terms
    lasting: timedelta
    settings: Settings
    language: Language
    paper: Path | None = None

    async def hand_out(
        self, store: Store, invitees: Sequence[Invitee], until: datetime
    ) -> dict[str, HubError]:
        """Store the codes, and bring them; by person what went wrong.

        After a `MaybeSentError` the code is good; after everything else it is not.

        Raises:
            HubError: it could not begin: nothing was stored.
        """
        if self.name == inviting.MAIL:
            return await self._mail(store, invitees, until)
        part = self._written(invitees, until) if self.paper else None
        try:
            await self._store(store, invitees, until)
        except BaseException:
            if part is not None:
                part.unlink()
            raise
        if part is not None and self.paper is not None:
            part.rename(self.paper)
        return {}

    async def _store(self, store: Store, invitees: Sequence[Invitee], until: datetime) -> None:
        await store.write(inviting.issue, invitees, self.name, until, actor=actor(), now=now())

    # --- paper -----------------------------------------------------------------------------------

    def _written(self, invitees: Sequence[Invitee], until: datetime) -> Path:
        """The pages in a file beside the one that is wanted, for nobody else to read."""
        path = self.paper or Path()
        letters = [self._letter(invitee, until) for invitee in invitees]
        content = invitation.html(letters) if path.suffix == ".html" else invitation.pdf(letters)
        part = path.with_name(path.name + ".part")
        try:
            handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except OSError as error:
            raise RejectedError(f"{part} can't be written ({error.strerror}).") from error
        return part

    def _letter(self, invitee: Invitee, until: datetime) -> Letter:
        hub = self.settings.hub
        return Letter(
            name=invitee.name,
            code=invitee.code,
            address=address_of_hub(self.settings),
            until=until,
            organisation=hub.organisation,
            then=invitations_of(self.settings).then,
            number=self.terms.number,
            phone=hub.service_desk.phone,
            time_zone=hub.time_zone,
            language=self.language,
        )

    # --- mail ------------------------------------------------------------------------------------

    async def _mail(
        self, store: Store, invitees: Sequence[Invitee], until: datetime
    ) -> dict[str, HubError]:
        """One after the other; what ends all sending ends it for the rest too."""
        server = Smtp(_mail_of(self.settings), now=now)
        await server.check()
        faults: dict[str, HubError] = {}
        stop: HubError | None = None
        for invitee in invitees:
            if stop is not None:
                faults[invitee.person] = stop
                continue
            fault = await self._send(store, server, invitee, until)
            if fault is not None:
                faults[invitee.person] = fault
            unsure = isinstance(fault, MaybeSentError)
            stop = fault if isinstance(fault, _ENDS_ALL) and not unsure else None
        return faults

    def _message(self, invitee: Invitee, until: datetime) -> Message:
        subject, text = invitation.mail(self._letter(invitee, until))
        return Message(invitee.address, subject, text, language=self.language)

    async def _send(
        self, store: Store, server: Smtp, invitee: Invitee, until: datetime
    ) -> HubError | None:
        """Store, send, and note that it was sent; a code that was not sent is taken back."""
        await self._store(store, [invitee], until)
        try:
            await server.send(self._message(invitee, until))
        except MaybeSentError as error:
            await store.write(inviting.sent, invitee.code, now())
            return error  # it may be in their hands: it stays good
        except HubError as error:
            await store.write(inviting.take_back, invitee.person, actor=actor(), now=now())
            return error
        await store.write(inviting.sent, invitee.code, now())
        return None


_ENDS_ALL = (AuthFailedError, BadConfigError, PermissionMissingError, RetryableError)


def _mail_of(settings: Settings) -> SmtpOptions:
    if settings.mail is None:
        raise BadConfigError("hub.yaml names no mail server: add `mail:`, or use `--paper FILE`.")
    return settings.mail


def channel_of(
    settings: Settings, *, mail: bool, paper: Path | None, language: str | None, preview: bool
) -> Channel:
    """The way that was asked for.

    Raises:
        BadConfigError: hub.yaml lacks what it needs.
        RejectedError: the file can't be what is wanted.
    """
    given = invitations_of(settings)
    name = inviting.MAIL if mail else inviting.PAPER if paper else inviting.SHOWN
    if mail:
        _mail_of(settings)
    if (mail or paper) and settings.hub.web.public_url is None:
        raise BadConfigError(
            "Mail and paper name the hub's address: set `web.public_url` in hub.yaml."
        )
    if paper is not None and not preview:
        _fit(paper)
    terms = Terms(
        channel=name,
        number=given.ask == "employee_number",
        mail_from=frozenset(given.mail_from),
        blanks=given.blanks,
    )
    spoken: Literal["nl", "en"] = settings.hub.language
    if language in {"nl", "en"}:
        spoken = "nl" if language == "nl" else "en"
    lasting = given.on_paper if paper else given.by_mail
    return Channel(name, terms, lasting, settings, spoken, paper)


def _fit(paper: Path) -> None:
    if paper.suffix not in {".pdf", ".html"}:
        raise RejectedError(f"{paper} must end in .pdf or .html.")
    if paper.exists():
        raise RejectedError(f"{paper} is there already: name a new file; its codes stay good.")
