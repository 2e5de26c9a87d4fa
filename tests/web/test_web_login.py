"""Logging in: what the provider says counts only when all of it is proven, and means one person."""

import base64
import hmac
import json
import re
from urllib.parse import parse_qs, urlsplit

from joserfc.jwk import ECKey

from hub.events.person import Person
from hub.store import sessions, trail

KEPT = "__Host-hub-session"
ISSUER = "https://login.example.org/tenant"


def cookies(answer) -> dict[str, str]:
    """Each cookie that was set, with its attributes."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        found[name] = rest
    return found


async def count(house) -> int:
    return sum((await house.store.read(sessions.count, house.clock.now())).values())


async def test_who_is_known_gets_a_session_and_the_page(house, visit):
    async with house.browser() as browser:
        answer = await visit(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        set_ = cookies(answer)
        for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=28800"):
            assert word in set_[KEPT]
        assert "Domain" not in set_[KEPT]
        assert "Max-Age=0" in set_["__Host-hub-login"]
        page = await browser.get("/me")
    assert page.status_code == 200
    assert "Dag Noor van den Berg" in page.text
    assert "Burgerzaken" in page.text
    assert page.headers["cache-control"] == "no-store"
    csp = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in csp
    assert "form-action 'self'" in csp
    assert "script-src" not in csp
    assert page.headers["referrer-policy"] == "no-referrer"
    (line,) = [row for row in await house.store.read(trail.rows) if row.action == "people login"]
    assert line.actor == f"person {line.what['person'][:8]}"
    assert "Noor" not in str(line.what)


async def test_the_question_binds_the_answer_to_this_browser(house):
    async with house.browser() as browser:
        away = await browser.get("/me/login")
        again = await browser.get("/me/login")
    asked, other = [parse_qs(urlsplit(one.headers["location"]).query) for one in (away, again)]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["https://hub.example.org/me/callback"]
    assert asked["scope"] == ["openid profile email"]
    assert asked["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) == 43
        assert asked[name] != other[name]
    assert len({asked[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    kept = cookies(away)["__Host-hub-login"]
    assert asked["state"][0] not in kept
    assert "Max-Age=600" in kept


def _coded(value) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _forged(house, header, sign):
    def made(nonce):
        now = int(house.clock.now().timestamp())
        claims = {"iss": ISSUER, "aud": "intranet-hub", "sub": "s-1", "nonce": nonce}
        claims |= {"iat": now, "exp": now + 60, "employee": "0451"}
        signed = b".".join((_coded({"kid": "k1"} | header), _coded(claims)))
        return b".".join((signed, _coded(sign(signed)))).decode()

    return made


def _unsigned(house):
    return _forged(house, {"alg": "none"}, lambda _: b"")


def _with_public_key_as_secret(house):
    pem = house.provider.key.as_pem(private=False)
    return _forged(house, {"alg": "HS256"}, lambda text: hmac.digest(pem, text, "sha256"))


REFUSED = {
    "another nonce": {"changes": {"nonce": "x" * 43}},
    "no nonce": {"changes": {"nonce": None}},
    "another audience": {"changes": {"aud": "payroll"}},
    "two audiences, and no word for whom": {"changes": {"aud": ["intranet-hub", "payroll"]}},
    "made for another": {"changes": {"azp": "payroll"}},
    "another issuer": {"changes": {"iss": "https://login.example.org/other"}},
    "no subject": {"changes": {"sub": None}},
    "expired": {"changes": {"exp": 1_700_000_000}},
    "no end": {"changes": {"exp": None}},
    "from the future": {"changes": {"iat": 2_000_000_000}},
    "an unknown key": {"key": ECKey.generate_key("P-256", {"kid": "k9"}), "published": "own"},
    "a key of the same name": {
        "key": ECKey.generate_key("P-256", {"kid": "k1"}), "published": "own",
    },
    "no token": {"token": ""},
    "no text": {"token": 7},
    "nonsense": {"token": "a.b.c"},
}  # fmt: skip


async def test_a_token_that_is_not_as_it_must_be_proves_nothing(house, visit):
    usual = {"changes": {}, "key": house.provider.key, "published": None, "token": None}
    async with house.browser() as browser:
        for name, planted in REFUSED.items():
            house.log.lines.clear()
            for field, value in (usual | planted).items():
                own = [usual["key"]] if value == "own" else value
                setattr(house.provider, field, own)
            answer = await visit(browser)
            assert answer.status_code == 403, name
            assert "Inloggen is niet gelukt" in answer.text
            assert KEPT not in cookies(answer)
            assert "Max-Age=0" in cookies(answer)["__Host-hub-login"]
            assert [one.event for one in house.log.lines] == ["login_refused"], name
        assert await count(house) == 0
        for field, value in usual.items():
            setattr(house.provider, field, value)
        assert (await visit(browser)).status_code == 303, "and this is how it must be"


async def test_no_signature_and_a_shared_secret_are_no_signatures(house, visit):
    async with house.browser() as browser:
        for make in (_unsigned, _with_public_key_as_secret):
            house.provider.id_token = make(house)
            assert (await visit(browser)).status_code == 403
    assert await count(house) == 0


async def test_an_answer_to_another_question_is_refused(house, visit):
    async with house.browser() as browser:
        for changes in (
            {"state": "x" * 43},
            {"state": ""},
            {"iss": "https://evil.example"},
            {"iss": ""},
            {"code": "made-up"},
            {"code": ""},
            {"error": "access_denied"},
        ):
            assert (await visit(browser, **changes)).status_code == 403, changes
    assert await count(house) == 0


async def test_another_browser_can_not_use_the_answer(house):
    async with house.browser() as mine, house.browser() as theirs:
        away = await mine.get("/me/login")
        query = house.provider.sign_in(away.headers["location"])
        assert (await theirs.get("/me/callback", params=query)).status_code == 403
        await theirs.get("/me/login")
        assert (await theirs.get("/me/callback", params=query)).status_code == 403
    assert await count(house) == 0


async def test_an_answer_counts_once(house, visit):
    async with house.browser() as browser:
        away = await browser.get("/me/login")
        kept = browser.cookies["__Host-hub-login"]
        query = house.provider.sign_in(away.headers["location"])
        asked = dict(house.provider.codes)
        assert (await browser.get("/me/callback", params=query)).status_code == 303
        house.provider.codes.update(asked)  # a provider that forgets that it answered
        browser.cookies.set("__Host-hub-login", kept, domain="hub.example.org", path="/")
        again = await browser.get("/me/callback", params=query)
    assert again.status_code == 403
    assert await count(house) == 1


async def test_a_new_key_is_fetched_and_not_for_every_forgery(house, visit):
    async with house.browser() as browser:
        await visit(browser)
        old, house.provider.key = house.provider.key, ECKey.generate_key("P-256", {"kid": "k2"})
        house.clock.advance(120)
        assert (await visit(browser)).status_code == 303
        fetched = house.provider.paths().count("/jwks")
        assert fetched == 2
        house.provider.key, house.provider.published = old, [house.provider.key]
        for _ in range(3):
            assert (await visit(browser)).status_code == 403
    assert house.provider.paths().count("/jwks") == fetched


async def test_a_provider_that_is_away_is_said_in_plain_words(house, visit):
    async with house.browser() as browser:
        for path in ("/.well-known/openid-configuration", "/token", "/jwks"):
            house.provider.down = {path}
            first = await browser.get("/me/login")
            if first.status_code == 303:
                query = house.provider.sign_in(first.headers["location"])
                first = await browser.get("/me/callback", params=query)
            assert first.status_code == 503, path
            assert "Inloggen kan nu even niet" in first.text
        house.provider.down = set()
        assert (await visit(browser)).status_code == 303


async def test_a_provider_that_is_another_one_is_not_used(house):
    async with house.browser() as browser:
        for about in (
            {"issuer": "https://login.example.org/other"},
            {"token_endpoint": "http://login.example.org/token"},
            {"authorization_endpoint": None},
            {"jwks_uri": 7},
        ):
            house.provider.about = about
            assert (await browser.get("/me/login")).status_code == 503, about
            line = house.log.lines[-1]
            assert line.event == "personal_page_failed"
            assert "identity provider" in str(line)


async def test_a_wrong_secret_says_what_to_check_and_not_what_it_is(house, visit):
    house.provider._is_ours = lambda *_: False
    async with house.browser() as browser:
        assert (await visit(browser)).status_code == 503
    (line,) = [one for one in house.log.lines if one.event == "personal_page_failed"]
    assert "client_secret" in str(line)
    assert "canary" not in str(house.log.lines)


async def test_a_secret_may_have_to_stand_in_the_form(house, visit):
    house.provider.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    async with house.browser() as browser:
        assert (await visit(browser)).status_code == 303
    (sent,) = [one for one in house.provider.seen if one.url.path.endswith("/token")]
    assert "authorization" not in sent.headers


# --- who it is -----------------------------------------------------------------------------------

MAIL = "noor@werk.example.org"


KNOWN = (
    {"employee": "0451"},
    {"email": MAIL, "email_verified": True},
    {"email": "Noor@Werk.Example.org", "email_verified": True},
    {"oid": "guid-1"},
    {"employee": "0451", "email": MAIL, "email_verified": True, "oid": "guid-1"},
    {"employee": "0451", "email": "new@elsewhere.example", "email_verified": True},
)
NOT_KNOWN = (
        {},
        {"employee": "451"},
        {"employee": ""},
        {"employee": 451},
        {"employee": ["0451"]},
        {"employee": "%"},
        {"employee": '0451"'},
        {"oid": "h1"},  # of another source
        {"oid": "GUID-1"},
        {"email": MAIL},
        {"email": MAIL, "email_verified": "true"},
        {"email": MAIL, "email_verified": False},
        {"preferred_username": MAIL},
        {"name": "Noor van den Berg"},
        {"employee": "0451", "oid": "guid-7", "email": "sem@werk.example.org",
         "email_verified": True},
)  # fmt: skip


async def test_one_person_is_recognised(house, visit):
    async with house.browser() as browser:
        for claims in KNOWN:
            browser.cookies.clear()
            house.provider.claims = claims
            assert (await visit(browser)).status_code == 303, claims
            assert "Noor" in (await browser.get("/me")).text


async def test_nobody_and_more_than_one_are_not_let_in(house, visit):
    sem = {"enabled": True, "display_name": "Sem Visser", "mail": "sem@werk.example.org"}
    house.sources["ad"].put("guid-7", Person(**sem, employee_number="0451"))  # of another numbering
    await house.read()
    async with house.browser() as browser:
        for claims in NOT_KNOWN:
            house.provider.claims = claims
            answer = await visit(browser)
            assert answer.status_code == 403, claims
            assert "We kennen je hier nog niet" in answer.text
            assert "020 555 0100" in answer.text
        assert "Je bent niet ingelogd" in (await browser.get("/me")).text
    assert await count(house) == 0
    assert not re.search(r"\b0451\b", str(house.log.lines))


async def test_an_address_outside_our_domains_is_nobodys(house, visit):
    given = {"enabled": True, "display_name": "Bo", "mail": "bo@thuis.example"}
    house.sources["hr"].put("h9", Person(**given))
    await house.read()
    house.provider.claims = {"email": "bo@thuis.example", "email_verified": True}
    async with house.browser() as browser:
        assert (await visit(browser)).status_code == 403


async def test_two_persons_with_one_number_are_both_not_let_in(house, visit):
    twin = {"enabled": True, "display_name": "Abel Zon", "given_name": "Abel"}
    house.sources["hr"].put("h7", Person(**twin, family_name="Zon", employee_number="0451"))
    await house.read()
    async with house.browser() as browser:
        assert (await visit(browser)).status_code == 403
    (line,) = [one for one in house.log.lines if one.event == "login_not_recognised"]
    assert "several" in str(line)


async def test_who_left_is_not_let_in_and_a_session_ends(house, visit):
    async with house.browser() as browser:
        await visit(browser)
        for name, key in (("hr", "h1"), ("ad", "guid-1")):
            house.sources[name].edit(key, enabled=False)
        await house.read()
        page = await browser.get("/me")
        assert "Je bent niet ingelogd" in page.text
        assert "Max-Age=0" in cookies(page)[KEPT]
        assert (await visit(browser)).status_code == 403


async def test_what_the_token_leaves_out_comes_from_the_provider(house, visit):
    house.provider.claims = {}
    house.provider.info = {"sub": "s-1", "employee": "0451"}
    async with house.browser() as browser:
        assert (await visit(browser)).status_code == 303
        house.provider.info = {"sub": "s-2", "employee": "0451"}
        assert (await visit(browser)).status_code == 403
