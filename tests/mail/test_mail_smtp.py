"""Mail through a real SMTP server: what arrives, and what is said when it does not."""

import asyncio
import gc
import ssl
import sys
import time
import traceback
from datetime import UTC, datetime

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from hub.errors import (
    AuthFailedError,
    BadConfigError,
    PermissionMissingError,
    RejectedError,
    RetryableError,
)
from hub.mail import MaybeSentError, Message, Smtp, SmtpOptions

USER, PASSWORD = "hub", "hush-hush-hush"
LOGIN = {"user": USER, "password": PASSWORD}
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TEXT = "Beste Noor,\n\nWelkom.\n.\nGroet, één hub\n"
NOTE = Message("noor@example.org", "Welkom, Noor", TEXT)


def mailer(sink, **more):
    given = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
    options = SmtpOptions(**given | {"sender": "hub@example.org", "timeout": 5.0} | more)
    return Smtp(options, now=lambda: NOW)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "own-ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def context(authority, name="localhost"):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(made)
    return made


async def fails(sink, kind, message=NOTE, **more):
    """What is said of it: neither a password, nor an address, nor what the server said."""
    with pytest.raises(kind) as caught:
        await mailer(sink, **more).send(message)
    assert caught.type is kind
    said = str(caught.value)
    for secret in (PASSWORD, "wrong-wrong", message.to, "quoted by the server"):
        assert secret not in said
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    return said


async def test_a_message_arrives_as_it_was_written(mail_sink):
    sink = mail_sink()
    await mailer(sink, sender_name='Gemeente "Voorbeeld", Éen').send(NOTE)
    [got] = sink.messages
    assert got["From"].addresses[0].display_name == 'Gemeente "Voorbeeld", Éen'
    assert got["From"].addresses[0].addr_spec == "hub@example.org"
    assert (got["To"], got["Subject"]) == ("noor@example.org", "Welkom, Noor")
    assert got["Date"].datetime == NOW
    assert (got["Auto-Submitted"], got["Content-Language"]) == ("auto-generated", "nl")
    assert got.get_content().replace("\r\n", "\n") == TEXT


async def test_nothing_in_a_message_becomes_a_header_of_its_own(mail_sink):
    sink = mail_sink()
    await mailer(sink).send(Message("noor@example.org", "Hallo\r\nBcc: all@example.org", "x"))
    [got] = sink.messages
    assert "Bcc" not in got
    assert got["Subject"] == "Hallo Bcc: all@example.org"


@pytest.mark.parametrize(
    "to", ["noor", "noor@example.org\r\nBcc: x@y.org", "a@b.org, c@d.org", "<noor@example.org>", ""]
)
async def test_an_address_that_is_none_is_refused_here(mail_sink, to):
    sink = mail_sink()
    with pytest.raises(RejectedError, match="correct it"):
        await mailer(sink).send(Message(to, "Hallo", "x"))
    assert sink.messages == []


async def test_the_same_message_is_named_alike_and_another_is_not(mail_sink):
    sink = mail_sink()
    for key in ("one", "one", "two", "", ""):
        await mailer(sink).send(Message("noor@example.org", "Hallo", "x", key=key))
    names = [one["Message-ID"] for one in sink.messages]
    assert names[0] == names[1]
    assert len(set(names)) == 4


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_login_over_verified_tls(mail_sink, authority, ca_file, security):
    sink = mail_sink(security, context(authority), login=True)
    one = mailer(sink, host="localhost", security=security, ca_file=ca_file, **LOGIN)
    await one.check()
    assert (sink.logins, sink.messages) == ([("PLAIN", True)], [])
    await one.send(NOTE)
    assert len(sink.messages) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_connection_stays_where_the_server_is_slow_to_close_it(
    mail_sink, authority, ca_file, security, monkeypatch
):
    said, left = SMTP.push, []

    async def slowly(self, status):
        await said(self, status)
        if str(status).startswith("221"):
            time.sleep(0.3)  # the whole server

    monkeypatch.setattr(SMTP, "push", slowly)
    monkeypatch.setattr(sys, "unraisablehook", left.append)  # an open socket that is forgotten
    sink = mail_sink(security, context(authority))
    one = mailer(sink, host="localhost", security=security, ca_file=ca_file)
    asyncio.run(one.send(NOTE))
    gc.collect()
    assert [str(one.exc_value) for one in left] == []
    assert len(sink.messages) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_certificate_of_another_host_is_refused(mail_sink, authority, ca_file, security):
    sink = mail_sink(security, context(authority, "elsewhere.example.org"), login=True)
    more = {"host": "localhost", "security": security, "ca_file": ca_file} | LOGIN
    said = await fails(sink, BadConfigError, **more)
    assert "can't be trusted" in said
    assert "check `mail.host`" in said
    assert (sink.logins, sink.messages) == ([], [])


async def test_a_certificate_of_an_unknown_authority_is_refused(mail_sink, authority):
    sink = mail_sink("tls", context(authority), login=True)
    said = await fails(sink, BadConfigError, host="localhost", security="tls", **LOGIN)
    assert "`mail.ca_file`" in said


async def test_a_server_without_starttls_gets_no_password(mail_sink):
    sink = mail_sink(login=True)
    said = await fails(sink, BadConfigError, host="localhost", security="starttls", **LOGIN)
    assert "offers no STARTTLS" in said
    assert sink.logins == []


async def test_a_wrong_password_is_tried_once(mail_sink):
    sink = mail_sink(login=True)
    said = await fails(sink, AuthFailedError, user=USER, password="wrong-wrong")
    assert "`mail.user` and `mail.password`" in said
    assert sink.logins == [("PLAIN", False)]


@pytest.mark.parametrize(
    ("who", "answer", "kind"),
    [
        ("noor@example.org", "550 no such user, quoted by the server", RejectedError),
        ("noor@example.org", "450 full, quoted by the server", RetryableError),
        ("hub@example.org", "553 not yours, quoted by the server", PermissionMissingError),
        ("hub@example.org", "451 later, quoted by the server", RetryableError),
        ("data", "554 spam, quoted by the server", RejectedError),
        ("data", "452 full, quoted by the server", RetryableError),
    ],
)
async def test_what_a_server_refuses_has_a_consequence(mail_sink, who, answer, kind):
    sink = mail_sink()
    sink.refuse[who] = answer
    assert answer[:3] in await fails(sink, kind)


async def test_an_unknown_outcome_has_a_name_of_its_own(mail_sink):
    sink = mail_sink()
    sink.mute = True
    assert "may have been sent" in await fails(sink, MaybeSentError)
    assert len(sink.messages) == 1


async def test_nobody_there(mail_sink):
    sink = mail_sink()
    sink.close()
    sink.close = lambda: None
    assert "can't be reached" in await fails(sink, RetryableError)


async def test_a_server_that_never_speaks():
    async def silent(reader, writer):
        await reader.read()  # until the other side gives up
        writer.close()
        await writer.wait_closed()
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = SmtpOptions("127.0.0.1", port, "none", "hub@example.org", timeout=0.2)
        with pytest.raises(RetryableError, match="can't be reached"):
            await Smtp(options, now=lambda: NOW).send(NOTE)
        await asyncio.wait_for(ended.wait(), 10)
