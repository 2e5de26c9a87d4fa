"""Mail: a small port for one message, and SMTP behind it.

One connection per message, because they are few. The certificate is verified; the login is tried
once, by one method, because more tries may lock the account. What a server says is never repeated:
it may quote addresses.
"""

import hashlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    HubError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)
from hub.http import tls_context

if TYPE_CHECKING:
    from asyncio import WriteTransport

    from aiosmtplib import SMTP

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address.

    Attributes:
        text: plain text, with line breaks.
        key: the same for the same message sent again, so that a mail program may show it once;
            empty: a new one each time.
        language: of the text.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    key: str = ""
    language: str = "nl"


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, message: Message) -> None:
        """Hand one message to a mail server.

        Raises:
            MaybeSentError: the server may have taken it: sending it again may send it twice.
            RejectedError: this address or this text is refused for good.
            AuthFailedError, PermissionMissingError, BadConfigError, RetryableError: as
                `hub.errors` says; nothing was sent.
        """
        ...


class MaybeSentError(RetryableError):
    """The server had the whole message and did not say what became of it."""


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """How the mail server is reached.

    Attributes:
        sender: the address that messages come from.
        sender_name: what mail programs show of the sender.
        user: None: without a login.
        timeout: seconds for each of about eight answers, however slowly one comes.
    """

    host: str
    port: int
    security: Security
    sender: str
    sender_name: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 20.0


class Smtp:
    """A mail server that takes messages from this hub."""

    def __init__(self, options: SmtpOptions, *, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now

    @property
    def name(self) -> str:
        """Host and port, for messages."""
        return f"{self._options.host}:{self._options.port}"

    async def check(self) -> None:
        """Connect and log in, and send nothing.

        Raises:
            HubError: as `Mailer.send` says.
        """
        async with self._session():
            pass

    async def send(self, message: Message) -> None:
        """Hand one message to the server; errors as `Mailer.send` says."""
        if not re.fullmatch(ADDRESS, message.to):
            raise RejectedError("The address is none that mail can be sent to: correct it.")
        content = _content(message, self._options, self._now())
        async with self._session() as client:
            await self._hand_over(client, message.to, content)

    async def _hand_over(self, client: "SMTP", to: str, content: bytes) -> None:
        with self._stage("MAIL", PermissionMissingError, _SENDER):
            await client.mail(self._options.sender)
        with self._stage("RCPT", RejectedError, "does not take mail for this address"):
            await client.rcpt(to)
        with self._data():
            await client.data(content)

    @contextmanager
    def _data(self) -> Iterator[None]:
        """What went wrong after the text had begun to go may have gone well."""
        from aiosmtplib import SMTPDataError, SMTPResponseException  # noqa: PLC0415  a cold start

        try:
            yield
        except SMTPDataError as error:
            raise self._refused(error.code, RejectedError, "refused the message") from error
        except SMTPResponseException as error:
            raise self._refused(error.code, RetryableError, "broke off") from error
        except Exception as error:
            raise MaybeSentError(
                f"{self.name} did not say whether it took the message: it may have been sent."
            ) from error

    @asynccontextmanager
    async def _session(self) -> AsyncIterator["SMTP"]:
        """A connection with login."""
        client = self._client()
        try:
            await self._connect(client)
            await self._login(client)
            yield client
            with suppress(Exception):  # it has the message already
                await client.execute_command(b"QUIT")
        finally:
            # closing politely, TLS waits for the server's last word for up to 30 s, all by itself
            if client.transport is not None:
                cast("WriteTransport", client.transport).abort()
            client.close()

    def _client(self) -> "SMTP":
        from aiosmtplib import SMTP  # noqa: PLC0415  a cold start counts, and few commands send

        o = self._options
        context = None if o.security == "none" else tls_context(o.ca_file)
        host = socket.gethostname()
        return SMTP(
            hostname=o.host,
            port=o.port,
            timeout=o.timeout,
            use_tls=o.security == "tls",
            start_tls=False,  # asked for below, where its faults have words of their own
            tls_context=context,
            local_hostname=host if _HOST_NAME.fullmatch(host) else "localhost",
        )

    async def _connect(self, client: "SMTP") -> None:
        with self._stage("connection", RetryableError, "refused the connection"):
            await client.connect()
        if self._options.security != "starttls":
            return
        with self._stage("STARTTLS", BadConfigError, "refused STARTTLS: check `mail.security`"):
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise BadConfigError(
                    f"{self.name} offers no STARTTLS: check `mail.security` and `mail.port`."
                )
            await client.starttls()

    async def _login(self, client: "SMTP") -> None:
        user, password = self._options.user, self._options.password
        if user is None or password is None:
            return
        with self._stage("login", AuthFailedError, _LOGIN):
            await client.ehlo()
            methods = client.supported_auth_methods
            if "plain" in methods:
                await client.auth_plain(user, password)
            elif "login" in methods:
                await client.auth_login(user, password)
            else:
                raise BadConfigError(
                    f"{self.name} offers no login with a password: check `mail.port`, or remove "
                    "`mail.user`."
                )

    @contextmanager
    def _stage(self, stage: str, refused: type[HubError], words: str) -> Iterator[None]:
        from aiosmtplib import SMTPException, SMTPResponseException  # noqa: PLC0415  a cold start

        try:
            yield
        except SMTPResponseException as error:
            raise self._refused(error.code, refused, words) from error
        except (SMTPException, OSError, ValueError) as error:
            raise self._broken(stage, error) from error

    def _refused(self, code: int, refused: type[HubError], words: str) -> HubError:
        """A 4xx passes; everything else is as it is."""
        if 400 <= code < 500:
            return RetryableError(f"{self.name} can't take it at the moment ({code}).")
        return refused(f"{self.name} {words} ({code}).")

    def _broken(self, stage: str, error: Exception) -> HubError:
        if (cause := _untrusted(error)) is not None:
            return BadConfigError(
                f"The certificate of {self.name} can't be trusted ({cause}): check `mail.host`, "
                "or give the organisation's CA as `mail.ca_file`."
            )
        if stage == "connection":
            return RetryableError(
                f"{self.name} can't be reached: is the server up, the name right, the firewall "
                f"open, `mail.security` right? ({type(error).__name__})."
            )
        return RetryableError(f"{self.name} broke off ({stage}, {type(error).__name__}).")


_SENDER = "does not let this account send as `mail.sender`: ask for that right, or change it"
_LOGIN = "refused the login: check `mail.user` and `mail.password`"


def _untrusted(error: BaseException | None) -> str | None:
    """What is wrong with a certificate, among the causes of an error; None: it is not that."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return str(error.verify_message or "unknown reason").rstrip(".")
        error = error.__cause__ or error.__context__
    return None


def _content(message: Message, options: SmtpOptions, now: datetime) -> bytes:
    """The message in the form that travels; nothing in it can begin a header of its own."""
    from email.headerregistry import Address  # noqa: PLC0415  a cold start counts
    from email.message import EmailMessage  # noqa: PLC0415  a cold start counts
    from email.policy import SMTP as TRAVELLING  # noqa: PLC0415  a cold start counts
    from email.utils import format_datetime, make_msgid  # noqa: PLC0415  a cold start counts

    domain = options.sender.partition("@")[2]
    made = EmailMessage(policy=TRAVELLING)
    made["From"] = Address(_line(options.sender_name), addr_spec=options.sender)
    made["To"] = Address(addr_spec=message.to)
    made["Subject"] = _line(message.subject)
    made["Date"] = format_datetime(now)
    named = hashlib.blake2b(message.key.encode(), digest_size=16).hexdigest()
    made["Message-ID"] = f"<{named}@{domain}>" if message.key else make_msgid(domain=domain)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers it
    made.set_content(message.text, cte="quoted-printable")
    made["Content-Language"] = message.language
    return made.as_bytes()


def _line(text: str) -> str:
    return " ".join(text.split())
