"""What goes wrong is said in our errors, and an incomplete page is never handed over."""

import contextlib
import os
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.ldap.access import Access, Method
from connectors.ldap.client import DirectoryClient
from connectors.ldap.sandbox import MissingError, Slapd, ldif
from hub.errors import (
    AuthFailedError,
    BadConfigError,
    PermissionMissingError,
    RetryableError,
)


class Log:
    def __init__(self):
        self.said = []

    def warning(self, event, **keys):
        self.said.append((event, keys))


def reads(client, base, condition="(objectClass=*)"):
    with contextlib.closing(client):
        return [each for page in client.entries(base, condition, ["cn"]) for each in page]


def test_a_wrong_password_is_tried_once(scripted, directory):
    with pytest.raises(AuthFailedError, match="refused") as caught:
        directory.client(password="not-this-one").connect()
    assert "not-this-one" not in str(caught.value)


def test_a_wrong_password_is_not_tried_on_the_next_server(slapd):
    urls = (slapd.server.ldapi, "ldap://127.0.0.1:1")
    with pytest.raises(AuthFailedError):
        slapd.client(urls=urls, password="x", clear_text=True).connect()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("525", "no such account"), ("52e", "wrong"), ("532", "password has expired"),
        ("533", "disabled"), ("701", "account has expired"), ("773", "must change"), ("775", "locked out"),
    ],
)  # fmt: skip
def test_active_directory_says_why_it_refuses(data, words):
    from connectors.ldap.access import address
    from connectors.ldap.faults import refused

    text = f"80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data {data}, v4563\x00"
    error = refused(address("ldaps://dc1"), "hub@example.org", {"result": 49, "message": text})
    assert isinstance(error, AuthFailedError)
    assert words in str(error)


def test_another_server_is_asked_when_the_first_is_down(slapd):
    client = slapd.client(urls=("ldap://127.0.0.1:1", slapd.server.ldapi), clear_text=True)
    assert reads(client, slapd.server.suffix)


@pytest.mark.parametrize("start_tls", [True, False])
def test_a_certificate_that_nobody_vouches_for_is_refused(directory, start_tls):
    server = directory.server
    url = server.ldap if start_tls else server.ldaps
    with pytest.raises(BadConfigError, match=r"certificate is refused.*`ca_file`"):
        directory.client(urls=(url,), start_tls=start_tls).connect()


@pytest.mark.parametrize("start_tls", [True, False])
def test_a_certificate_of_another_host_is_refused(directory, pem, start_tls):
    server = directory.server
    url = (server.ldap if start_tls else server.ldaps).replace("127.0.0.1", "localhost")
    with pytest.raises(BadConfigError, match=r"certificate is refused.*not valid for 'localhost'"):
        directory.client(urls=(url,), start_tls=start_tls, ca_file=pem.ca).connect()


def test_no_password_goes_out_in_clear_text(slapd):
    with pytest.raises(BadConfigError, match="clear text"):
        slapd.client(urls=(slapd.server.ldap,))


def test_no_password_is_sent_where_start_tls_is_refused(scripted):
    server = scripted(lambda _: [])
    access = server.access(start_tls=True, clear_text=False, bind="cn=hub", password="x")
    with pytest.raises(BadConfigError, match=r"offers no StartTLS.*password was not sent"):
        DirectoryClient(access).connect()
    assert server.binds == 0


@pytest.fixture
def own():
    """Makes OpenLDAP servers of this test alone, which may be stopped; not started yet."""
    with contextlib.ExitStack() as stack:

        def make(**how):
            folder = Path(tempfile.mkdtemp(prefix="hub-ldap-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                server = Slapd(folder, **how)
            except MissingError as error:
                pytest.skip(str(error))
            server.seed()
            stack.callback(server.stop)
            return server

        yield make


def many(server, count=50):
    """People for a server that does not run yet."""
    server.load(
        "".join(
            ldif(
                f"cn=p{each},{server.suffix}",
                {"objectClass": "inetOrgPerson", "cn": f"p{each}", "sn": "p"},
            )
            for each in range(count)
        )
    )


def test_start_tls_on_a_real_server_that_has_none(own):
    server = own().start()
    access = Access(urls=(server.ldap,), start_tls=True, bind="cn=hub", password="x")
    with pytest.raises(BadConfigError, match="offers no StartTLS"):
        DirectoryClient(access).connect()


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("size", [10, 1000])
def test_a_real_server_that_gives_an_account_only_some(own, fast, size):
    """Pages small or large, before or after what the account may have."""
    limit = f'limits dn.exact="{Slapd.reader}" size.soft=20 size.hard=20 size.prtotal=20\n'
    server = own(rights=limit)
    many(server)
    server.start()
    client = DirectoryClient(replace(server.access(), page_size=size), fast=fast)
    with pytest.raises(PermissionMissingError, match="raise the account's limits"):
        reads(client, server.suffix)


@pytest.mark.parametrize("fast", [True, False])
def test_a_real_server_that_dies_between_two_pages(own, fast):
    server = own()
    many(server)
    server.start()
    client = DirectoryClient(replace(server.access(), page_size=10), fast=fast)
    with contextlib.closing(client):
        pages = client.entries(server.suffix, "(objectClass=person)", ["cn"])
        assert len(next(pages)) == 10
        server.stop()
        with pytest.raises(RetryableError, match="incomplete"):
            next(pages)
        with pytest.raises(RetryableError, match="can't be reached"):
            client.one(server.suffix, ["o"])
        server.start()
        assert client.one(server.suffix, ["o"])


def test_tls_on_a_port_that_has_none(slapd, pem):
    url = slapd.server.ldap.replace("ldap:", "ldaps:")
    with pytest.raises(RetryableError, match="does not speak TLS"):
        slapd.client(urls=(url,), ca_file=pem.ca).connect()


def test_a_login_by_the_owner_of_the_socket(slapd):
    client = slapd.client(method=Method.EXTERNAL, bind="", password="")
    assert reads(client, slapd.server.suffix), os.getuid()


def test_active_directory_wants_a_login(samba):
    with pytest.raises(BadConfigError, match="only after a login"):
        reads(samba.client(bind="", password=""), samba.suffix)


def test_an_account_without_a_password_is_a_mistake(slapd):
    with pytest.raises(BadConfigError, match="give the password"):
        slapd.client(password="").connect()


@pytest.mark.parametrize(
    "url",
    ["", "dc1.example.org", "http://dc1", "ldap://", "ldaps://u:p@dc1", "ldap://dc1:port", "ldapi://x", "ldap://dc1/dc=x"],
)  # fmt: skip
def test_what_is_no_address(url):
    with pytest.raises(BadConfigError, match="no address of a directory"):
        DirectoryClient(Access(urls=(url,)))


def test_a_base_that_is_not_there(directory):
    with pytest.raises(BadConfigError, match="check the base"):
        reads(directory.client(), f"OU=typo,{directory.suffix}")


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("condition", ["(objectClass=person", "objectClass", "(&(a=b)"])
def test_a_filter_that_is_none(slapd, fast, condition):
    with pytest.raises(BadConfigError, match="is no filter"):
        reads(slapd.client(fast=fast), slapd.suffix, condition)


def test_an_account_that_sees_only_some(scripted):
    server = scripted(lambda _: [scripted.entry("cn=a"), scripted.done(4, "size limit exceeded")])
    with pytest.raises(PermissionMissingError, match=r"only a part.*raise the account's limits"):
        reads(DirectoryClient(server.access()), "dc=x")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(50, PermissionMissingError), (51, RetryableError), (80, RetryableError), (10, BadConfigError),
     (8, BadConfigError), (12, BadConfigError), (3, RetryableError)],
)  # fmt: skip
def test_results_become_errors(scripted, code, kind):
    server = scripted(
        lambda _: [scripted.entry("cn=a"), scripted.done(code, "words of the server")]
    )
    with pytest.raises(kind, match=f"result {code}: words of the server"):
        reads(DirectoryClient(server.access()), "dc=x")


@pytest.mark.parametrize("fast", [True, False])
def test_a_page_that_dies_is_not_handed_over(scripted, fast):
    def answer(number):
        page = [scripted.entry(f"cn={number}-{each}", cn=[b"x"]) for each in range(3)]
        return [*page, scripted.done(cookie=b"next")] if number == 0 else [*page, None]

    server = scripted(answer)
    client = DirectoryClient(server.access(), fast=fast)
    pages = client.entries("dc=x", "(cn=*)", ["cn"])
    assert len(next(pages)) == 3
    with pytest.raises(RetryableError, match="broke off in mid-answer; the reading is incomplete"):
        next(pages)
    assert server.binds == 1, "the cookie of a page dies with its connection: no second try"


@pytest.mark.parametrize("fast", [True, False])
def test_a_server_that_falls_silent(scripted, fast):
    import threading

    wait = threading.Event()

    def answer(_):
        wait.wait(20)
        return [None]

    client = DirectoryClient(scripted(answer).access(answer_timeout=1), fast=fast)
    with pytest.raises(RetryableError, match="incomplete"):
        reads(client, "dc=x")
    wait.set()


def test_a_connection_that_slept_is_opened_again(scripted):
    said = iter([["entry"], [None], ["entry"]])

    def answer(_):
        return [None if each is None else scripted.entry("cn=a") for each in next(said)] + [
            scripted.done()
        ]

    server = scripted(answer)
    client = DirectoryClient(server.access())
    assert client.one("cn=a", ["cn"])
    assert client.one("cn=a", ["cn"])
    assert server.binds == 2
    client.close()


def test_a_new_connection_that_breaks_is_not_tried_again(scripted):
    server = scripted(lambda _: [None])
    with pytest.raises(RetryableError, match="broke off"):
        reads(DirectoryClient(server.access()), "dc=x")
    assert server.binds == 1


STRANGE = b"\x30\x0a\x02\x01\x02\x64\x05\x04\x01a\x31\x00"  # a set where a sequence should be


def test_what_we_cannot_read_ldap3_reads(scripted):
    """One strange entry among good ones, and before anything was handed over."""

    def answer(number):
        if number == 0:
            return [scripted.entry("cn=a", cn=[b"x"]), scripted.Raw(STRANGE)]
        return [scripted.entry("cn=a", cn=[b"x"]), scripted.done()]

    log, server = Log(), scripted(answer)
    client = DirectoryClient(server.access(), log)
    assert [each.dn for each in reads(client, "dc=x")] == ["cn=a"]
    assert [event for event, _ in log.said] == ["fast_reader_given_up"]
    assert server.binds == 2
    assert reads(client, "dc=x")
    assert len(log.said) == 1


def test_what_we_cannot_read_in_mid_reading_makes_it_incomplete(scripted):
    def answer(number):
        if number == 0:
            return [scripted.entry("cn=a", cn=[b"x"]), scripted.done(cookie=b"next")]
        return [scripted.Raw(STRANGE)]

    pages = DirectoryClient(scripted(answer).access()).entries("dc=x", "(cn=*)", ["cn"])
    assert len(next(pages)) == 1
    with pytest.raises(RetryableError, match="sent what is no LDAP; the reading is incomplete"):
        next(pages)


def test_the_next_page_is_asked_for_before_this_one_is_used(scripted):
    asked = threading.Event()

    def answer(number):
        if number == 0:
            return [scripted.entry("cn=a"), scripted.done(cookie=b"next")]
        asked.set()
        return [scripted.entry("cn=b"), scripted.done()]

    client = DirectoryClient(scripted(answer).access())
    pages = client.entries("dc=x", "(cn=*)", ["cn"])
    assert [each.dn for each in next(pages)] == ["cn=a"]
    assert asked.wait(10)
    assert [[each.dn for each in page] for page in pages] == [["cn=b"]]
    client.close()


def test_another_question_between_two_pages_has_its_own_answer(scripted):
    said = [
        [scripted.entry("cn=a"), scripted.done(cookie=b"next")],
        [scripted.entry("cn=b"), scripted.done()],
        [scripted.entry("cn=c"), scripted.done()],
    ]
    client = DirectoryClient(scripted(said.__getitem__).access())
    pages = client.entries("dc=x", "(cn=*)", ["cn"])
    assert [each.dn for each in next(pages)] == ["cn=a"]
    assert client.one("cn=c", ["cn"]).dn == "cn=c"
    assert [[each.dn for each in page] for page in pages] == [["cn=b"]]
    client.close()


def test_a_reading_that_is_left_in_the_middle_disturbs_nobody(scripted):
    said = [
        [scripted.entry("cn=a"), scripted.done(cookie=b"next")],
        [scripted.entry("cn=b"), scripted.done(cookie=b"more")],
        [scripted.entry("cn=c"), scripted.done()],
    ]
    client = DirectoryClient(scripted(said.__getitem__).access())
    next(client.entries("dc=x", "(cn=*)", ["cn"]))
    assert [each.dn for each in reads(client, "dc=y")] == ["cn=c"]
    client.close()


def test_a_message_larger_than_allowed_is_refused_unread(scripted):
    server = scripted(lambda _: [scripted.entry("cn=a", photo=[b"x" * 5000]), scripted.done()])
    with pytest.raises(RetryableError, match=r"5\d\d\d bytes: refused unread"):
        reads(DirectoryClient(server.access(max_message=4096)), "dc=x")


@pytest.mark.parametrize("wide", [False, True])
def test_a_server_that_says_goodbye(scripted, wide):
    """It is no fault of our reader's, which stays; `wide`: lengths as Windows writes them."""
    from connectors.ldap.ber import integer, octets, sequence, tlv

    words = integer(52, 0x0A) + octets(b"") * 2 + tlv(0x8A, b"1.3.6.1.4.1.1466.20036")
    goodbye = sequence(integer(0), tlv(0x78, words))
    if wide:
        goodbye = b"\x30\x84" + len(goodbye[2:]).to_bytes(4, "big") + goodbye[2:]
    server = scripted(lambda _: [scripted.Raw(goodbye)])
    log = Log()
    with pytest.raises(RetryableError, match="broke off"):
        reads(DirectoryClient(server.access(), log), "dc=x")
    assert not log.said


def test_our_reader_is_never_used_where_the_wire_may_be_sealed():
    from connectors.ldap.reader import PlainReader

    client = DirectoryClient(
        Access(urls=("ldaps://dc1",), bind="D\\u", password="x", method=Method.NTLM)
    )
    assert isinstance(client._session._reader, PlainReader)
