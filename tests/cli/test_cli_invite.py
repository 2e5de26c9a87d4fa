"""`hub people invite`: one code shown, many on paper or by mail, and nothing where it must not be."""

import re
import shutil
import signal
import stat
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub.cli import main

HR = """\
Rij;Personeelsnummer;Roepnaam;Tussenvoegsel;Achternaam;Privé e-mail;E-mail
a;1042;Noor;van den;Berg;noor@thuis.example;
b;1043;Şirin;;Çelik;sirin@thuis.example;
c;;Emma;;Bakker;;e.bakker@werk.example.org
"""
SOURCE = "connector: csv\nmode: live\nsettings:\n  folder: {folder}\n  key: [Rij]\n"
CODE = r"(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}"
TERMS = "then: device, ask: employee_number, mail_from: [hr]"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with three people in a file, and a store that read them once."""
    folder = tmp_path_factory.mktemp("filled")
    for name in ("hr", "connectors"):
        (folder / name).mkdir()
    (folder / "hr" / "personeel.csv").write_text(HR)
    (folder / "connectors" / "hr.yaml").write_text(SOURCE.format(folder=folder / "hr"))
    (folder / "hub.yaml").write_text("store: sqlite:///hub.db\norganisation: Gemeente Voorbeeld\n")
    with pytest.raises(SystemExit) as ended:
        main(["sync", "--config", str(folder / "hub.yaml")])
    assert not ended.value.code
    return folder


@pytest.fixture
def shop(hub, filled):
    """The same folder, of this test alone; `terms` writes it anew with other settings."""
    shutil.copytree(filled, hub.folder, dirs_exist_ok=True)

    def terms(given=TERMS, mail="", public="https://hub.example.org"):
        hub.hub_yaml(
            more="language: nl\nservice_desk: {phone: '088 123 4567'}\n"
            f"people: {{mail_domains: [werk.example.org], invitations: {{{given}}}}}\n{mail}"
        )
        text = hub.config.read_text()
        where = f", public_url: '{public}'" if public else ""
        hub.config.write_text(text.replace("port: 8090", f"port: 8090{where}"))
        return hub

    terms()
    hub.terms = terms
    return hub


def good(shop):
    """Invitations as they stand: by whom, how."""
    shown = shop("people", "invitations", "list", "--all", "--json").json
    return sorted((row["name"], row["by"], row["state"]) for row in shown)


def test_one_code_is_shown_once_and_nowhere_else(shop):
    found = shop("people", "invite", "noor", "--days", "3")
    assert found.code == 0
    [code] = re.findall(CODE, found.out)
    assert "https://hub.example.org/welcome" in found.out
    shown = shop("people", "show", "noor").out
    assert "Invited" in shown
    assert "(shown)" in shown
    assert "good" in shown
    everything = [
        shop(*words).out + shop(*words).err
        for words in (
            ("people", "show", "noor", "--json"),
            ("people", "history", "noor", "--json"),
            ("people", "export", "noor"),
            ("people", "invitations", "list", "--json"),
            ("audit", "search", "--json"),
            ("status", "--json"),
        )
    ]
    plain = code.replace("-", "")
    for text in [*everything, shop.store.read_bytes().decode("latin-1")]:
        assert code not in text
        assert plain not in text
    assert "people invite" in everything[4]


def test_a_new_code_ends_the_old_and_revoke_ends_it_for_good(shop):
    first = shop("people", "invite", "noor", "--json").json
    assert re.fullmatch(CODE, first["invited"][0]["code"])
    assert first["at"] == "https://hub.example.org/welcome"
    shop("people", "invite", "noor")
    assert [state for _, _, state in good(shop)] == ["open", "replaced"]
    assert "good for nothing" in shop("people", "invitations", "revoke", "noor").out
    assert [state for _, _, state in good(shop)] == ["replaced", "revoked"]
    again = shop("people", "invitations", "revoke", "noor")
    assert again.code == 1
    assert "no code that is good" in again.err


REFUSED = [
    ((), "Name one PERSON"),
    (("noor", "--instance", "hr"), "Name one PERSON"),
    (("noor", "--mail", "--paper", "x.pdf"), "one of"),
    (("--without-login",), "Of many add"),
    (("--instance", "nowhere", "--preview"), "No instance is called"),
    (("noor", "--mail"), "names no mail server"),
    (("noor", "--paper", "code.doc"), "must end in .pdf or .html"),
    (("emma",), "has no employee number"),
    (("nobody",), "Nobody is called"),
]


def test_what_cannot_be_asked_is_said(shop):
    for words, said in REFUSED:
        found = shop("people", "invite", *words)
        assert found.code != 0
        assert said in " ".join((found.err + found.out).replace("│", " ").split())
    assert shop("people", "invitations", "list", "--json").json == []


def test_without_settings_there_are_no_codes(hub):
    found = hub("people", "invite", "noor")
    assert found.code == 78
    assert "people: {invitations: {then: device}}" in found.err


def test_paper_needs_the_address_of_the_hub(shop):
    shop.terms(public="")
    found = shop("people", "invite", "noor", "--paper", "x.pdf")
    assert (found.code, "web.public_url" in found.err) == (78, True)


def test_a_preview_changes_nothing(shop):
    found = shop("people", "invite", "--without-login", "--preview", "--json").json
    assert [one["name"] for one in found["would_invite"]] == ["Noor van den Berg", "Şirin Çelik"]
    assert [(one["name"], one["reason"]) for one in found["left_out"]] == [
        ("Emma Bakker", "number")
    ]
    told = shop("people", "invite", "--instance", "hr", "--preview")
    assert "Would get a code: 2; nothing was changed." in told.out
    assert "Emma Bakker has no employee number" in told.err
    assert good(shop) == []


@pytest.mark.parametrize("kind", ["pdf", "html"])
def test_a_whole_shop_on_paper(shop, tmp_path, kind):
    path = tmp_path / f"codes.{kind}"
    words = ("people", "invite", "--instance", "hr", "--paper", str(path))
    found = shop(*words)
    assert found.code == 0
    assert "Codes in" in found.out
    assert re.search(CODE, found.out) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.part")) == []
    assert good(shop) == [
        ("Noor van den Berg", "paper", "open"), ("Şirin Çelik", "paper", "open")
    ]  # fmt: skip
    [until] = {row["until"][:10] for row in shop("people", "invitations", "list", "--json").json}
    assert until == str((datetime.now(UTC) + timedelta(days=90)).date())
    content = path.read_bytes()
    assert content.startswith(b"%PDF-" if kind == "pdf" else b"<!doctype html>")
    assert (content.count(b"/Type /Page\n") if kind == "pdf" else content.count(b"<h1>")) == 2
    again = shop(*words)
    assert (again.code, "is there already" in again.err) == (1, True)
    assert path.read_bytes() == content
    rest = shop(*words[:-1], str(tmp_path / f"more.{kind}"), "--json").json
    assert (rest["invited"], [one["reason"] for one in rest["left_out"]]) == (
        [], ["number", "open", "open"]
    )  # fmt: skip
    assert not (tmp_path / f"more.{kind}").exists()


def test_a_file_that_cannot_be_written_stores_nothing(shop, tmp_path):
    found = shop("people", "invite", "noor", "--paper", str(tmp_path / "gone" / "code.pdf"))
    assert (found.code, "can't be written" in found.err) == (1, True)
    assert good(shop) == []


@pytest.fixture
def mailing(shop, mail_sink):
    """The same with a mail server."""
    sink = mail_sink()
    mail = (
        f"mail: {{host: 127.0.0.1, port: {sink.port}, security: none, sender: hub@example.org}}\n"
    )
    shop.terms(mail=mail)
    return sink


def test_codes_by_mail(shop, mailing):
    found = shop("people", "invite", "--without-login", "--mail", "--json")
    assert found.code == 0
    assert [one["address"] for one in found.json["invited"]] == [
        "noor@thuis.example", "sirin@thuis.example",
    ]  # fmt: skip
    codes = set()
    for message in mailing.messages:
        text = message.get_content()
        [shown] = re.findall(rf"^    ({CODE})\r?$", text, re.MULTILINE)
        assert f"https://hub.example.org/welcome#{shown}" in text
        assert "personeelsnummer" in text
        assert "088 123 4567" in text
        codes.add(shown)
        assert shown not in found.out
    assert len(codes) == 2
    assert mailing.messages[0]["Subject"] == "Je code voor Gemeente Voorbeeld"
    rows = shop("people", "invitations", "list", "--json").json
    assert all(row["sent_at"] for row in rows)


def test_a_code_that_could_not_be_mailed_is_taken_back(shop, mailing):
    mailing.refuse["noor@thuis.example"] = "550 no such user"
    found = shop("people", "invite", "--without-login", "--mail", "--language", "en", "--json")
    assert found.code == 1
    assert [one["name"] for one in found.json["failed"]] == ["Noor van den Berg"]
    assert "does not take mail" in found.json["failed"][0]["reason"]
    assert good(shop) == [
        ("Noor van den Berg", "mail", "revoked"), ("Şirin Çelik", "mail", "open")
    ]  # fmt: skip
    assert mailing.messages[0]["Subject"] == "Your code for Gemeente Voorbeeld"


def test_a_server_that_is_down_stops_it_before_it_begins(shop, mailing):
    shop("people", "invite", "noor")
    mailing.close()
    mailing.close = lambda: None
    found = shop("people", "invite", "noor", "--mail")
    assert (found.code, "can't be reached" in found.err) == (75, True)
    assert good(shop) == [("Noor van den Berg", "shown", "open")], "the old one stays good"


def test_an_unknown_outcome_keeps_the_code_good(shop, mailing):
    mailing.mute = True
    found = shop("people", "invite", "noor", "--mail")
    assert found.code == 1
    assert "may have no mail" in found.err
    [row] = shop("people", "invitations", "list", "--json").json
    assert (row["state"], row["sent_at"] is None) == ("open", False)
    left = shop("people", "invite", "--without-login", "--mail", "--preview", "--json").json
    assert ("Noor van den Berg", "open") in [(o["name"], o["reason"]) for o in left["left_out"]]


def test_only_who_may_decide_over_these_people_gives_codes(shop, monkeypatch):
    with shop.config.open("a") as file:
        file.write("administrators: {anna: {}, dirk: {role: viewer}}\n")
    for who, code in (("dirk", 1), ("eve", 1), ("anna", 0)):
        monkeypatch.setenv("LOGNAME", who)
        assert shop("people", "invite", "noor").code == code, who
        assert shop("people", "invitations", "list").code == (1 if who == "eve" else 0)
        assert shop("people", "invitations", "revoke", "noor").code == code, who
    assert [row["by"] for row in shop("people", "invitations", "list", "--json").json] == []


def test_beside_a_running_hub_and_through_its_page(shop, processes, free_port):
    text = shop.config.read_text().replace("port: 8090", f"port: {free_port}")
    shop.config.write_text(text.replace("https://hub.example.org", f"http://127.0.0.1:{free_port}"))
    process = shop.start("run")
    processes.append(process)
    process.until("Next: ")
    [code] = re.findall(CODE, shop("people", "invite", "noor").out)
    assert "One-time codes that nobody used yet: 1." in shop("status").out
    page, form = f"http://127.0.0.1:{free_port}/welcome", {"code": code, "number": "1042"}
    with httpx.Client(trust_env=False, headers={"Sec-Fetch-Site": "same-origin"}) as visitor:
        assert visitor.post(page, data=form | {"number": "7", "go": "yes"}).status_code == 403
        done = visitor.post(page, data=form | {"go": "yes"})
        assert (done.status_code, 'href="/me"' in done.text) == (200, True)
        assert visitor.get(page.replace("/welcome", "/me")).status_code == 200
        assert visitor.post(page, data=form | {"go": "yes"}).status_code == 403
    ended = process.end(signal.SIGTERM)
    assert "code_refused" in ended.err
    for one in (code, code.replace("-", ""), "1042"):
        assert one not in ended.out + ended.err
    assert ": used " in shop("people", "show", "noor").out


@pytest.mark.parametrize(("public", "level"), [("https://hub.example.org", "ok"), ("", "warning")])
def test_check_says_where_codes_are_typed(shop, public, level):
    shop.terms(public=public)
    [found] = shop("check", "--offline", "--json").json["findings"]["invitations"]
    assert found["level"] == level
    assert found["what"].endswith("/welcome")
